package generator_test

import (
	"bufio"
	"bytes"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"

	"github.com/previewset/previewset/generator"
	"github.com/previewset/previewset/generator/store"
	"github.com/previewset/previewset/generator/testworld"
	"github.com/previewset/previewset/internal/preview"
)

// lived is the content of a memory with lives and intents, and what it is of.
func lived(t *testing.T) (content []byte, memory preview.Memory) {
	t.Helper()
	file, keep := testworld.NewStore(t)
	w := testworld.New()
	s := testworld.Ready(t, w, keep, testworld.WithClock)
	for name, action := range map[string]string{"shop-pr-7": "sleep", "gateway-pr-1": "wake"} {
		s.Request(t, name, action, `{"caller":"alice"}`)
	}
	s.ApplyWork(t.Context())
	content, err := os.ReadFile(string(file))
	if err != nil {
		t.Fatal(err)
	}
	if m := s.Memory(); len(m.Lives) != 3 || len(m.Intents) != 2 {
		t.Fatalf("there are %d lives and %d intents", len(m.Lives), len(m.Intents))
	}
	return content, s.Memory().Kept()
}

// Whatever of the file is lost, it is whole or refused.
func TestMemoryIsNeverHalf(t *testing.T) {
	t.Parallel()
	content, want := lived(t)
	got, err := store.Decode(content)
	if err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff(want, got.Memory, cmpopts.EquateEmpty(), cmpopts.IgnoreUnexported(preview.Memory{})); diff != "" {
		t.Errorf("memory (-was +is):\n%s", diff)
	}
	for n := range content {
		if m, err := store.Decode(content[:n]); err == nil {
			t.Errorf("cut at byte %d of %d it is taken for %d lives", n, len(content), len(m.Memory.Lives))
		}
		spoiled := bytes.Clone(content)
		spoiled[n] ^= 0x40
		if m, err := store.Decode(spoiled); err == nil && !cmp.Equal(want, m.Memory, cmpopts.EquateEmpty(), cmpopts.IgnoreUnexported(preview.Memory{})) { // some bits say nothing
			t.Errorf("with byte %d of %d spoiled it is taken for %d lives", n, len(content), len(m.Memory.Lives))
		}
	}
}

// At whatever byte the process was killed that saved, what was there before is still there, whole.
func TestMemoryThatIsSavedByHalfIsThatOfBefore(t *testing.T) {
	t.Parallel()
	content, _ := lived(t)
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

// When environments were last used alone is no reason to save more often than once a minute, and what is asked is one to
// save at once.
func TestLivesAreSavedOnceAMinute(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		m := &testworld.Activity{Used: map[string]bool{"preview-shop-pr-7": true, "preview-gateway-pr-1": true, "preview-gateway-pr-2": true}}
		w, with := testworld.NewMeasured(m)
		_, keep := testworld.NewStore(t)
		s := testworld.NewService(t, w, with, keep, testworld.WithRealTime, testworld.WithClock, func(o *generator.Options) { o.Interval = 10 * time.Second })
		s.Start(t)
		saves := func() float64 { return s.Metrics(t)["previewset_memory_saves_total{outcome=success}"] }
		before := saves()
		testworld.Advance(10 * time.Minute)
		if n := saves() - before; n < 8 || n > 10 {
			t.Errorf("saved %v times in ten minutes while all are used", n)
		}
		m.Change(func() {
			m.Used = map[string]bool{"preview-shop-pr-7": false, "preview-gateway-pr-1": false, "preview-gateway-pr-2": false}
		})
		testworld.Advance(2 * time.Minute)
		before = saves()
		testworld.Advance(20 * time.Minute)
		if n := saves() - before; n < 5 || n > 8 { // so often that a restart is no gap in what was measured
			t.Errorf("saved %v times in twenty minutes while none is used", n)
		}
		before = saves()
		s.Request(t, "shop-pr-7", "extend", "")
		testworld.Advance(time.Millisecond)
		if n := saves() - before; n != 1 {
			t.Errorf("saved %v times for what was asked", n)
		}
	})
}

// A restart doesn't begin anew to count for how long an environment has been idle.
func TestARestartIsNoGapInWhatWasMeasured(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		m := &testworld.Activity{Used: map[string]bool{"preview-shop-pr-7": false}}
		w, with := testworld.NewMeasured(m)
		w.Tree = testworld.Tree(1, testworld.PolicyWithActivity+"lifetime: {sleep: {idleAfter: 30m}}\n")
		_, keep := testworld.NewStore(t)
		for _, want := range []string{preview.Awake, preview.Asleep} {
			s := testworld.NewService(t, w, with, keep, testworld.WithRealTime, testworld.WithClock)
			stop := s.Start(t)
			testworld.Advance(20 * time.Minute)
			got := s.States(t)
			if got["shop-pr-7"] != want || got["gateway-pr-1"] != preview.Awake {
				t.Errorf("after another 20 minutes: %v, want %s", got, want)
			}
			stop()
		}
	})
}
