// Command benchtable prints the output of go test, followed by one table of all measurements: the values of each
// benchmark with their units, beside the values of the competitor, and the rows of printed tables. It fails without a
// measurement.
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
	var competitor string // in the printed table
	s := bufio.NewScanner(in)
	s.Buffer(nil, 1<<20)
	for s.Scan() {
		_, _ = fmt.Fprintln(out, s.Text())
		if r, ok := benchmark(s.Text()); ok {
			rows = append(rows, r)
		} else if cells := cellsOf(s.Text()); len(cells) == 4 {
			if cells[0] == "measure" {
				competitor = cells[1]
			} else if cells[0] != "---" {
				rows = append(rows, row{cells[0], withName(cells[1], competitor), cells[2], cells[3]})
			}
		}
	}
	if err := s.Err(); err != nil {
		return err
	}
	if len(rows) == 0 {
		return errors.New("no measurement")
	}
	return write(out, rows)
}

// row is one measurement, with the values of the competitor (theirs) and of PreviewSet (ours).
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

// benchmark parses a line such as "BenchmarkAnswer/rows=100-2  5000  38000 ns/op  0.04 p50-ms  0.03 bare-p50-ms 1.3
// x-bare". The unit x-bare names the competitor, "bare"; units that begin with its name are its values. ns/op is left
// out if there are other values. A benchmark that ran once without other values has printed its own table.
func benchmark(line string) (row, bool) {
	fields := strings.Fields(line)
	isBenchmark := len(fields) >= 4 && len(fields)%2 == 0 && strings.HasPrefix(fields[0], "Benchmark")
	if !isBenchmark || (len(fields) == 4 && fields[1] == "1") {
		return row{}, false
	}
	r := row{measure: strings.TrimPrefix(processors.ReplaceAllString(fields[0], ""), "Benchmark")}
	var ours, theirs []string
	_, competitor, _ := strings.Cut(line, " x-")
	competitor, _, _ = strings.Cut(competitor, " ")
	for i := 2; i < len(fields); i += 2 {
		value, unit := fields[i], fields[i+1]
		theirUnit, isTheirs := strings.CutPrefix(unit, competitor+"-")
		switch {
		case unit == "x-"+competitor:
			r.ratio = value
		case competitor != "" && isTheirs:
			theirs = append(theirs, value+" "+theirUnit)
		case unit != "ns/op" || len(fields) == 4:
			ours = append(ours, value+" "+unit)
		}
	}
	r.ours, r.theirs = strings.Join(ours, ", "), withName(strings.Join(theirs, ", "), competitor)
	return r, true
}

func withName(values, name string) string {
	if values == "" {
		return ""
	}
	return name + ": " + values
}

// cellsOf returns the cells of a line of a Markdown table.
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
