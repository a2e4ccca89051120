package output

import (
	"fmt"
	"io"
	"slices"
	"strings"
	"text/tabwriter"

	"github.com/previewset/previewset/internal/config"
)

// Table is what a list prints: aligned with a header for a person, tab-separated without one for a program.
type Table struct {
	Header []string
	Rows   [][]string
}

func (t *Table) Add(cells ...string) { t.Rows = append(t.Rows, cells) }

func (t *Table) Write(w io.Writer, aligned bool) error {
	if !aligned {
		return t.writeTabs(w)
	}
	tw := tabwriter.NewWriter(w, 0, 0, 2, ' ', 0)
	for _, row := range slices.Concat([][]string{t.Header}, t.Rows) {
		if _, err := fmt.Fprintln(tw, strings.Join(printable(row, "-"), "\t")); err != nil {
			return err
		}
	}
	return tw.Flush()
}

func (t *Table) writeTabs(w io.Writer) error {
	for _, row := range t.Rows {
		if _, err := fmt.Fprintln(w, strings.Join(printable(row, ""), "\t")); err != nil {
			return err
		}
	}
	return nil
}

func printable(cells []string, empty string) []string {
	clean := make([]string, len(cells))
	for i, c := range cells {
		if clean[i] = config.Printable(c); clean[i] == "" {
			clean[i] = empty
		}
	}
	return clean
}
