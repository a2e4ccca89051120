package store_test

import (
	"bufio"
	"bytes"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"

	"github.com/previewset/previewset/generator/store"
)

// After a kill at any byte of a save, the file still has the state before.
func TestUnfinishedSaveKeepsStateBefore(t *testing.T) {
	t.Parallel()
	content := bytes.Repeat([]byte("saved state "), 100)
	file := filepath.Join(t.TempDir(), "state")
	if err := store.File(file).Save(t.Context(), content); err != nil {
		t.Fatal(err)
	}
	for n := range len(content) + 1 {
		if err := os.WriteFile(file+".1.tmp", content[:n], 0o600); err != nil { // left behind by a killed process
			t.Fatal(err)
		}
		got, err := store.File(file).Load(t.Context())
		if err != nil || !bytes.Equal(got, content) {
			t.Fatalf("killed at byte %d: %v, %d bytes", n, err, len(got))
		}
	}
}

const savesEnv = "PREVIEWSET_TEST_SAVES_TO"

// A process that saves all the time is killed again and again.
func TestStateSurvivesKill(t *testing.T) {
	if file := os.Getenv(savesEnv); file != "" {
		saveForEver(t, store.File(file))
	}
	file := store.File(filepath.Join(t.TempDir(), "state"))
	for kill := range 25 {
		child := exec.CommandContext(t.Context(), os.Args[0], "-test.run=^TestStateSurvivesKill$")
		child.Env = append(os.Environ(), savesEnv+"="+string(file))
		out, err := child.StdoutPipe()
		if err != nil {
			t.Fatal(err)
		}
		if err = child.Start(); err != nil {
			t.Fatal(err)
		}
		for lines, n := bufio.NewScanner(out), 0; n <= kill && lines.Scan(); n++ { // at a different time in each round
		}
		if err = child.Process.Kill(); err != nil {
			t.Fatal(err)
		}
		_ = child.Wait() // the error says that it was killed
		content, err := file.Load(t.Context())
		if err != nil {
			t.Fatal(err)
		}
		if len(content) == 0 || strings.Count(string(content), string(content[:1])) != len(content) {
			t.Fatalf("after kill %d the file has parts of two states", kill)
		}
	}
}

// saveForEver saves one megabyte of one letter, then of the next letter, and prints a line after each save.
func saveForEver(t *testing.T, file store.File) {
	t.Helper()
	for i := 0; ; i++ {
		if err := file.Save(t.Context(), bytes.Repeat([]byte{byte('a' + i%26)}, 1<<20)); err != nil {
			t.Fatal(err)
		}
		fmt.Println("saved") //nolint:forbidigo // the parent reads it
	}
}

func TestLockRefusesSecondService(t *testing.T) {
	t.Parallel()
	file := store.File(filepath.Join(t.TempDir(), "state"))
	unlock, err := file.Lock()
	if err != nil {
		t.Fatal(err)
	}
	_, err = file.Lock()
	if err == nil || !strings.Contains(err.Error(), fmt.Sprintf("process %d", os.Getpid())) {
		t.Errorf("second lock: %v, want an error that names this process", err)
	}
	if err = unlock(); err != nil {
		t.Fatal(err)
	}
	unlock, err = file.Lock()
	if err != nil {
		t.Fatalf("after unlock: %v", err)
	}
	if err = unlock(); err != nil {
		t.Fatal(err)
	}
}
