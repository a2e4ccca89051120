package terminal

import (
	"fmt"
	"strconv"

	"github.com/previewset/previewset/internal/config"
)

// Progress tells on standard error how something that takes its time is getting on: on a terminal in one line that is
// written over, elsewhere in a line for each change.
type Progress struct {
	Process *Process
	last    string
}

// Show tells where it is now; note (a time, a count) is for a terminal only, since it always changes.
func (p *Progress) Show(line, note string) {
	line = config.Printable(line)
	if p.Process.ErrTTY {
		_, _ = fmt.Fprintf(p.Process.Err, "\r\x1b[K%s", Truncate(line, max(20, p.width()-len(note)-2))+" "+note)
	} else if line != p.last {
		p.Process.Inform(line)
	}
	p.last = line
}

// Clear leaves the terminal's line to what comes next.
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
