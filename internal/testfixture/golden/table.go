package golden

import (
	"flag"
	"maps"
	"slices"
	"strings"
	"sync"
	"testing"
)

// Table compares the lines of many cases with one file. A case is a line with its name, then its indented lines.
type Table struct {
	mutex sync.Mutex
	cases map[string][]string
}

// NewTable returns a table that is compared with the file name when t and its subtests end. A run of selected subtests
// (go test -run Test/case) has no whole table, and compares nothing.
func NewTable(t *testing.T, name string) *Table {
	t.Helper()
	table := &Table{cases: map[string][]string{}}
	t.Cleanup(func() {
		if selected := flag.Lookup("test.run").Value.String(); !t.Failed() && !strings.Contains(selected, "/") {
			Compare(t, name, table.text())
		}
	})
	return table
}

// Add adds the lines of a case. The cases of a table have different names.
func (c *Table) Add(name string, lines []string) {
	c.mutex.Lock()
	defer c.mutex.Unlock()
	c.cases[name] = lines
}

func (c *Table) text() []byte {
	var b strings.Builder
	for _, name := range slices.Sorted(maps.Keys(c.cases)) {
		b.WriteString(name + "\n")
		for _, line := range c.cases[name] {
			b.WriteString("  " + line + "\n")
		}
	}
	return []byte(b.String())
}
