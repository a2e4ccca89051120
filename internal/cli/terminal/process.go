// Package terminal gives the commands their streams, environment variables and clock, and writes for people and programs.
//
// It knows whether a person reads a stream, and keeps text from steering the terminal. It knows no command.
package terminal

import (
	"fmt"
	"io"
	"os"
	"time"

	"github.com/mattn/go-isatty"
)

// Process is all that commands know of the process: its streams, whether a person is at them, and its environment.
type Process struct {
	In       io.Reader
	Out, Err io.Writer
	// InTTY, OutTTY and ErrTTY say that a person types and reads there.
	InTTY, OutTTY, ErrTTY bool
	// Getenv reads an environment variable.
	Getenv func(string) string
	// Now is the clock.
	Now func() time.Time
}

func New() *Process {
	return &Process{
		In: os.Stdin, Out: os.Stdout, Err: os.Stderr, Getenv: os.Getenv, Now: time.Now,
		InTTY:  isatty.IsTerminal(os.Stdin.Fd()),
		OutTTY: isatty.IsTerminal(os.Stdout.Fd()),
		ErrTTY: isatty.IsTerminal(os.Stderr.Fd()),
	}
}

// Colour wraps text for a person's terminal; anywhere else, and where NO_COLOR is set, it is left as it is.
func (p *Process) Colour(code, text string) string {
	if !p.OutTTY || p.Getenv("NO_COLOR") != "" || p.Getenv("TERM") == "dumb" {
		return text
	}
	return "\x1b[" + code + "m" + text + "\x1b[0m"
}

const (
	Green  = "32"
	Yellow = "33"
	Red    = "31"
)

// Answerf prints a line of the answer, tell one of the conversation. Who doesn't listen any more misses it.
func (p *Process) Answerf(format string, args ...any) {
	_, _ = fmt.Fprintf(p.Out, format+"\n", args...)
}

func (p *Process) Inform(line string) { _, _ = fmt.Fprintln(p.Err, line) }

// FlagOrEnv is the first of a flag's and a variable's value that is set.
func (p *Process) FlagOrEnv(flag, variable string) string {
	if flag != "" {
		return flag
	}
	return p.Getenv(variable)
}
