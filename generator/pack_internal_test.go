package generator

import (
	"encoding/json"
	"fmt"
	"maps"
	"math/rand/v2"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"

	"github.com/previewset/previewset/internal/preview"
)

// However environments come, change and go, what is packed of them is what is unpacked, and what none has is forgotten.
func TestWhatIsPackedIsUnpacked(t *testing.T) {
	t.Parallel()
	var seed uint64 = 7
	random, p, environments := rand.New(rand.NewPCG(seed, 1)), &packer{}, map[string]preview.Remembered{}
	for step := range 300 {
		next := map[string]preview.Remembered{} // what was handed over is never changed
		for name, e := range environments {
			if random.IntN(12) > 0 {
				next[name] = e
			}
		}
		for range random.IntN(4) {
			e := linked(random)
			next[e.Row.Name] = e
		}
		environments = next
		if got := repacked(t, p, environments); !cmp.Equal(environments, got, cmpopts.EquateEmpty()) {
			t.Fatalf("seed %d step %d (-packed +unpacked):\n%s", seed, step, cmp.Diff(environments, got))
		}
	}
	if len(p.shapes) < 3 || len(p.parts) < 3 {
		t.Errorf("%d shapes and %d parts are too few to say so", len(p.shapes), len(p.parts))
	}
	if repacked(t, p, nil); len(p.shapes)+len(p.byParts)+len(p.parts)+len(p.byText)+len(p.entries) > 0 {
		t.Errorf("without environments %d shapes and %d parts are kept", len(p.shapes), len(p.parts))
	}
}

// A part that goes moves those behind it, also those of shapes in pieces that are otherwise the same.
func TestAPartThatGoesMovesOthers(t *testing.T) {
	t.Parallel()
	p, environments := &packer{}, map[string]preview.Remembered{}
	add := func(name string, service int) {
		e := preview.Remembered{Row: preview.Row{Name: name, Namespace: "preview"}}
		for range textPerPiece / 8 {
			e.Row.Kustomize.Patches = append(e.Row.Kustomize.Patches, patchOf(service))
		}
		environments[name] = e
	}
	add("a", 1)
	add("b", 2)
	repacked(t, p, environments)
	environments = maps.Clone(environments)
	add("c", 1) // so the part stays when a goes
	environments["c"].Row.Kustomize.Patches[0] = patchOf(3)
	for _, goes := range []string{"", "a", "c"} {
		environments = maps.Clone(environments)
		delete(environments, goes)
		if got := repacked(t, p, environments); !cmp.Equal(environments, got, cmpopts.EquateEmpty()) {
			t.Errorf("after %q went, what is packed is unpacked as another", goes)
		}
	}
}

// A thousand environments with links to hundreds of services, each running another one, have little more text than one.
func TestLinksArePackedOnce(t *testing.T) {
	t.Parallel()
	const services = 300
	p, environments, size := &packer{}, map[string]preview.Remembered{}, 0
	for runs := range services {
		e := preview.Remembered{Row: preview.Row{Name: fmt.Sprintf("shop-pr-%d", runs), Namespace: "preview"}}
		for s := range services {
			if s != runs {
				e.Row.Kustomize.Patches = append(e.Row.Kustomize.Patches, patchOf(s))
			}
		}
		environments[e.Row.Name] = e
		text, err := json.Marshal(e)
		if err != nil {
			t.Fatal(err)
		}
		size = len(text)
	}
	repacked(t, p, environments)
	kept := 0
	for _, part := range p.parts {
		kept += len(part.text)
	}
	if kept > 3*size || len(p.shapes) != services {
		t.Errorf("%d shapes of %d bytes each keep %d bytes", len(p.shapes), size, kept)
	}
}

func TestWhatCantBeReadAgainIsNotWritten(t *testing.T) {
	t.Parallel()
	for name, tt := range map[string]struct {
		text, unpacked int
		refused        bool
	}{
		"as much as can be read":     {maxMemory, maxUnpacked, false},
		"more text":                  {maxMemory + 1, 1, true},
		"more when it is unpacked":   {1, maxUnpacked + 1, true},
		"nothing, after a beginning": {0, 0, false},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			err := readable(&member{pieces: []piece{{size: 0}, {size: tt.text}}}, []*entry{{size: 1}, {size: tt.unpacked - 1}})
			if (err != nil) != tt.refused || err != nil && !strings.Contains(err.Error(), "limits.environments") {
				t.Errorf("%v", err)
			}
		})
	}
}

// repacked packs and unpacks.
func repacked(t *testing.T, p *packer, environments map[string]preview.Remembered) map[string]preview.Remembered {
	t.Helper()
	head, err := json.Marshal(memoryFile{Version: memoryVersion, Memory: preview.Memory{Repositories: map[string]int64{"acme/shop": 1}}})
	if err != nil {
		t.Fatal(err)
	}
	content, err := p.encode(head, environments)
	if err != nil {
		t.Fatal(err)
	}
	f, err := decodeMemory(content)
	if err != nil {
		t.Fatal(err)
	}
	return f.Memory.Environments
}

// linked is one of ten environments, with some labels, and links to some services.
func linked(random *rand.Rand) preview.Remembered {
	number := random.IntN(10)
	e := preview.Remembered{Row: preview.Row{
		Name: fmt.Sprintf("shop-pr-%d", number), Namespace: "preview", Number: fmt.Sprint(number), HeadSHA: fmt.Sprintf("%040x", random.Uint64()),
		Labels: []string{fmt.Sprint("size/", random.IntN(3))},
	}}
	for s := range 8 {
		if random.IntN(3) > 0 {
			e.Row.Kustomize.Patches = append(e.Row.Kustomize.Patches, patchOf(s))
		}
	}
	return e
}

func patchOf(service int) preview.Patch {
	return preview.Patch{Patch: fmt.Sprintf(`[{"op":"add","path":"/spec/externalName","value":"service-%03d.staging"}]`, service)}
}
