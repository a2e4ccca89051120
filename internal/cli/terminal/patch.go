package terminal

import "strings"

// PrintPatch writes a diff to standard output, with hidden characters escaped.
func (p *Process) PrintPatch(patch string) {
	for line := range strings.Lines(patch) {
		line = strings.TrimSuffix(line, "\n")
		if HasHidden(line) {
			line = EscapeHidden(line)
		}
		switch {
		case strings.HasPrefix(line, "+") && !strings.HasPrefix(line, "+++ "):
			line = p.Colour(Green, line)
		case strings.HasPrefix(line, "-") && !strings.HasPrefix(line, "--- "):
			line = p.Colour(Red, line)
		}
		p.Answerf("%s", line)
	}
}
