package process_test

import (
	"errors"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/previewset/previewset/e2e/process"
)

// folderOfStory is the environment variable with which the program of these tests runs endlessStory instead. It has the
// path of a folder.
const folderOfStory = "PREVIEWSET_TEST_STORY"

func TestMain(m *testing.M) {
	folder := os.Getenv(folderOfStory)
	if folder == "" {
		os.Exit(m.Run())
	}
	os.Exit(runStory(folder))
}

// endlessStory are tests that never end.
type endlessStory struct{}

func (endlessStory) Run() int { select {} }

// runStory starts a server and its child, then runs an endless story. It ends like the stories' packages.
func runStory(folder string) int {
	ctx, stop := process.OnInterrupt()
	defer stop()
	defer func() { _ = os.RemoveAll(filepath.Join(folder, "logs")) }()
	group := process.NewGroup(filepath.Join(folder, "logs"))
	defer group.Close()
	script := "sleep 60 >" + filepath.Join(folder, "held") + " & wait"
	if _, err := group.Start(process.Command{Name: "server", Path: "/bin/sh", Args: []string{"-c", script}}); err != nil {
		return 1
	}
	return process.RunTests(ctx, endlessStory{})
}

func TestInterruptEndsTestsAndServers(t *testing.T) {
	t.Parallel()
	for _, signal := range []syscall.Signal{syscall.SIGINT, syscall.SIGTERM} {
		t.Run(signal.String(), func(t *testing.T) {
			t.Parallel()
			folder := t.TempDir()
			fifo, logs := filepath.Join(folder, "held"), filepath.Join(folder, "logs")
			if err := errors.Join(syscall.Mkfifo(fifo, 0o600), os.Mkdir(logs, 0o700)); err != nil {
				t.Fatal(err)
			}
			story := exec.CommandContext(t.Context(), os.Args[0])
			story.Env = append(os.Environ(), folderOfStory+"="+folder)
			if err := story.Start(); err != nil {
				t.Fatal(err)
			}
			reader, err := os.Open(fifo) // when the server's child has opened it
			if err != nil {
				t.Fatal(err)
			}
			defer func() { _ = reader.Close() }()
			if err := story.Process.Signal(signal); err != nil {
				t.Fatal(err)
			}
			kill := time.AfterFunc(20*time.Second, func() { _ = story.Process.Kill() })
			defer kill.Stop()
			if _ = story.Wait(); story.ProcessState.ExitCode() != process.Interrupted {
				t.Errorf("it ended with %s", story.ProcessState)
			}
			if _, err := os.Stat(logs); !os.IsNotExist(err) {
				t.Errorf("its files are left: %v", err)
			}
			if err := reader.SetReadDeadline(time.Now().Add(10 * time.Second)); err != nil {
				t.Fatal(err)
			}
			if _, err := reader.Read(make([]byte, 1)); !errors.Is(err, io.EOF) {
				t.Errorf("the server's child runs on: %v", err)
			}
		})
	}
}

func TestClosedGroupStartsNothing(t *testing.T) {
	t.Parallel()
	g := newGroup(t)
	g.Close()
	_, err := g.Start(process.Command{Name: "late", Path: "/bin/true"})
	if err == nil || !strings.Contains(err.Error(), "closed") {
		t.Errorf("got %v", err)
	}
}
