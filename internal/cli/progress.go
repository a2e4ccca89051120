package cli

import (
	"fmt"
	"strconv"

	"github.com/previewset/previewset/internal/preview"
)

// progress tells on standard error how something that takes its time is getting on: on a terminal in one line that is
// written over, elsewhere in a line for each change.
type progress struct {
	env  *process
	last string
}

// show tells where it is now; note (a time, a count) is for a terminal only, since it always changes.
func (p *progress) show(line, note string) {
	line = preview.Printable(line)
	if p.env.ErrTTY {
		_, _ = fmt.Fprintf(p.env.Err, "\r\x1b[K%s", cut(line, max(20, p.width()-len(note)-2))+" "+note)
	} else if line != p.last {
		p.env.tell(line)
	}
	p.last = line
}

// done leaves the terminal's line to what comes next.
func (p *progress) done() {
	if p.env.ErrTTY && p.last != "" {
		_, _ = fmt.Fprint(p.env.Err, "\r\x1b[K")
	}
}

func (p *progress) width() int {
	if n, err := strconv.Atoi(p.env.Getenv("COLUMNS")); err == nil && n > 0 {
		return n
	}
	return 80
}
