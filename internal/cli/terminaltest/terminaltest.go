// Package terminaltest makes terminals for tests.
package terminaltest

import (
	"bytes"
	"strings"
	"time"

	"github.com/previewset/previewset/internal/cli/terminal"
)

// New returns a terminal with typed input, its environment variables, and its two outputs.
func New(in string, environ map[string]string) (env *terminal.Process, out, err *bytes.Buffer) {
	out, err = &bytes.Buffer{}, &bytes.Buffer{}
	return &terminal.Process{
		In: strings.NewReader(in), Out: out, Err: err, InTTY: true, OutTTY: true,
		Getenv: func(name string) string { return environ[name] },
		Now:    func() time.Time { return time.Date(2026, 1, 2, 3, 4, 5, 0, time.UTC) },
	}, out, err
}
