package api_test

import (
	"encoding/json"
	"net/http"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/previewset/previewset/generator/testworld"
)

func TestListDecisions(t *testing.T) {
	t.Parallel()
	w := testworld.New()
	for _, name := range []string{"overlays/alice/environment.yaml", "access.yaml"} {
		w.Tree.Files[name] = w.Tree.Files["previewset.yaml"] // of the wrong kind
	}
	s := testworld.Ready(t, w)
	tests := []struct {
		name, query string
		want        []string
	}{
		{"all", "", []string{"held file", "live labelled", "live labelled", "live labelled", "held unlabelled"}},
		{"of a repository in any case", "?repository=ACME/shop", []string{"live labelled", "held unlabelled"}},
		{"of one pull request", "?repository=acme/shop&number=8", []string{"held unlabelled"}},
		{"of a number", "?number=1", []string{"live labelled"}},
		{"of nothing", "?repository=acme/none", []string{}},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			var got struct {
				Decisions []struct{ Outcome, Rule, Reason, Remedy, Since string } `json:"decisions"`
				Problems  []string                                                `json:"problems"`
			}
			response := s.Get(t, "/api/v1/decisions"+tt.query)
			if err := json.Unmarshal([]byte(response.Body), &got); err != nil || response.Code != http.StatusOK || got.Decisions == nil {
				t.Fatalf("%d %v %s", response.Code, err, response.Body)
			}
			short := []string{}
			for _, d := range got.Decisions {
				short = append(short, d.Outcome+" "+d.Rule)
				if d.Reason == "" || d.Since == "" || (d.Outcome == "held" && d.Remedy == "") {
					t.Errorf("a decision lacks reason, time or remedy: %+v", d)
				}
			}
			if diff := cmp.Diff(tt.want, short); diff != "" {
				t.Error(diff)
			}
			for _, file := range []string{"overlays/alice/environment.yaml:", "access.yaml:"} {
				if !slices.ContainsFunc(got.Problems, func(p string) bool { return strings.HasPrefix(p, file) }) {
					t.Errorf("problems: %q", got.Problems)
				}
			}
		})
	}
	if got := s.Get(t, "/api/v1/decisions?number=seven"); got.Code != http.StatusBadRequest || got.Message(t) == "" {
		t.Errorf("%d %s", got.Code, got.Body)
	}
}
