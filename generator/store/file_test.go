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

// At whatever byte the process was killed that saved, what was there before is still there, whole.
func TestMemoryThatIsSavedByHalfIsThatOfBefore(t *testing.T) {
	t.Parallel()
	content := bytes.Repeat([]byte("saved state "), 100)
	file := filepath.Join(t.TempDir(), "state")
	if err := store.File(file).Save(t.Context(), content); err != nil {
		t.Fatal(err)
	}
	for n := range len(content) + 1 {
		if err := os.WriteFile(file+".1.tmp", content[:n], 0o600); err != nil { // what a killed process leaves behind
			t.Fatal(err)
		}
		got, err := store.File(file).Load(t.Context())
		if err != nil || !bytes.Equal(got, content) {
			t.Fatalf("killed at byte %d: %v, %d bytes", n, err, len(got))
		}
	}
}

const savesEnv = "PREVIEWSET_TEST_SAVES_TO"

// A process that does nothing but save is killed again and again.
func TestMemorySurvivesAKill(t *testing.T) {
	if file := os.Getenv(savesEnv); file != "" {
		saveForEver(t, store.File(file))
	}
	file := store.File(filepath.Join(t.TempDir(), "state"))
	for kill := range 25 {
		child := exec.CommandContext(t.Context(), os.Args[0], "-test.run=^TestMemorySurvivesAKill$")
		child.Env = append(os.Environ(), savesEnv+"="+string(file))
		out, err := child.StdoutPipe()
		if err != nil {
			t.Fatal(err)
		}
		if err = child.Start(); err != nil {
			t.Fatal(err)
		}
		for lines, n := bufio.NewScanner(out), 0; n <= kill && lines.Scan(); n++ { // each time at another moment
		}
		if err = child.Process.Kill(); err != nil {
			t.Fatal(err)
		}
		_ = child.Wait() // it was killed
		content, err := file.Load(t.Context())
		if err != nil {
			t.Fatal(err)
		}
		if len(content) == 0 || strings.Count(string(content), string(content[:1])) != len(content) {
			t.Fatalf("after kill %d the file holds parts of two", kill)
		}
	}
}

// saveForEver saves a megabyte of one letter, then of the next, and tells of it.
func saveForEver(t *testing.T, file store.File) {
	t.Helper()
	for i := 0; ; i++ {
		if err := file.Save(t.Context(), bytes.Repeat([]byte{byte('a' + i%26)}, 1<<20)); err != nil {
			t.Fatal(err)
		}
		fmt.Println("saved") //nolint:forbidigo // it is how the parent knows
	}
}
