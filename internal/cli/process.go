package cli

import (
	"fmt"
	"io"
	"os"
	"strings"
	"sync"
	"time"

	"github.com/mattn/go-isatty"
)

// process is all that commands know of the process: its streams, whether a person is at them, and its environment.
type process struct {
	In       io.Reader
	Out, Err io.Writer
	// InTTY, OutTTY and ErrTTY say that a person types and reads there.
	InTTY, OutTTY, ErrTTY bool
	// Getenv reads an environment variable.
	Getenv func(string) string
	// Now is the clock.
	Now func() time.Time
}

func thisProcess() *process {
	return &process{
		In: os.Stdin, Out: os.Stdout, Err: os.Stderr, Getenv: os.Getenv, Now: time.Now,
		InTTY:  isatty.IsTerminal(os.Stdin.Fd()),
		OutTTY: isatty.IsTerminal(os.Stdout.Fd()),
		ErrTTY: isatty.IsTerminal(os.Stderr.Fd()),
	}
}

// colour wraps text for a person's terminal; anywhere else, and where NO_COLOR is set, it is left as it is.
func (p *process) colour(code, text string) string {
	if !p.OutTTY || p.Getenv("NO_COLOR") != "" || p.Getenv("TERM") == "dumb" {
		return text
	}
	return "\x1b[" + code + "m" + text + "\x1b[0m"
}

const (
	green  = "32"
	yellow = "33"
	red    = "31"
)

// say prints a line of the answer, tell one of the conversation. Who doesn't listen any more misses it.
func (p *process) say(format string, args ...any) { _, _ = fmt.Fprintf(p.Out, format+"\n", args...) }

func (p *process) tell(line string) { _, _ = fmt.Fprintln(p.Err, line) }

// or is the first of a flag's and a variable's value that is set.
func (p *process) or(flag, variable string) string {
	if flag != "" {
		return flag
	}
	return p.Getenv(variable)
}

// patienceAfter is how long a command works before it says that it does.
const patienceAfter = time.Second

// What takes its time.
const (
	slowService    = "the service takes its time"
	slowBuilds     = "environments are being built"
	slowRepository = "the GitOps repository takes its time"
)

// patience tells a person that something goes on, once it has taken a while. What it returns ends that.
func (p *process) patience(what string) (stop func()) {
	var mu sync.Mutex
	stopped := false
	t := time.AfterFunc(patienceAfter, func() {
		mu.Lock()
		defer mu.Unlock()
		if !stopped {
			p.tell("… " + what)
		}
	})
	return func() {
		t.Stop()
		mu.Lock()
		defer mu.Unlock()
		stopped = true
	}
}

// printPatch shows a difference, a line of it at a time, so that nothing in it can steer the terminal.
func (p *process) printPatch(patch string) {
	for line := range strings.Lines(patch) {
		line = strings.TrimSuffix(line, "\n")
		if hides(line) {
			line = escaped(line)
		}
		switch {
		case strings.HasPrefix(line, "+") && !strings.HasPrefix(line, "+++ "):
			line = p.colour(green, line)
		case strings.HasPrefix(line, "-") && !strings.HasPrefix(line, "--- "):
			line = p.colour(red, line)
		}
		p.say("%s", line)
	}
}
