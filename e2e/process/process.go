// Package process runs the programs of a test stand. Each has its own process group and writes its output into a file.
// All end together, and none is left behind.
//
// It doesn't know the programs.
package process

import (
	"errors"
	"fmt"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"sync"
	"sync/atomic"
	"syscall"
	"time"
)

// LazyGC is an environment variable for servers written in Go: they use more memory and less time for collecting
// garbage.
const LazyGC = "GOGC=400"

// Command is a program to run.
type Command struct {
	Name string // also the name of the log file
	Path string
	Args []string
	Env  []string // added to PATH and HOME; other variables aren't inherited
	Dir  string
	// Stdin is used by Output only.
	Stdin io.Reader
}

// Group is a group of processes that end together.
type Group struct {
	logs     string
	mu       sync.Mutex
	all      []*Process
	isClosed bool
}

// NewGroup returns a group. Its processes write their logs into the folder.
func NewGroup(logs string) *Group { return &Group{logs: logs} }

// Process is a started process.
type Process struct {
	name   string
	log    string
	cmd    *exec.Cmd
	ended  chan struct{}
	wanted atomic.Bool
}

// Start runs a command in the group. A closed group starts nothing.
func (g *Group) Start(c Command) (*Process, error) {
	g.mu.Lock()
	defer g.mu.Unlock()
	if g.isClosed {
		return nil, fmt.Errorf("start %s: the group is closed", c.Name)
	}
	p, err := g.start(c)
	if err != nil {
		return nil, fmt.Errorf("start %s: %w", c.Name, err)
	}
	g.all = append(g.all, p)
	return p, nil
}

func (g *Group) start(c Command) (*Process, error) {
	log := filepath.Join(g.logs, c.Name+".log")
	out, err := os.OpenFile(log, os.O_CREATE|os.O_APPEND|os.O_WRONLY, 0o600)
	if err != nil {
		return nil, err
	}
	defer func() { _ = out.Close() }() // the child has its own
	// Not CommandContext: a process ends only when the group or a story ends it, never because a context ended.
	cmd := exec.Command(c.Path, c.Args...) //nolint:noctx // see above
	cmd.Env = append([]string{"PATH=" + os.Getenv("PATH"), "HOME=" + g.logs}, c.Env...)
	cmd.Dir, cmd.Stdout, cmd.Stderr, cmd.SysProcAttr = c.Dir, out, out, ownGroup()
	if err := cmd.Start(); err != nil {
		return nil, err
	}
	p := &Process{name: c.Name, log: log, cmd: cmd, ended: make(chan struct{})}
	go p.wait()
	return p, nil
}

func (p *Process) wait() {
	_ = p.cmd.Wait() // its error is in the state too
	close(p.ended)
}

// Stop sends the process SIGTERM, as Kubernetes does, and kills it after the grace period.
func (p *Process) Stop(grace time.Duration) {
	p.wanted.Store(true)
	p.signal(syscall.SIGTERM)
	select {
	case <-p.ended:
	case <-time.After(grace):
	}
	p.Kill()
}

// Kill ends the process and its children at once.
func (p *Process) Kill() {
	p.wanted.Store(true)
	p.signal(syscall.SIGKILL)
	<-p.ended
}

// signal sends a signal to the process's whole group. It does nothing after the process has ended, because another
// process may have its number then.
func (p *Process) signal(s syscall.Signal) {
	select {
	case <-p.ended:
	default:
		_ = syscall.Kill(-p.cmd.Process.Pid, s)
	}
}

// Ended returns an error if the process ended by itself.
func (p *Process) Ended() error {
	select {
	case <-p.ended:
	default:
		return nil
	}
	if p.wanted.Load() {
		return nil
	}
	return fmt.Errorf("%s ended by itself: %s\n%s", p.name, p.cmd.ProcessState, p.Tail(20))
}

// Tail returns the last lines of the log.
func (p *Process) Tail(lines int) string {
	all, err := p.lines()
	if err != nil {
		return err.Error()
	}
	return strings.Join(all[max(0, len(all)-lines):], "\n")
}

// complaints returns the last lines of the log that report a problem, in the formats of klog, zap and logrus.
func (p *Process) complaints(lines int) []string {
	all, err := p.lines()
	if err != nil {
		return []string{err.Error()}
	}
	all = slices.DeleteFunc(all, func(line string) bool { return !complaint.MatchString(line) })
	return all[max(0, len(all)-lines):]
}

var complaint = regexp.MustCompile(
	`^[EF][0-9]{4} |(?i)\blevel"?[=:]"?(error|fatal|panic|warn)|panic:|goroutine \d+ \[running`,
)

// lines reads the log. Long lines are cut.
func (p *Process) lines() ([]string, error) {
	content, err := os.ReadFile(p.log)
	if err != nil {
		return nil, err
	}
	all := strings.Split(strings.TrimRight(string(content), "\n"), "\n")
	for i, line := range all {
		all[i] = line[:min(len(line), 500)]
	}
	return all, nil
}

// Log returns the whole log. Earlier processes of the same name have written into it too.
func (p *Process) Log() (string, error) {
	content, err := os.ReadFile(p.log)
	return string(content), err
}

// Ended returns an error for each process that ended by itself.
func (g *Group) Ended() error {
	var errs []error
	for _, p := range g.processes() {
		errs = append(errs, p.Ended())
	}
	return errors.Join(errs...)
}

// WriteLogs writes the last lines of each log, and before them the last lines that report a problem.
func (g *Group) WriteLogs(w io.Writer, lines int) {
	shown := map[string]bool{}
	for _, p := range g.processes() {
		if !shown[p.log] {
			problems := p.complaints(lines)
			_, _ = fmt.Fprintf(w, "\n==> %s: its last problems\n%s\n", p.name, strings.Join(problems, "\n"))
			_, _ = fmt.Fprintf(w, "==> %s: its last lines\n%s\n", p.name, p.Tail(lines))
		}
		shown[p.log] = true
	}
}

// Close kills all running processes. The last started one is killed first.
func (g *Group) Close() {
	g.mu.Lock()
	g.isClosed = true
	g.mu.Unlock()
	for _, p := range slices.Backward(g.processes()) {
		p.Kill()
	}
}

func (g *Group) processes() []*Process {
	g.mu.Lock()
	defer g.mu.Unlock()
	return slices.Clone(g.all)
}
