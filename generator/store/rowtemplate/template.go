package rowtemplate

import (
	"iter"
	"strings"
)

// template is the JSON of an environment, with marks in place of its own values.
type template struct {
	key      string // the versions of its parts
	parts    []*part
	version  uint64
	position int // in the saved document
	used     bool
}

// part is a text that templates share.
type part struct {
	text      string
	version   uint64
	position  int // in the saved document
	templates int // that contain it
}

// A part begins with a patch, a component or the list of links. None of these texts can occur inside a JSON string.
const (
	beginsPatch     = `{"patch":`
	beginsComponent = `"../`
	beginsLinks     = `"links":[`
)

// splitParts cuts a text where patches, components and links begin: with hundreds of services they are most of the
// text.
func splitParts(text string) iter.Seq[string] {
	return func(yield func(string) bool) {
		for text != "" {
			end := len(text)
			for _, begin := range []string{beginsPatch, beginsComponent, beginsLinks} {
				if i := strings.Index(text[1:end], begin); i >= 0 {
					end = i + 1
				}
			}
			if !yield(text[:end]) {
				return
			}
			text = text[end:]
		}
	}
}

// runs are the positions of a template's parts.
func (t *template) runs() []run {
	var runs []run
	for _, p := range t.parts {
		if n := len(runs); n > 0 && runs[n-1][0]+runs[n-1][1] == p.position {
			runs[n-1][1]++
		} else {
			runs = append(runs, run{p.position, 1})
		}
	}
	return runs
}
