// Package figures prints the table of a benchmark: PreviewSet's figures beside the figures of the alternative.
package figures

import (
	"fmt"
	"io"
	"strings"
	"text/tabwriter"
)

// Figure is one row of the table. An empty cell has no figure, because the alternative lacks that function.
type Figure struct{ Measure, Theirs, Ours, Ratio string }

// Write writes the table. theirs is the name of the alternative.
func Write(w io.Writer, theirs string, rows []Figure) {
	t := tabwriter.NewWriter(w, 0, 0, 1, ' ', 0)
	_, _ = fmt.Fprintf(t, "\n| measure\t| %s\t| PreviewSet\t| ratio\t|\n", theirs)
	_, _ = fmt.Fprintln(t, "| ---\t| ---\t| ---\t| ---\t|")
	for _, r := range rows {
		_, _ = fmt.Fprintf(t, "| %s\t|\n", strings.Join([]string{r.Measure, r.Theirs, r.Ours, r.Ratio}, "\t| "))
	}
	_ = t.Flush()
}
