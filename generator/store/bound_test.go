package store_test

import (
	"fmt"
	"math/rand/v2"
	"strings"
	"testing"
	"time"

	"github.com/previewset/previewset/generator/store"
	"github.com/previewset/previewset/internal/preview"
)

// small is a backend with a limit.
type small struct {
	store.File
	most int
}

func (s small) MaxSize() int { return s.most }

// randomText is a text that can't be compressed well.
func randomText(r *rand.Rand) string {
	var b strings.Builder
	for range 40 {
		fmt.Fprintf(&b, "%x", r.Uint64())
	}
	return b.String()
}

// largeState returns a state with an environment, and with many removed ones and reported statuses.
func largeState() store.State {
	r := rand.New(rand.NewPCG(1, 2))
	s := store.State{
		Memory: preview.Memory{
			Repositories: map[string]int64{"acme/shop": 1},
			Environments: map[string]preview.Remembered{"shop-pr-7": {
				Row: preview.Row{
					Name: "shop-pr-7", Namespace: "preview-shop-pr-7", HeadSHA: "b1", Title: "t", Branch: "b", Labels: []string{},
					Kustomize: preview.Kustomize{Components: []string{}, Images: []string{}, Patches: []preview.Patch{}},
				},
			}},
			Requests: map[string]preview.Requests{"shop-pr-7": {By: "alice"}},
			Since: map[string]preview.Decided{
				"acme/shop#7": {Outcome: preview.Live}, "acme/shop#8": {Outcome: preview.Held, Ticket: 3},
			},
		},
		Reported: map[string]string{}, Requested: map[string]store.Resources{},
	}
	for i := range 200 {
		s.Memory.Gone = append(s.Memory.Gone, preview.Decision{Reason: randomText(r)})
		s.Reported[fmt.Sprint(i)] = randomText(r)
	}
	return s
}

func TestLargeStateLacksWhatComesBack(t *testing.T) {
	t.Parallel()
	s := largeState()
	for _, tt := range []struct {
		name              string
		most              int
		gone, reported, n int
	}{
		{"no limit", 0, 200, 200, 0},
		{"a high limit", 1 << 20, 200, 200, 0},
		{"a limit below the whole state", 100 << 10, 0, 200, 1},
		{"a limit below both parts", 8 << 10, 0, 0, 2},
	} {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			file := store.File(t.TempDir() + "/state")
			st := store.New(small{file, tt.most}, time.Now)
			content, err := st.Encode(store.Change{New: s})
			if err != nil || tt.most > 0 && len(content) > tt.most {
				t.Fatalf("%d bytes, %v", len(content), err)
			}
			if err = st.Save(t.Context(), content); err != nil {
				t.Fatal(err)
			}
			got, err := store.New(file, time.Now).Load(t.Context())
			if err != nil {
				t.Fatal(err)
			}
			if len(got.Memory.Gone) != tt.gone || len(got.Reported) != tt.reported || len(st.Dropped()) != tt.n {
				t.Errorf("%d decisions, %d statuses, dropped %q", len(got.Memory.Gone), len(got.Reported), st.Dropped())
			}
			if got.Memory.Environments["shop-pr-7"].Row.Name != "shop-pr-7" || got.Memory.Requests["shop-pr-7"].By != "alice" ||
				len(got.Memory.Since) != 2 {
				t.Errorf("needed parts are missing: %+v", got.Memory)
			}
		})
	}
	if len(s.Memory.Gone) != 200 || len(s.Reported) != 200 {
		t.Error("the state in memory changed")
	}
}
