package terminal

import (
	"strings"
)

// PrintPatch shows a difference, a line of it at a time, so that nothing in it can steer the terminal.
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
