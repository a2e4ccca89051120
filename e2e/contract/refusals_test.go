package contract

import (
	"io"
	"maps"
	"net/http"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/previewset/previewset/generator"
	"github.com/previewset/previewset/internal/config"
)

// Each failure is an error to Argo CD, which then changes nothing. It is never an empty list, because Argo CD would
// delete all Applications. The ApplicationSet's status shows the error.
func TestRefusalIsErrorWithOurMessage(t *testing.T) {
	t.Parallel()
	tests := []struct {
		name    string
		service func(*testing.T) *generator.Generator
		argo    func(*testing.T, *argoCD)
		want    []string
	}{
		{"nothing was read yet", unread, nil, []string{"503", "no whole snapshot has been computed yet: nothing has been read yet"}},
		{"a repository was never read", withoutGateway, nil, []string{"503", "acme/gateway was never read: GitHub answers 500"}},
		{"the configuration is invalid", misconfigured, nil, []string{"503", "cccccccccccc", "previewset.yaml:", "colour"}},
		{"the configuration is missing", unconfigured, nil, []string{"503", "previewset.yaml: is missing", "run previewctl init"}},
		{"a wrong token", live, token("wrong"), []string{"401", "wrong token; send Argo CD's token"}},
		{"the API's token", live, token(apiToken), []string{"401", "wrong token; send Argo CD's token"}},
		{"an empty token", live, token(""), []string{"401", "missing bearer token; send Argo CD's token"}},
		{"no such key in the Secret", live, noKey, []string{"401", "Argo CD didn't find the key in the Secret"}},
		{"no such key in the Secret, before anything was read", unread, noKey, []string{"401", "find the key"}},
		{
			"an unknown parameter", live, parameters(`{"colour": "red"}`),
			[]string{"400", `"colour"`, "owner", "profile", "repository", "source"},
		},
		{"a parameter of another type", live, parameters(`{"owner": 7}`), []string{"400", `"owner": expected a string or a list of strings`}},
		{"a parameter without a value", live, parameters(`{"owner": null}`), []string{"400", `"owner"`}},
		{"an empty list", live, parameters(`{"owner": []}`), []string{"400", `"owner": expected a string or a list of strings`}},
		{"too much", live, parameters(`{"owner": "` + strings.Repeat("x", 1<<20) + `"}`), []string{"400", "the body is larger than 64 KiB"}},
		{"another path", live, under("/elsewhere"), []string{"404", "nothing at this path"}},
		{"a path that needs a redirect", live, under("//"), []string{"404", "nothing at this path"}},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			argo := newArgoCD(t, serve(t, tt.service(t).Handler()))
			if tt.argo != nil {
				tt.argo(t, argo)
			}
			rows, err := argo.rows(t)
			if err == nil || len(rows) != 0 {
				t.Fatalf("rows %v, %v", rows, err)
			}
			for _, want := range tt.want {
				if !strings.Contains(err.Error(), want) {
					t.Errorf("%q isn't in %q", want, err)
				}
			}
			if apps, problem := argo.applications(t); problem == nil || len(apps) != 0 {
				t.Errorf("%d Applications, %v", len(apps), problem)
			}
		})
	}
}

func live(t *testing.T) *generator.Generator {
	t.Helper()
	return ready(t, worldOf(t, pullRequest(7)))
}

func unread(t *testing.T) *generator.Generator {
	t.Helper()
	return newService(t, worldOf(t, pullRequest(7)))
}

func withoutGateway(t *testing.T) *generator.Generator {
	t.Helper()
	w := worldOf(t, pullRequest(7))
	delete(w.repositories, "acme/gateway")
	return ready(t, w)
}

func misconfigured(t *testing.T) *generator.Generator {
	t.Helper()
	w := worldOf(t, pullRequest(7))
	w.tree.Files["previewset.yaml"] = config.File{Content: append(read(t, "previewset.yaml"), "colour: red\n"...)}
	return ready(t, w)
}

func unconfigured(t *testing.T) *generator.Generator {
	t.Helper()
	w := worldOf(t, pullRequest(7))
	delete(w.tree.Files, "previewset.yaml")
	return ready(t, w)
}

// token replaces the token in Argo CD's Secret.
func token(value string) func(*testing.T, *argoCD) {
	return func(_ *testing.T, a *argoCD) {
		for key := range a.secret.Data {
			a.secret.Data[key] = []byte(value)
		}
	}
}

// noKey stores the token under another key of Argo CD's Secret. Argo CD then sends the key's name.
func noKey(_ *testing.T, a *argoCD) {
	clear(a.secret.Data)
	a.secret.Data["other"] = []byte(argoToken)
}

func parameters(text string) func(*testing.T, *argoCD) {
	return func(t *testing.T, a *argoCD) {
		t.Helper()
		a.parameters(t, text)
	}
}

// under changes the path of the plugin's URL.
func under(path string) func(*testing.T, *argoCD) {
	return func(_ *testing.T, a *argoCD) { a.plugin.Data["baseUrl"] += path }
}

// Small deviations in settings don't matter.
func TestSmallDeviationsWork(t *testing.T) {
	t.Parallel()
	url := serve(t, live(t).Handler())
	for name, change := range map[string]func(*testing.T, *argoCD){
		"a newline after the token": token(argoToken + "\n"),
		"a slash after the address": under("/"),
		"no parameters":             parameters(`null`),
		"no input":                  func(_ *testing.T, a *argoCD) { a.set.Spec.Generators[0].Plugin.Input.Parameters = nil },
		"another ApplicationSet":    func(_ *testing.T, a *argoCD) { a.set.Name = "others" },
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			argo := newArgoCD(t, url)
			change(t, argo)
			if app := argo.onlyApplication(t); app.Name != "preview-shop-pr-7" {
				t.Error(app.Name)
			}
		})
	}
}

// Argo CD's client sends the headers that the generator expects, and gets a compressed answer.
func TestHeadersOfTheClient(t *testing.T) {
	t.Parallel()
	var got, answer http.Header
	var body []byte
	service := live(t).Handler()
	argo := newArgoCD(t, serve(t, http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		got = maps.Clone(r.Header)
		body, _ = io.ReadAll(r.Body)
		r.Body = io.NopCloser(strings.NewReader(string(body)))
		service.ServeHTTP(w, r)
		answer = w.Header()
	})))
	argo.onlyApplication(t)
	if diff := cmp.Diff(`{"applicationSetName":"previews","input":{}}`, strings.TrimSpace(string(body))); diff != "" {
		t.Error(diff)
	}
	if got.Get("Accept-Encoding") != "gzip" || got.Get("Authorization") != "Bearer "+argoToken || answer.Get("Content-Encoding") != "gzip" {
		t.Errorf("request headers %v, response headers %v", got, answer)
	}
}
