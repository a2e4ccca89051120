package testworld

import (
	"context"
	"encoding/json"
	"io"
	"log/slog"
	"net"
	"net/http"
	"os"
	"path/filepath"
	"sync"
	"testing"
	"testing/synctest"

	"github.com/google/go-cmp/cmp"
	"github.com/prometheus/client_golang/prometheus"

	"github.com/previewset/previewset/generator"
	"github.com/previewset/previewset/generator/secret"
	"github.com/previewset/previewset/internal/preview"
)

// run runs a service until it is stopped or the test ends, within a bubble of synctest.
func (s *Service) Start(t *testing.T) (stop func()) {
	t.Helper()
	ctx, cancel := context.WithCancel(t.Context())
	done := make(chan error, 1)
	go func() { done <- s.Run(ctx) }()
	stop = sync.OnceFunc(func() {
		cancel()
		if err := <-done; err != nil {
			t.Error(err)
		}
	})
	t.Cleanup(stop)
	synctest.Wait()
	return stop
}

func (s *Service) Environment(t testing.TB, name string) preview.Status {
	t.Helper()
	var got preview.Status
	if a := s.Get(t, "/api/v1/environments/"+name); a.Code != http.StatusOK || json.Unmarshal([]byte(a.Body), &got) != nil {
		t.Fatalf("%d %s", a.Code, a.Body)
	}
	return got
}

// asks asks something of an environment over the API.
func (s *Service) Request(t testing.TB, name, action, body string) Response {
	t.Helper()
	return Do(t, s.Handler(), http.MethodPost, "/api/v1/environments/"+name+"/"+action, body, map[string]string{"Authorization": "Bearer " + APIToken})
}

// states are those of the rows that are answered, by name.
func (s *Service) States(t testing.TB) map[string]string {
	t.Helper()
	states := map[string]string{}
	for _, r := range s.GetParams(t, ParamsBody).Rows(t) {
		states[r["name"].(string)] = r["state"].(string)
	}
	return states
}

const ConfirmPath = "/api/v1/confirm"

// withheld is a service whose three environments are withheld.
func NewWaitingForConfirmation(t *testing.T, change ...func(*generator.Options)) *Service {
	t.Helper()
	w := New()
	s := Ready(t, w, change...)
	w.Change(func() { w.Tree = Tree(2, DeployPolicy) })
	s.Refresh(t.Context())
	if diff := cmp.Diff(AllNames, s.GetParams(t, ParamsBody).Names(t)); diff != "" {
		t.Fatalf("not all are live: %s", diff)
	}
	return s
}

func (s *Service) Confirm(t *testing.T, body string) Response {
	t.Helper()
	return Do(t, s.Handler(), http.MethodPost, ConfirmPath, body, map[string]string{"Authorization": "Bearer " + APIToken})
}

// decisions are "name: outcome rule", with a star where the environment is withheld.
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
		star := ""
		if d.Withheld {
			star = "*"
		}
		all = append(all, d.Environment+": "+d.Outcome+" "+d.Rule+star)
	}
	return all
}

// The tokens of the service.
const (
	ArgoToken = "argo-t0ken"
	APIToken  = "api-t0ken"
)

// paramsPath is the path that Argo CD calls, and paramsBody a body without a filter.
const (
	ParamsPath = "/api/v1/getparams.execute"
	ParamsBody = `{"applicationSetName":"previews","input":{"parameters":{}}}`
)

// service is a Generator over a world.
type Service struct {
	*generator.Generator
	*World
	Token, APIToken *secret.File
	Registry        *prometheus.Registry
	Log             *Log
}

// newService makes one that has read nothing yet. Change sets options that a test needs otherwise.
func NewService(t testing.TB, w *World, change ...func(*generator.Options)) *Service {
	t.Helper()
	s := &Service{World: w, Token: NewSecret(t, ArgoToken), APIToken: NewSecret(t, APIToken), Registry: prometheus.NewRegistry(), Log: &Log{}}
	o := generator.Options{
		ConfigBranch: w, GitHub: w, Token: s.Token, APIToken: s.APIToken, Registry: s.Registry,
		Logger: slog.New(slog.NewJSONHandler(s.Log, nil)), Now: w.Clock,
	}
	for _, c := range change {
		c(&o)
	}
	s.Generator = generator.New(o)
	return s
}

// ready is a service that has read everything once.
func Ready(t testing.TB, w *World, change ...func(*generator.Options)) *Service {
	t.Helper()
	s := NewService(t, w, change...)
	s.Refresh(t.Context())
	return s
}

func NewSecret(t testing.TB, value string) *secret.File {
	t.Helper()
	path := filepath.Join(t.TempDir(), "secret")
	if err := os.WriteFile(path, []byte(value+"\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	s, err := secret.Read(path)
	if err != nil {
		t.Fatal(err)
	}
	return s
}

// ask asks as Argo CD does.
func (s *Service) GetParams(t testing.TB, body string) Response {
	t.Helper()
	return Do(t, s.Handler(), http.MethodPost, ParamsPath, body, nil)
}

func (s *Service) Get(t testing.TB, path string) Response {
	t.Helper()
	return Do(t, s.Handler(), http.MethodGet, path, "", map[string]string{"Authorization": "Bearer " + APIToken})
}

// Run runs a service with webhooks in a bubble of synctest until the test function returns.
func Run(t *testing.T, change []func(*generator.Options), test func(s *Service)) {
	t.Helper()
	change = append([]func(*generator.Options){WithWebhooks(t), WithRealTime}, change...)
	synctest.Test(t, func(t *testing.T) {
		s := NewService(t, New(), change...)
		s.Start(t)
		test(s)
	})
}

func Listen(t testing.TB) net.Listener {
	t.Helper()
	var lc net.ListenConfig
	l, err := lc.Listen(t.Context(), "tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	return l
}

func Compare(t *testing.T, what string, want, got any) {
	t.Helper()
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("%s: %s", what, diff)
	}
}

func Fetch(t *testing.T, url string) (int, string) {
	t.Helper()
	r, err := http.NewRequestWithContext(t.Context(), http.MethodGet, url, http.NoBody)
	if err != nil {
		t.Error(err)
		return 0, ""
	}
	resp, err := http.DefaultClient.Do(r)
	if err != nil {
		t.Error(err)
		return 0, ""
	}
	defer resp.Body.Close()
	body, err := io.ReadAll(resp.Body)
	if err != nil {
		t.Error(err)
	}
	return resp.StatusCode, string(body)
}
