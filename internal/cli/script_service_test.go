package cli

import (
	"context"
	"encoding/json"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"os"
	"strings"
	"time"

	"github.com/rogpeppe/go-internal/testscript"

	"github.com/previewset/previewset/generator"
	"github.com/previewset/previewset/generator/secret"
	"github.com/previewset/previewset/internal/configbranch"
	"github.com/previewset/previewset/internal/github"
	"github.com/previewset/previewset/internal/githubtest"
	"github.com/previewset/previewset/internal/preview"
)

// service starts the real service on branch main of a bare repository, with the simulated GitHub of the demo, and sets
// the variables that point to it. Its Argo CD syncs at once. File argocd has the health and message of all
// Applications. With "workflows" the variables are those of a job of GitHub Actions, which has no API token.
func service(ts *testscript.TestScript, neg bool, args []string) {
	if neg || len(args) < 1 {
		ts.Fatalf("usage: service REPOSITORY [workflows]")
	}
	hub := httptest.NewServer(githubtest.Acme())
	ts.Defer(hub.Close)
	client, err := github.New(github.Options{BaseURL: hub.URL})
	ts.Check(err)
	branch, err := configbranch.New(configbranch.Options{URL: "file://" + ts.MkAbs(args[0])})
	ts.Check(err)
	ts.Check(os.WriteFile(ts.MkAbs("token"), []byte("the-token\n"), 0o600))
	token, err := secret.Read(ts.MkAbs("token"))
	ts.Check(err)
	argocd := &argoCD{file: ts.MkAbs("argocd")}
	options := generator.Options{
		ConfigBranch: branch, GitHub: client, Applications: argocd, Token: token, APIToken: token,
		Interval: time.Second, Logger: slog.New(slog.DiscardHandler),
	}
	isWorkflow := len(args) > 1
	if isWorkflow {
		options.Workflows = actionsTokens(ts, repositoryID(ts, hub.URL, "acme/shop"))
	}
	g := generator.New(options)
	argocd.service = g.Handler()
	ctx, cancel := context.WithCancel(context.Background())
	done := make(chan error, 1)
	go func() { done <- g.Run(ctx) }()
	ts.Defer(func() { cancel(); <-done })
	for {
		if w := argocd.ask(http.MethodGet, "/readyz", ""); w.Code == http.StatusOK {
			break
		}
		select {
		case <-done:
			ts.Fatalf("the generator ended")
		case <-time.After(10 * time.Millisecond): // a real process is polled too
		}
	}
	start(ts, g.Handler())
	if !isWorkflow {
		ts.Setenv("PREVIEWSET_API_TOKEN_FILE", "token")
	}
}

// argoCD has an Application for each row, synced.
type argoCD struct {
	service http.Handler
	file    string
}

func (a *argoCD) ask(method, path, body string) *httptest.ResponseRecorder {
	w, r := httptest.NewRecorder(), httptest.NewRequest(method, path, strings.NewReader(body))
	r.Header.Set("Authorization", "Bearer the-token")
	a.service.ServeHTTP(w, r)
	return w
}

// Application implements progress.Applications.
func (a *argoCD) Application(_ context.Context, name string) (*preview.ApplicationStatus, error) {
	var answer struct {
		Output struct{ Parameters []preview.Row }
	}
	if err := json.Unmarshal(a.ask(http.MethodPost, "/api/v1/getparams.execute", "{}").Body.Bytes(), &answer); err != nil {
		return nil, err
	}
	content, _ := os.ReadFile(a.file) // a missing file means healthy
	health, message, _ := strings.Cut(strings.TrimSpace(string(content)), " ")
	for _, r := range answer.Output.Parameters {
		if r.Namespace != name {
			continue
		}
		source := preview.ApplicationSource{TargetRevision: r.Revision, Path: r.Path, Kustomize: r.Kustomize}
		s := &preview.ApplicationStatus{
			Sync: "Synced", Health: "Healthy", Revision: r.Revision, Operation: "Succeeded", Images: []string{},
			Spec: source, Compared: source, Tried: source,
		}
		if health != "" && health != "Deleting" {
			s.Health = health
			s.Unhealthy = &preview.UnhealthyResource{Kind: "Deployment", Name: "orders", Health: health, Message: message}
		}
		return s, nil
	}
	if health == "Deleting" {
		return &preview.ApplicationStatus{Deleting: true}, nil
	}
	return nil, nil
}
