package cluster

import (
	"bytes"
	"errors"
	"log/slog"
	"math/rand/v2"
	"strings"
	"testing"

	"github.com/previewset/previewset/internal/testfixture"
)

// largeState returns a state that no ConfigMap can hold. It begins as a compressed one does.
func largeState(seed uint64, size int) []byte {
	state := make([]byte, size)
	_, _ = rand.NewChaCha8([32]byte{byte(seed)}).Read(state) // never fails
	return append([]byte{0x1f, 0x8b}, state...)
}

func TestLargeStateIsSplit(t *testing.T) {
	t.Parallel()
	c, _ := newClient(t)
	m := c.ConfigMap("state")
	for i, size := range []int{maxPart + 1, 1 << 20, maxParts*maxPart - 2, 100, 2 * maxPart, 2 * maxPart, 0} {
		want := largeState(uint64(i), size)
		if err := m.Save(t.Context(), want); err != nil {
			t.Fatalf("save %d: %v", i, err)
		}
		for name, reader := range map[string]*ConfigMap{"the writer": m, "a new process": c.ConfigMap("state")} {
			if got, err := reader.Load(t.Context()); err != nil || !bytes.Equal(got, want) {
				t.Errorf("save %d: %s loads %d bytes, %v", i, name, len(got), err)
			}
		}
	}
	if err := m.Save(t.Context(), make([]byte, m.MaxSize()+1)); err == nil || !strings.Contains(err.Error(), "too large") {
		t.Errorf("a state that is too large: %v", err)
	}
}

// The process is killed after any number of writes. The state is the one before, or the new one.
func TestKillDuringSplitSaveKeepsAState(t *testing.T) {
	t.Parallel()
	for writes := range 6 {
		c, server := newClient(t)
		before, after := largeState(1, 2*maxPart+10), largeState(2, 2*maxPart+10)
		m := c.ConfigMap("state")
		for _, state := range [][]byte{largeState(3, 2*maxPart), before} { // both sets have content
			if err := m.Save(t.Context(), state); err != nil {
				t.Fatal(err)
			}
		}
		server.AllowWrites(writes)
		err := m.Save(t.Context(), after)
		want := before
		if writes >= 4 { // three parts and the list
			want = after
		}
		if (err == nil) != (writes >= 4) {
			t.Errorf("%d writes: %v", writes, err)
		}
		server.AllowWrites(-1)
		got, err := c.ConfigMap("state").Load(t.Context())
		if err != nil || !bytes.Equal(got, want) {
			t.Errorf("%d writes: loaded %d bytes, %v", writes, len(got), err)
		}
		if err := m.Save(t.Context(), after); err != nil {
			t.Errorf("%d writes: the next save: %v", writes, err)
		}
		if got, err := c.ConfigMap("state").Load(t.Context()); err != nil || !bytes.Equal(got, after) {
			t.Errorf("%d writes: after the next save: %d bytes, %v", writes, len(got), err)
		}
	}
}

// A part that isn't the saved one is an error. It is never an empty or a shorter state.
func TestWrongPartIsAnError(t *testing.T) {
	t.Parallel()
	for name, change := range map[string]func(*testfixture.APIServer){
		"emptied": func(s *testfixture.APIServer) { s.Empty("state-a-2") },
		"deleted": func(s *testfixture.APIServer) { s.Delete("/api/v1/namespaces/argocd/configmaps/state-a-2") },
	} {
		c, server := newClient(t)
		if err := c.ConfigMap("state").Save(t.Context(), largeState(1, 2*maxPart)); err != nil {
			t.Fatal(err)
		}
		change(server)
		if content, err := c.ConfigMap("state").Load(t.Context()); err == nil || !strings.Contains(err.Error(), "state") || content != nil {
			t.Errorf("%s: loaded %d bytes, %v", name, len(content), err)
		}
	}
}

// A leader was paused before it writes the parts. It doesn't replace a part of the next leader.
func TestLateWriterReplacesNoPart(t *testing.T) {
	t.Parallel()
	c, _ := newClient(t)
	log := slog.New(slog.DiscardHandler)
	firstLease, secondLease := c.Lease("state", log), c.Lease("state", log)
	first, second := c.ElectedConfigMap("state", firstLease), c.ElectedConfigMap("state", secondLease)
	stop := lead(t, firstLease, "first")
	if _, err := first.Load(t.Context()); err != nil {
		t.Fatal(err)
	}
	for i := range uint64(2) { // both sets are known to the first
		if err := first.Save(t.Context(), largeState(i, 2*maxPart)); err != nil {
			t.Fatal(err)
		}
	}
	stop()
	defer lead(t, secondLease, "second")()
	if _, err := second.Load(t.Context()); err != nil {
		t.Fatal(err)
	}
	want := largeState(7, 2*maxPart)
	if err := second.Save(t.Context(), want); err != nil { // in the set that the first writes next
		t.Fatal(err)
	}
	if _, isOther := errors.AsType[*OtherWriterError](first.Save(t.Context(), largeState(8, 2*maxPart))); !isOther {
		t.Error("the first doesn't notice the second")
	}
	if got, err := c.ConfigMap("state").Load(t.Context()); err != nil || !bytes.Equal(got, want) {
		t.Errorf("loaded %d bytes, %v", len(got), err)
	}
}

// The holder of a list that names anything else isn't followed.
func TestListOfParts(t *testing.T) {
	t.Parallel()
	for _, text := range []string{
		`{}`, `{"set":"c","parts":["x"]}`, `{"set":"../a","parts":["x"]}`, `{"set":"a","parts":[]}`,
		`{"set":"a","parts":["1","2","3","4","5"]}`, `{"set":`,
	} {
		if l, err := parseList([]byte(text)); err == nil || l != nil {
			t.Errorf("%s: %+v, %v", text, l, err)
		}
	}
}
