package rowtemplate

import (
	"bytes"
	"compress/gzip"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"maps"
	"math/rand/v2"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"

	"github.com/previewset/previewset/internal/preview"
)

// Environments come, change and go. Decoding restores them exactly, and unused templates are dropped.
func TestDecodingRestoresEnvironments(t *testing.T) {
	t.Parallel()
	var seed uint64 = 7
	random, e, environments := rand.New(rand.NewPCG(seed, 1)), &Encoder{}, map[string]preview.Remembered{}
	for step := range 300 {
		next := map[string]preview.Remembered{} // a map that was encoded never changes
		for name, environment := range environments {
			if random.IntN(12) > 0 {
				next[name] = environment
			}
		}
		for range random.IntN(4) {
			added := linked(random)
			next[added.Row.Name] = added
		}
		environments = next
		if got := roundTrip(t, e, environments); !cmp.Equal(environments, got, cmpopts.EquateEmpty()) {
			t.Fatalf("seed %d step %d (-encoded +decoded):\n%s", seed, step, cmp.Diff(environments, got))
		}
	}
	if len(e.templates) < 3 || len(e.parts) < 3 {
		t.Errorf("%d templates and %d parts are too few for this test", len(e.templates), len(e.parts))
	}
	if roundTrip(t, e, nil); len(e.templates)+len(e.byParts)+len(e.parts)+len(e.byText)+len(e.entries) > 0 {
		t.Errorf("without environments %d templates and %d parts are kept", len(e.templates), len(e.parts))
	}
}

// Removing a part moves the parts after it, also in templates with otherwise unchanged chunks.
func TestRemovedPartMovesOthers(t *testing.T) {
	t.Parallel()
	e, environments := &Encoder{}, map[string]preview.Remembered{}
	add := func(name string, service int) {
		added := preview.Remembered{Row: preview.Row{Name: name, Namespace: "preview"}}
		for range textPerChunk / 8 {
			added.Row.Kustomize.Patches = append(added.Row.Kustomize.Patches, patchOf(service))
		}
		environments[name] = added
	}
	add("a", 1)
	add("b", 2)
	roundTrip(t, e, environments)
	environments = maps.Clone(environments)
	add("c", 1) // keeps the part in use when a is removed
	environments["c"].Row.Kustomize.Patches[0] = patchOf(3)
	for _, removed := range []string{"", "a", "c"} {
		environments = maps.Clone(environments)
		delete(environments, removed)
		if got := roundTrip(t, e, environments); !cmp.Equal(environments, got, cmpopts.EquateEmpty()) {
			t.Errorf("after %q was removed, decoding restores other environments", removed)
		}
	}
}

// Hundreds of environments that link to the same services have little more text than one.
func TestTextAboutLinkIsSavedOnce(t *testing.T) {
	t.Parallel()
	const services = 300
	e, environments, size := &Encoder{}, map[string]preview.Remembered{}, 0
	for runs := range services {
		added := preview.Remembered{Row: preview.Row{Name: fmt.Sprintf("shop-pr-%d", runs), Namespace: "preview"}}
		for s := range services {
			if s != runs {
				added.Row.Kustomize.Patches = append(added.Row.Kustomize.Patches, patchOf(s))
			}
		}
		environments[added.Row.Name] = added
		text, err := json.Marshal(added)
		if err != nil {
			t.Fatal(err)
		}
		size = len(text)
	}
	roundTrip(t, e, environments)
	kept := 0
	for _, part := range e.parts {
		kept += len(part.text)
	}
	if kept > 3*size || len(e.templates) != services {
		t.Errorf("%d templates of %d bytes each have %d bytes", len(e.templates), size, kept)
	}
}

// roundTrip encodes and decodes environments.
func roundTrip(t *testing.T, e *Encoder, environments map[string]preview.Remembered) map[string]preview.Remembered {
	t.Helper()
	content, _, err := e.Encode([]byte(`{"version":4}`), environments)
	if err != nil {
		t.Fatal(err)
	}
	zip, err := gzip.NewReader(bytes.NewReader(content))
	if err != nil {
		t.Fatal(err)
	}
	text, err := io.ReadAll(zip)
	if err != nil {
		t.Fatal(err)
	}
	var f Form
	if err = json.Unmarshal(text, &f); err != nil {
		t.Fatal(err)
	}
	decoded, err := f.Expand(512 << 20)
	if err != nil {
		t.Fatal(err)
	}
	return decoded
}

// linked is one of ten environments, with random labels and links.
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

// BenchmarkEncode encodes 1,000 environments of which one changes, and reports the size beside that of plain compressed
// JSON.
func BenchmarkEncode(b *testing.B) {
	random := rand.New(rand.NewPCG(1, 2))
	environments := map[string]preview.Remembered{}
	for i := range 1000 {
		e := linked(random)
		e.Row.Name = fmt.Sprintf("shop-pr-%d", i)
		environments[e.Row.Name] = e
	}
	var plain bytes.Buffer
	zip := gzip.NewWriter(&plain)
	if err := errors.Join(json.NewEncoder(zip).Encode(environments), zip.Close()); err != nil {
		b.Fatal(err)
	}
	e, size := &Encoder{}, 0
	for b.Loop() {
		changed := linked(random)
		changed.Row.Name = "shop-pr-7"
		environments = maps.Clone(environments)
		environments[changed.Row.Name] = changed
		content, _, err := e.Encode([]byte(`{"version":4}`), environments)
		if err != nil {
			b.Fatal(err)
		}
		size = len(content)
	}
	b.ReportMetric(float64(size)/1000, "B/environment")
	b.ReportMetric(float64(plain.Len())/1000, "B-plain/environment")
}
