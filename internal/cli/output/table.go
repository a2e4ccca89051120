package output

import (
	"fmt"
	"io"
	"slices"
	"strings"
	"text/tabwriter"

	"github.com/previewset/previewset/internal/config"
)

// Table is a list. A person reads it aligned below a header; a program reads lines with tabs and no header.
type Table struct {
	Header []string
	Rows   [][]string
}

// Add adds a row.
func (t *Table) Add(cells ...string) { t.Rows = append(t.Rows, cells) }

// Write writes the table, aligned for a person or with tabs for a program.
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

// WriteFields writes labels and values as indented lines. It omits empty values.
func WriteFields(w io.Writer, fields [][2]string) error {
	tw := tabwriter.NewWriter(w, 0, 0, 2, ' ', 0)
	for _, field := range fields {
		if value := config.Printable(field[1]); value != "" {
			if _, err := fmt.Fprintf(tw, "  %s\t%s\n", field[0], value); err != nil {
				return err
			}
		}
	}
	return tw.Flush()
}
