package cli

import (
	"errors"
	"os"
	"os/exec"
	"os/signal"
	"path/filepath"
	"strconv"
	"strings"
	"syscall"
	"testing"

	"github.com/rogpeppe/go-internal/testscript"

	"github.com/previewset/previewset/internal/cli/terminal"
)

func TestMain(m *testing.M) {
	testscript.Main(m, map[string]func(){
		"previewctl": func() { os.Exit(Main()) },
		"mcpclient":  func() { os.Exit(callMCPTool(os.Args[1:])) },
	})
}

// TestScripts runs each script in testdata/script with previewctl as a process, in a folder of its own.
func TestScripts(t *testing.T) {
	t.Parallel()
	// A process that ignores SIGHUP, as under nohup, passes that to its children. A handler prevents it.
	signal.Notify(make(chan os.Signal, 1), syscall.SIGHUP)
	testscript.Run(t, testscript.Params{
		Dir: "testdata/script",
		Setup: func(env *testscript.Env) error {
			folder, err := filepath.Abs("../../action")
			env.Setenv("ACTION", folder)
			return err
		},
		Cmds: map[string]func(*testscript.TestScript, bool, []string){
			"exit": exitsWith, "sh": shell, "examples": examples,
			"gitops": gitops, "pushed": pushed, "commits": commits,
			"serve": serve, "serve-status": serveStatus, "service": service,
			"action": action, "release": release,
		},
	})
}

// exitsWith runs a command and checks its exit code: exit 2 previewctl list.
func exitsWith(ts *testscript.TestScript, neg bool, args []string) {
	if neg || len(args) < 2 {
		ts.Fatalf("usage: exit CODE COMMAND…")
	}
	want, err := strconv.Atoi(args[0])
	ts.Check(err)
	err = ts.Exec(args[1], args[2:]...)
	got := 0
	if failed, ok := errors.AsType[*exec.ExitError](err); ok {
		got = failed.ExitCode()
	} else {
		ts.Check(err)
	}
	if got != want {
		ts.Fatalf("exit code %d, want %d", got, want)
	}
}

// examples runs the examples in the help of a command, or of previewctl itself, in the current folder.
func examples(ts *testscript.TestScript, neg bool, args []string) {
	cmd, _, err := newRootCmd(terminal.New()).Find(args)
	ts.Check(err)
	lines := strings.Split(cmd.Example, "\n")
	if neg || len(lines) < 3 {
		ts.Fatalf("%s has %d examples, want 3", cmd.CommandPath(), len(lines))
	}
	for _, line := range lines {
		ts.Check(ts.Exec("sh", "-c", line))
	}
}

// shell runs a line of shell.
func shell(ts *testscript.TestScript, neg bool, args []string) {
	if neg || len(args) != 1 {
		ts.Fatalf("usage: sh 'LINE'")
	}
	ts.Check(ts.Exec("sh", "-c", args[0]))
}
