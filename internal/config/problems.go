package config

import (
	"fmt"
	"strings"
)

// Problem is one mistake in a file, with its remedy.
type Problem struct {
	File    string `json:"file"`
	Line    int    `json:"line"` // 1-based; 0 where there is none
	Path    string `json:"path"` // services.gateway.calls
	Message string `json:"message"`
	Remedy  string `json:"remedy"`
}

// Error prints the problem on one line: file:line: path: message; remedy.
func (p Problem) Error() string {
	var b strings.Builder
	b.WriteString(p.File)
	if p.Line > 0 {
		fmt.Fprintf(&b, ":%d", p.Line)
	}
	if p.Path != "" {
		b.WriteString(": " + p.Path)
	}
	b.WriteString(": " + p.Message)
	if p.Remedy != "" {
		b.WriteString("; " + p.Remedy)
	}
	return Printable(b.String())
}

// Problems are all mistakes of a file as one error.
type Problems []Problem

// Error prints one problem a line.
func (ps Problems) Error() string {
	lines := make([]string, len(ps))
	for i, p := range ps {
		lines[i] = p.Error()
	}
	return strings.Join(lines, "\n")
}

// Err returns the problems as an error, nil without problems. A nil Problems in an error interface would not be nil.
func (ps Problems) Err() error {
	if len(ps) == 0 {
		return nil
	}
	return ps
}

// Unused is a setting without an effect.
type Unused struct {
	// Place is the file, with line and path where they are known.
	Place string
	// Reason is why it has no effect, and what to do.
	Reason string
}

// String returns both in one line.
func (u Unused) String() string { return u.Place + ": " + u.Reason }
