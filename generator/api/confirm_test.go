package api_test

import (
	"encoding/json"
	"net/http"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/previewset/previewset/generator"
	"github.com/previewset/previewset/generator/testworld"
)

func TestConfirmNeedsAPIToken(t *testing.T) {
	t.Parallel()
	s := testworld.NewWaitingForConfirmation(t)
	const body = `{"environments": ["shop-pr-7"]}`
	for authorization, want := range map[string]string{
		" ": "missing bearer token; send the API token", "Bearer " + testworld.ArgoToken: "wrong token; send the API token",
	} {
		got := testworld.Do(t, s.Handler(), http.MethodPost, testworld.ConfirmPath, body, map[string]string{"Authorization": authorization})
		if got.Code != http.StatusUnauthorized || !strings.HasPrefix(got.Message(t), want) {
			t.Errorf("%q: %d %s", authorization, got.Code, got.Body)
		}
	}
	off := testworld.Ready(t, testworld.New(), func(o *generator.Options) { o.APIToken = nil })
	if got := off.Confirm(t, body); got.Code != http.StatusUnauthorized {
		t.Errorf("without an API token: %d %s", got.Code, got.Body)
	}
	if got := testworld.DoAs(
		t, s.PublicHandler(), http.MethodPost, testworld.ConfirmPath, body, testworld.APIToken,
	); got.Code != http.StatusNotFound {
		t.Errorf("on the public listener: %d %s", got.Code, got.Body)
	}
}

func TestInvalidConfirmationsAreRefused(t *testing.T) {
	t.Parallel()
	const form = `expected {"environments": [names]`
	known := func(name string) string {
		return name + " is neither an environment that waits for confirmation nor"
	}
	many, err := json.Marshal(map[string][]string{"environments": slices.Repeat([]string{"shop-pr-7"}, 1001)})
	if err != nil {
		t.Fatal(err)
	}
	tests := []struct {
		name, body string
		code       int
		want       string
	}{
		{"an empty body", ``, 400, form},
		{"no JSON", `environments=shop-pr-7`, 400, form},
		{"null", `null`, 400, form},
		{"a list", `["shop-pr-7"]`, 400, form},
		{"no names", `{}`, 400, form},
		{"empty lists", `{"environments": [], "repositories": [], "caller": "alice"}`, 400, form},
		{"names that are numbers", `{"environments": [7]}`, 400, form},
		{"a name without a list", `{"environments": "shop-pr-7"}`, 400, form},
		{"too many names", string(many), 400, form},
		{"too large a body", `{"caller": "` + strings.Repeat("x", 64<<10) + `", "environments": ["shop-pr-7"]}`, 400, form},
		{"an unknown environment", `{"environments": ["shop-pr-99"]}`, 404, known("shop-pr-99")},
		{"an environment that isn't live", `{"environments": ["shop-pr-8"]}`, 404, known("shop-pr-8")},
		{"a known and an unknown environment", `{"environments": ["shop-pr-7", "x"]}`, 404, known("x")},
		{"a name with control characters", `{"environments": ["a\u001b[2J\u202e"]}`, 404, known("a[2J")},
		{"a repository that was read", `{"repositories": ["Acme/Shop"]}`, 404, known("acme/shop")},
		{"an unknown repository", `{"repositories": ["acme/none"]}`, 404, known("acme/none")},
	}
	s := testworld.NewWaitingForConfirmation(t)
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			if got := s.Confirm(t, tt.body); got.Code != tt.code || !strings.HasPrefix(got.Message(t), tt.want) {
				t.Errorf("%d %s", got.Code, got.Body)
			}
		})
	}
	t.Run("a live environment that doesn't wait", func(t *testing.T) {
		t.Parallel()
		if got := testworld.Ready(t, testworld.New()).Confirm(t, `{"environments": ["shop-pr-7"]}`); got.Code != http.StatusNotFound ||
			!strings.HasPrefix(got.Message(t), known("shop-pr-7")) {
			t.Errorf("%d %s", got.Code, got.Body)
		}
	})
	t.Run("before the first snapshot", func(t *testing.T) {
		t.Parallel()
		if got := testworld.NewService(t, testworld.New()).Confirm(t, `{"environments": ["shop-pr-7"]}`); got.Code != http.StatusNotFound {
			t.Errorf("%d %s", got.Code, got.Body)
		}
	})
	if diff := cmp.Diff(testworld.AllNames, s.GetParams(t, testworld.ParamsBody).Names(t)); diff != "" ||
		strings.Contains(s.Log.String(), "confirmed") {
		t.Errorf("environments were removed: %s", diff)
	}
}

// Two pull requests have the same environment name. The live one can be confirmed while the other one is held.
func TestConfirmFindsEnvironmentThatWaits(t *testing.T) {
	t.Parallel()
	w := testworld.New()
	w.Repositories["acme/gateway"] = testworld.Repository("acme/Gateway")
	s := testworld.Ready(t, w)
	w.Change(func() { // acme/gateway gets the alias "shop" and sorts before acme/shop
		w.Tree = testworld.Tree(
			2,
			strings.Replace(
				testworld.Policy, "services:",
				"namespacePrefix: pr-\nrepositories: {acme/shop: {alias: store}, acme/gateway: {alias: shop}}\nservices:", 1,
			),
		)
		w.Repositories["acme/gateway"] = testworld.Repository("acme/Gateway", testworld.PullRequest(7, "bob"))
	})
	s.Refresh(t.Context())
	if diff := cmp.Diff(
		[]string{"shop-pr-7: held taken", "shop-pr-7: live moved*", "store-pr-8: held unlabelled"}, s.Decisions(t),
	); diff != "" {
		t.Fatal(diff)
	}
	if got := s.Confirm(t, `{"environments": ["shop-pr-7"]}`); got.Code != http.StatusAccepted {
		t.Errorf("%d %s", got.Code, got.Body)
	}
}
