package testworld

import (
	"encoding/json"
	"net/http"
	"testing"

	"github.com/previewset/previewset/internal/preview"
)

// Environment returns an environment of the API.
func (s *Service) Environment(t testing.TB, name string) preview.Status {
	t.Helper()
	var got preview.Status
	if a := s.Get(
		t, "/api/v1/environments/"+name,
	); a.Code != http.StatusOK || json.Unmarshal([]byte(a.Body), &got) != nil {
		t.Fatalf("%d %s", a.Code, a.Body)
	}
	return got
}

// Request sends a request (wake, sleep, extend, redeploy) about an environment.
func (s *Service) Request(t testing.TB, name, action, body string) Response {
	t.Helper()
	return Do(
		t, s.Handler(), http.MethodPost, "/api/v1/environments/"+name+"/"+action, body,
		map[string]string{"Authorization": "Bearer " + APIToken},
	)
}

// States returns the states of all environments, by name.
func (s *Service) States(t testing.TB) map[string]preview.State {
	t.Helper()
	states := map[string]preview.State{}
	for _, r := range s.GetParams(t, ParamsBody).Rows(t) {
		states[r["name"].(string)] = preview.State(r["state"].(string))
	}
	return states
}

// ConfirmPath is the path of confirmations.
const ConfirmPath = "/api/v1/confirm"

// Confirm sends a confirmation.
func (s *Service) Confirm(t *testing.T, body string) Response {
	t.Helper()
	return Do(t, s.Handler(), http.MethodPost, ConfirmPath, body, map[string]string{"Authorization": "Bearer " + APIToken})
}

// Decisions returns "name: outcome rule" of all decisions. A star marks environments that wait for confirmation.
func (s *Service) Decisions(t *testing.T) []string {
	t.Helper()
	var got struct {
		Decisions []preview.Decision `json:"decisions"`
	}
	if err := json.Unmarshal([]byte(s.Get(t, "/api/v1/decisions").Body), &got); err != nil {
		t.Fatal(err)
	}
	all := []string{}
	for _, d := range got.Decisions {
		mark := ""
		if d.Withheld {
			mark = "*"
		}
		all = append(all, d.Environment+": "+string(d.Outcome)+" "+string(d.Rule)+mark)
	}
	return all
}

// ParamsPath is the path that Argo CD calls. ParamsBody is a body without a filter.
const (
	ParamsPath = "/api/v1/getparams.execute"
	ParamsBody = `{"applicationSetName":"previews","input":{"parameters":{}}}`
)

// GetParams requests rows as Argo CD does.
func (s *Service) GetParams(t testing.TB, body string) Response {
	t.Helper()
	return Do(t, s.Handler(), http.MethodPost, ParamsPath, body, nil)
}

// Get requests a path of the API.
func (s *Service) Get(t testing.TB, path string) Response {
	t.Helper()
	return Do(t, s.Handler(), http.MethodGet, path, "", map[string]string{"Authorization": "Bearer " + APIToken})
}
