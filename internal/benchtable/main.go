// Command benchtable passes on what go test prints, and ends with one table of all benchmarks in it: what was measured, and
// the values with their units. It fails where there is none.
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
	var lines []string
	s := bufio.NewScanner(in)
	s.Buffer(nil, 1<<20)
	for s.Scan() {
		_, _ = fmt.Fprintln(out, s.Text())
		if row := rowOf(s.Text()); row != "" {
			lines = append(lines, row)
		}
	}
	if err := s.Err(); err != nil {
		return err
	}
	if len(lines) == 0 {
		return errors.New("nothing was measured")
	}
	w := tabwriter.NewWriter(out, 0, 0, 2, ' ', 0)
	_, _ = fmt.Fprintln(w, "\nmeasure\tvalue")
	for _, l := range lines {
		_, _ = fmt.Fprintln(w, l)
	}
	return w.Flush()
}

var processors = regexp.MustCompile(`-\d+$`)

// rowOf turns "BenchmarkAnswer/rows=100-2  5000  38000 ns/op  0.04 p50-ms" into its cells. The time of an operation is left
// out where something else was measured; of other lines nothing is left.
func rowOf(line string) string {
	fields := strings.Fields(line)
	if len(fields) < 4 || len(fields)%2 != 0 || !strings.HasPrefix(fields[0], "Benchmark") {
		return ""
	}
	cells := []string{strings.TrimPrefix(processors.ReplaceAllString(fields[0], ""), "Benchmark")}
	for i := 2; i < len(fields); i += 2 {
		if value, unit := fields[i], fields[i+1]; unit != "ns/op" || len(fields) == 4 {
			cells = append(cells, value+" "+unit)
		}
	}
	return strings.Join(cells, "\t")
}
