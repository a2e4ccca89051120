// Command benchtable passes on what go test prints, and ends with one table of everything in it that was measured:
// each benchmark's values with their units, beside those of what it is compared with, and the rows of tables that
// were printed. It fails where there is none.
package main

import (
	"bufio"
	"errors"
	"fmt"
	"io"
	"os"
	"regexp"
	"strings"
	"text/tabwriter"
)

func main() {
	if err := run(os.Stdin, os.Stdout); err != nil {
		fmt.Fprintln(os.Stderr, "benchtable:", err)
		os.Exit(1)
	}
}

func run(in io.Reader, out io.Writer) error {
	var rows []row
	var other string // who is compared in the printed table
	s := bufio.NewScanner(in)
	s.Buffer(nil, 1<<20)
	for s.Scan() {
		_, _ = fmt.Fprintln(out, s.Text())
		if r, ok := benchmark(s.Text()); ok {
			rows = append(rows, r)
		} else if cells := cellsOf(s.Text()); len(cells) == 4 {
			if cells[0] == "measure" {
				other = cells[1]
			} else if cells[0] != "---" {
				rows = append(rows, row{cells[0], by(cells[1], other), cells[2], cells[3]})
			}
		}
	}
	if err := s.Err(); err != nil {
		return err
	}
	if len(rows) == 0 {
		return errors.New("nothing was measured")
	}
	return write(out, rows)
}

// row is what was measured, of whom it is compared with and of PreviewSet.
type row struct{ measure, theirs, ours, ratio string }

func write(out io.Writer, rows []row) error {
	w := tabwriter.NewWriter(out, 0, 0, 1, ' ', 0)
	_, _ = fmt.Fprintln(w, "\n| measure\t| PreviewSet\t| compared with\t| ratio\t|\n| ---\t| ---\t| ---\t| ---\t|")
	for _, r := range rows {
		_, _ = fmt.Fprintf(w, "| %s\t| %s\t| %s\t| %s\t|\n", r.measure, r.ours, r.theirs, r.ratio)
	}
	return w.Flush()
}

var processors = regexp.MustCompile(`-\d+$`)

// benchmark turns "BenchmarkAnswer/rows=100-2  5000  38000 ns/op  0.04 p50-ms  0.03 bare-p50-ms  1.3 x-bare" into a
// row: what begins with the name behind "x-" is that one's. The time of an operation is left out where something else
// was measured; a benchmark that ran once and says nothing else has printed a table of its own.
func benchmark(line string) (row, bool) {
	fields := strings.Fields(line)
	if len(fields) < 4 || len(fields)%2 != 0 || !strings.HasPrefix(fields[0], "Benchmark") || (len(fields) == 4 && fields[1] == "1") {
		return row{}, false
	}
	r := row{measure: strings.TrimPrefix(processors.ReplaceAllString(fields[0], ""), "Benchmark")}
	var ours, theirs []string
	_, other, _ := strings.Cut(line, " x-")
	other, _, _ = strings.Cut(other, " ")
	for i := 2; i < len(fields); i += 2 {
		value, unit := fields[i], fields[i+1]
		its, isTheirs := strings.CutPrefix(unit, other+"-")
		switch {
		case unit == "x-"+other:
			r.ratio = value
		case other != "" && isTheirs:
			theirs = append(theirs, value+" "+its)
		case unit != "ns/op" || len(fields) == 4:
			ours = append(ours, value+" "+unit)
		}
	}
	r.ours, r.theirs = strings.Join(ours, ", "), by(strings.Join(theirs, ", "), other)
	return r, true
}

func by(values, other string) string {
	if values == "" {
		return ""
	}
	return other + ": " + values
}

// cellsOf are those of a line of a Markdown table.
func cellsOf(line string) []string {
	inner, ok := strings.CutPrefix(line, "| ")
	if !ok {
		return nil
	}
	var cells []string
	for cell := range strings.SplitSeq(strings.TrimSuffix(strings.TrimSpace(inner), "|"), "|") {
		cells = append(cells, strings.TrimSpace(cell))
	}
	return cells
}
