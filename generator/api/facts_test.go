package api_test

import (
	"encoding/json"
	"maps"
	"net/http"
	"reflect"
	"slices"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/previewset/previewset/generator"
	"github.com/previewset/previewset/generator/testworld"
	"github.com/previewset/previewset/internal/config"
	"github.com/previewset/previewset/internal/preview"
)

// writeInputs lists the fields by hand. A field that it lacks would be zero in previewctl.
func TestFactsHaveAllFields(t *testing.T) {
	t.Parallel()
	s := testworld.Ready(t, testworld.New())
	var answer map[string]json.RawMessage
	var facts map[string]json.RawMessage
	if err := json.Unmarshal([]byte(s.Get(t, "/api/v1/facts").Body), &answer); err != nil {
		t.Fatal(err)
	}
	if err := json.Unmarshal(answer["Facts"], &facts); err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff(fieldsOf[preview.Inputs](), slices.Sorted(maps.Keys(answer))); diff != "" {
		t.Errorf("fields of preview.Inputs (-want +got):\n%s", diff)
	}
	if diff := cmp.Diff(fieldsOf[preview.Facts](), slices.Sorted(maps.Keys(facts))); diff != "" {
		t.Errorf("fields of preview.Facts (-want +got):\n%s", diff)
	}
}

// fieldsOf returns the names of a struct's fields, sorted.
func fieldsOf[T any]() (names []string) {
	for _, f := range reflect.VisibleFields(reflect.TypeFor[T]()) {
		names = append(names, f.Name)
	}
	return slices.Sorted(slices.Values(names))
}

// The facts let previewctl compute the same rows, also for another configuration.
func TestFactsGiveTheSameRows(t *testing.T) {
	t.Parallel()
	w := testworld.New()
	s := testworld.Ready(t, w, func(o *generator.Options) { o.Protected = []string{"kube-system"} })
	for _, header := range []map[string]string{{}, {"Accept-Encoding": "gzip"}} {
		header["Authorization"] = "Bearer " + testworld.APIToken
		a := testworld.Do(t, s.Handler(), http.MethodGet, "/api/v1/facts", "", header)
		var in preview.Inputs
		if err := json.Unmarshal([]byte(a.Body), &in); err != nil || a.Code != http.StatusOK ||
			a.Compressed != (header["Accept-Encoding"] != "") {
			t.Fatalf("%d %v %.200s", a.Code, err, a.Body)
		}
		if in.Commit != w.Tree.Commit || len(in.Facts.Protected) != 1 || len(in.Asked) != 2 {
			t.Errorf("%+v", in)
		}
		if diff := cmp.Diff(w.Repositories["acme/shop"].PullRequests, in.Facts.Repositories["acme/shop"].PullRequests); diff != "" {
			t.Errorf("acme/shop's pull requests (-want +got):\n%s", diff)
		}
		config, err := config.Load(w.Tree, in.Memory.Previous())
		if err != nil {
			t.Fatal(err)
		}
		again := preview.Resolve(config, in.Facts, in.Memory, in.Memory.At)
		var all struct {
			Environments []preview.Row `json:"environments"`
		}
		if err := json.Unmarshal([]byte(s.Get(t, "/api/v1/environments").Body), &all); err != nil || len(again.Rows) != 3 {
			t.Fatal(err, len(again.Rows))
		}
		if diff := cmp.Diff(all.Environments, again.Rows); diff != "" {
			t.Errorf("rows (-service +previewctl):\n%s", diff)
		}
	}
}
