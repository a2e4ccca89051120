package terminal

import (
	"fmt"
	"strconv"

	"github.com/previewset/previewset/internal/config"
)

// Progress reports on standard error how long work proceeds: a terminal has one line, which is overwritten;
// a file gets a line for each change.
type Progress struct {
	Process *Process
	last    string
}

// Show reports the current state. Only a terminal shows the note, such as a time that always changes.
func (p *Progress) Show(line, note string) {
	line = config.Printable(line)
	if p.Process.ErrTTY {
		_, _ = fmt.Fprintf(p.Process.Err, "\r\x1b[K%s %s", Truncate(line, max(20, p.width()-len(note)-2)), note)
	} else if line != p.last {
		p.Process.Inform(line)
	}
	p.last = line
}

// Clear removes the terminal's line.
func (p *Progress) Clear() {
	if p.Process.ErrTTY && p.last != "" {
		_, _ = fmt.Fprint(p.Process.Err, "\r\x1b[K")
	}
}

func (p *Progress) width() int {
	if n, err := strconv.Atoi(p.Process.Getenv("COLUMNS")); err == nil && n > 0 {
		return n
	}
	return 80
}
