package overlay

import (
	"testing"

	"github.com/previewset/previewset/internal/config"
	"github.com/previewset/previewset/internal/overlay/build"
	"github.com/previewset/previewset/internal/overlay/manifest"
	"github.com/previewset/previewset/internal/preview"
)

// composed returns the objects of an environment with this plan, as the generator and Argo CD make them.
func composed(t *testing.T, r *Repo, cfg *config.Config, p preview.Plan) []manifest.Object {
	t.Helper()
	row, err := preview.Compose(cfg, p)
	if err != nil {
		t.Fatal(err)
	}
	return built(t, r, row)
}

// built returns the objects of a row.
func built(t *testing.T, r *Repo, row preview.Row) []manifest.Object {
	t.Helper()
	b, err := r.builder.Environment(row)
	if err != nil {
		t.Fatal(err)
	}
	m, err := b.Run()
	if err != nil {
		t.Fatal(err)
	}
	objects, err := build.Objects(m)
	if err != nil {
		t.Fatal(err)
	}
	return objects
}

// objectsOf returns the objects of a row by kind and name.
func objectsOf(t *testing.T, r *Repo, row preview.Row) map[string]manifest.Object {
	t.Helper()
	found := map[string]manifest.Object{}
	for _, o := range built(t, r, row) {
		found[o.Kind+" "+o.Name] = o
	}
	return found
}
