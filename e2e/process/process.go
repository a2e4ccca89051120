// Package process runs the programs of a test stand: each in a process group of its own with its output in a file, all of
// them ended together and none left behind.
//
// It must not know what the programs are.
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

// Command says what to run.
type Command struct {
	Name string // of the log file too
	Path string
	Args []string
	Env  []string // besides PATH and HOME, nothing is inherited
	Dir  string
	// Stdin is for Output only.
	Stdin io.Reader
}

// Group is processes that end together.
type Group struct {
	logs string
	mu   sync.Mutex
	all  []*Process
}

// NewGroup returns a group whose processes log into the folder.
func NewGroup(logs string) *Group { return &Group{logs: logs} }

// Process is one that was started.
type Process struct {
	name   string
	log    string
	cmd    *exec.Cmd
	ended  chan struct{}
	wanted atomic.Bool
}

// Start runs a command in the group.
func (g *Group) Start(c Command) (*Process, error) {
	p, err := g.start(c)
	if err != nil {
		return nil, fmt.Errorf("start %s: %w", c.Name, err)
	}
	g.mu.Lock()
	defer g.mu.Unlock()
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
	// Not CommandContext: a process ends when the group or a story says so, never because some context did.
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
	_ = p.cmd.Wait() // the state says it
	close(p.ended)
}

// Stop asks the process to end, as Kubernetes does, and kills it if it doesn't within the grace period.
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

// signal reaches the process's whole group, unless it ended: the number may be somebody else's by then.
func (p *Process) signal(s syscall.Signal) {
	select {
	case <-p.ended:
	default:
		_ = syscall.Kill(-p.cmd.Process.Pid, s)
	}
}

// Ended returns an error if the process ended without having been told to.
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

// Tail returns the last lines of what the process wrote.
func (p *Process) Tail(lines int) string {
	all, err := p.lines()
	if err != nil {
		return err.Error()
	}
	return strings.Join(all[max(0, len(all)-lines):], "\n")
}

// complaints returns the last lines that tell of a problem, in the formats of klog, zap and logrus.
func (p *Process) complaints(lines int) []string {
	all, err := p.lines()
	if err != nil {
		return []string{err.Error()}
	}
	all = slices.DeleteFunc(all, func(line string) bool { return !complaint.MatchString(line) })
	return all[max(0, len(all)-lines):]
}

var complaint = regexp.MustCompile(`^[EF][0-9]{4} |(?i)\blevel"?[=:]"?(error|fatal|panic|warn)|panic:|goroutine \d+ \[running`)

// lines reads the log, with each line cut to what somebody would read of it.
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

// Log returns all that the process and its predecessors of the same name wrote.
func (p *Process) Log() (string, error) {
	content, err := os.ReadFile(p.log)
	return string(content), err
}

// Ended returns which processes ended without having been told to.
func (g *Group) Ended() error {
	var errs []error
	for _, p := range g.processes() {
		errs = append(errs, p.Ended())
	}
	return errors.Join(errs...)
}

// WriteLogs shows of each log the last lines, and before them those that tell of a problem.
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

// Close kills what still runs, the last started first.
func (g *Group) Close() {
	for _, p := range slices.Backward(g.processes()) {
		p.Kill()
	}
}

func (g *Group) processes() []*Process {
	g.mu.Lock()
	defer g.mu.Unlock()
	return slices.Clone(g.all)
}
