// Package terminal gives the commands their streams, environment variables and clock.
//
// It knows whether a person reads a stream, and keeps text from controlling the terminal. It knows no command.
package terminal

import (
	"fmt"
	"io"
	"os"
	"time"

	"github.com/mattn/go-isatty"

	"github.com/previewset/previewset/internal/config"
)

// Process is everything that commands know about their process.
type Process struct {
	In       io.Reader
	Out, Err io.Writer
	// InTTY, OutTTY and ErrTTY report whether the stream is a terminal.
	InTTY, OutTTY, ErrTTY bool
	// Getenv reads an environment variable.
	Getenv func(string) string
	// Now is the clock.
	Now func() time.Time
}

// New returns the process that the program runs in.
func New() *Process {
	return &Process{
		In: os.Stdin, Out: os.Stdout, Err: os.Stderr, Getenv: os.Getenv, Now: time.Now,
		InTTY:  isatty.IsTerminal(os.Stdin.Fd()),
		OutTTY: isatty.IsTerminal(os.Stdout.Fd()),
		ErrTTY: isatty.IsTerminal(os.Stderr.Fd()),
	}
}

// Colours, as ANSI codes.
const (
	Green  = "32"
	Yellow = "33"
	Red    = "31"
)

// Colour colours text if standard output is a terminal that shows colours and NO_COLOR is unset.
func (p *Process) Colour(code, text string) string {
	if !p.OutTTY || p.Getenv("NO_COLOR") != "" || p.Getenv("TERM") == "dumb" {
		return text
	}
	return "\x1b[" + code + "m" + text + "\x1b[0m"
}

// Answerf writes a line of the answer to standard output. It ignores errors: a closed pipe ends no command.
func (p *Process) Answerf(format string, args ...any) {
	_, _ = fmt.Fprintf(p.Out, format+"\n", args...)
}

// Inform writes a line for a person to standard error.
func (p *Process) Inform(line string) { _, _ = fmt.Fprintln(p.Err, line) }

// Notef writes a note for a person to standard error, without hidden characters.
func (p *Process) Notef(format string, args ...any) {
	p.Inform("note: " + config.Printable(fmt.Sprintf(format, args...)))
}

// FlagOrEnv returns the value of a flag, or else of an environment variable.
func (p *Process) FlagOrEnv(flag, variable string) string {
	if flag != "" {
		return flag
	}
	return p.Getenv(variable)
}

// EndTimeout is how long a child process may take to end after a signal.
const EndTimeout = 10 * time.Second
