package gitrepo

import (
	"bytes"
	"errors"
	"fmt"
	"io/fs"
	"os/exec"
	"strings"
	"testing"

	"github.com/go-git/go-git/v5/plumbing"
	"github.com/google/go-cmp/cmp"

	"github.com/previewset/previewset/internal/gittest"
)

// packOf returns a pack with the head of main.
func packOf(t *testing.T, bare string) []byte {
	t.Helper()
	objects := gittest.Git(t, bare, "rev-list", "--objects", "--no-object-names", "main^{tree}")
	objects += "\n" + gittest.Head(t, bare) + "\n"
	cmd := exec.CommandContext(t.Context(), "git", "pack-objects", "--stdout", "--quiet")
	cmd.Dir, cmd.Env, cmd.Stdin = bare, gittest.Environ(), strings.NewReader(objects)
	pack, err := cmd.Output()
	if err != nil {
		t.Fatal(err)
	}
	return pack
}

func similarFiles() map[string]string {
	all := map[string]string{"large": strings.Repeat("0123456789", 5000)}
	for i := range 30 {
		all[fmt.Sprintf("kept/%d", i)] = strings.Repeat("a line of a similar file\n", 100) + fmt.Sprint(i)
		all[fmt.Sprintf("left-out/%d", i)] = strings.Repeat("a line of a similar file\n", 100) + fmt.Sprint(-i-1)
	}
	return all
}

func keptOnly(name string) bool {
	return name == "kept" || strings.HasPrefix(name, "kept/") || name == "large"
}

func TestUnpackKeepsNeededFiles(t *testing.T) {
	t.Parallel()
	all := similarFiles()
	bare := gittest.New(t, all)
	limits := serviceLimits
	limits.blob = 10_000
	head := plumbing.NewHash(gittest.Head(t, bare))
	store, err := unpackNeeded(bytes.NewReader(packOf(t, bare)), head, keptOnly, limits)
	if err != nil {
		t.Fatal(err)
	}
	tree, err := newTree(store, head)
	if err != nil {
		t.Fatal(err)
	}
	got := map[string]string{}
	err = fs.WalkDir(tree, "kept", func(name string, d fs.DirEntry, err error) error {
		if err != nil || d.IsDir() {
			return err
		}
		content, err := tree.ReadFile(name)
		got[name] = string(content)
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
	want := map[string]string{}
	for name, content := range all {
		if strings.HasPrefix(name, "kept/") {
			want[name] = content
		}
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Error(diff)
	}
	if n := len(store.Blobs); n != len(want) {
		t.Errorf("the store has %d files, want %d", n, len(want))
	}
	for _, name := range []string{"large", "left-out/1"} {
		if info, err := tree.Stat(name); err != nil || info.Size() <= limits.blob {
			t.Errorf("%s: %v, %v", name, info, err)
		}
	}
}

func TestUnpackRefusesLargePacks(t *testing.T) {
	t.Parallel()
	bare := gittest.New(t, similarFiles())
	pack, head := packOf(t, bare), plumbing.NewHash(gittest.Head(t, bare))
	for name, change := range map[string]func(*packLimits){
		"bytes that are sent":     func(l *packLimits) { l.pack = int64(len(pack)) - 1 },
		"bytes of all objects":    func(l *packLimits) { l.inflated = 60_000 },
		"bytes of needed objects": func(l *packLimits) { l.kept = 20_000 },
		"objects":                 func(l *packLimits) { l.objects = 60 },
		"bytes of one folder":     func(l *packLimits) { l.object = 100 },
	} {
		limits := serviceLimits
		change(&limits)
		if _, err := unpackNeeded(bytes.NewReader(pack), head, keptOnly, limits); !errors.Is(err, ErrTooLarge) {
			t.Errorf("%s: %v", name, err)
		}
	}
}

func TestUnpackCutPackIsAnError(t *testing.T) {
	t.Parallel()
	bare := gittest.New(t, similarFiles())
	pack, head := packOf(t, bare), plumbing.NewHash(gittest.Head(t, bare))
	for n := range len(pack) - 21 { // the last 20 bytes are a checksum
		if _, err := unpackNeeded(bytes.NewReader(pack[:n]), head, keptOnly, serviceLimits); err == nil {
			t.Fatalf("a pack of %d bytes is read from %d", len(pack), n)
		}
	}
}

func TestDifferenceToItselfEnds(t *testing.T) {
	t.Parallel()
	content := []byte("a")
	hash := plumbing.ComputeHash(plumbing.BlobObject, content)
	p := &packReader{
		packIndex: &packIndex{byHash: map[plumbing.Hash][]packObject{hash: {{offset: 5}}}},
		taken:     map[int64]bool{5: true}, leftOnPath: 1 << 20,
	}
	if err := p.take(packObject{offset: 1, kind: plumbing.BlobObject}, plumbing.BlobObject, content); err != nil {
		t.Error(err)
	}
}
