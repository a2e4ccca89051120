package main

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"net/http/httptest"
	"time"

	"github.com/previewset/previewset/e2e/argocd"
	"github.com/previewset/previewset/e2e/process"
	"github.com/previewset/previewset/e2e/stand"
	"github.com/previewset/previewset/internal/githubtest"
	"github.com/previewset/previewset/internal/preview"
)

// githubToken is a user's token that may change pull requests on the simulated GitHub.
const githubToken = "sandbox"

// sandbox is a stand with PreviewSet on it.
type sandbox struct {
	*stand.Stand
	options argocd.Options
	github  *httptest.Server
	service *stand.Service
	labels  map[pullRequest][]string
	watcher watcher
}

// pullRequest is a pull request of the simulated GitHub.
type pullRequest struct {
	repository string
	number     int
}

func (s *sandbox) close() error {
	if s.github != nil {
		s.github.Close()
	}
	return s.Close()
}

// step is a part of the beginning.
type step struct {
	what string
	do   func(context.Context) error
}

// begin does all steps until the first previews run.
func (s *sandbox) begin(ctx context.Context) error {
	steps := []step{
		{"filling the simulated GitHub", s.fillGitHub},
		{"installing: previewctl init, git push, kubectl apply -k appsets", s.Install},
		{"starting the generator", s.startService},
		{"waiting for the baseline, overlays/staging", s.waitBaseline},
		{"labelling pull requests, and waiting for their previews", s.waitPreviews},
		{"listing the environments", s.list},
	}
	if !s.options.Server {
		steps = append(steps, step{"installing appsets/argocd-ui, and starting Argo CD's web pages", s.startUI})
	}
	for _, step := range steps {
		start := time.Now()
		fmt.Printf("· %s\n", step.what)
		if err := step.do(ctx); err != nil {
			return fmt.Errorf("%s: %w", step.what, err)
		}
		fmt.Printf("  %s\n", time.Since(start).Round(100*time.Millisecond))
	}
	return s.help(ctx)
}

// fillGitHub replaces the stand's empty GitHub by the demo's organisation. It keeps the labels for waitPreviews.
func (s *sandbox) fillGitHub(context.Context) error {
	s.GitHub = githubtest.Acme()
	s.GitHub.AllowToken(githubToken)
	s.github = httptest.NewServer(s.GitHub)
	s.GitHubURL, s.labels = s.github.URL, map[pullRequest][]string{}
	for _, name := range []string{"acme/gateway", "acme/shop"} {
		repository := s.GitHub.Repository(name)
		for number := 1; ; number++ {
			p, ok := repository.PullRequest(number)
			if !ok {
				break
			}
			s.labels[pullRequest{name, number}] = p.Labels
			repository.Edit(number, func(p *githubtest.PullRequest) { p.Labels = nil })
		}
	}
	return nil
}

func (s *sandbox) startUI(ctx context.Context) error {
	address, err := s.RunUI(ctx, s.options)
	if err == nil {
		fmt.Printf("\n  Argo CD, signed in as alice: %s/applications?as=alice@example.dev\n\n", address)
	}
	return err
}

func (s *sandbox) startService(ctx context.Context) (err error) {
	if s.service, err = s.RunService(ctx); err != nil {
		return err
	}
	// Argo CD asked before the generator ran. Without a refresh, it would ask again after three minutes.
	return s.Refresh(ctx, "previews")
}

func (s *sandbox) waitBaseline(ctx context.Context) error {
	s.watcher = newWatcher(s.Stand)
	return s.waitSettled(ctx, map[string]bool{"staging": true})
}

func (s *sandbox) waitPreviews(ctx context.Context) error {
	s.watcher.start = time.Now()
	defer func() { s.watcher.start = time.Time{} }() // later Applications have another cause
	for pr, labels := range s.labels {
		s.GitHub.Repository(pr.repository).Label(pr.number, labels...)
	}
	wanted, err := s.waitDecided(ctx)
	if err != nil {
		return err
	}
	return s.waitSettled(ctx, wanted)
}

// waitDecided waits until the generator has read all labels, and returns the Applications of its environments.
func (s *sandbox) waitDecided(ctx context.Context) (wanted map[string]bool, err error) {
	err = process.Poll(ctx, time.Minute, func(ctx context.Context) error {
		text, problem := s.Previewctl(ctx, append([]string{"list", "--all", "-o", "json"}, s.APIFlags()...)...)
		if problem == nil {
			wanted, problem = s.decided([]byte(text))
		}
		return problem
	})
	return wanted, err
}

func (s *sandbox) decided(list []byte) (map[string]bool, error) {
	var answer struct {
		Environments []preview.Row
		Decisions    []preview.Decision
	}
	if err := json.Unmarshal(list, &answer); err != nil {
		return nil, process.Final(err)
	}
	for _, d := range answer.Decisions {
		if d.Rule == "unlabelled" && len(s.labels[pullRequest{d.Repository, d.Number}]) > 0 {
			return nil, fmt.Errorf("the labels of %s#%d weren't read yet", d.Repository, d.Number)
		}
	}
	wanted := map[string]bool{}
	for _, r := range answer.Environments {
		wanted[r.Namespace] = true
	}
	return wanted, nil
}

// waitSettled waits until these Applications are Synced and Healthy. It prints the changes meanwhile.
func (s *sandbox) waitSettled(ctx context.Context, wanted map[string]bool) error {
	return process.Poll(ctx, 20*time.Minute, func(ctx context.Context) error {
		if err := s.look(ctx); err != nil {
			return err
		}
		for name := range wanted {
			if !s.watcher.settled[name] {
				return fmt.Errorf("%s isn't Synced and Healthy", name)
			}
		}
		return nil
	})
}

// look prints the changes in the cluster. Its error is final if the generator has ended.
func (s *sandbox) look(ctx context.Context) error {
	if err := s.service.Ended(); err != nil {
		return process.Final(err)
	}
	return s.watcher.look(ctx)
}

// watch prints the changes until ctx is done.
func (s *sandbox) watch(ctx context.Context) error {
	err := process.Hold(ctx, 1000*time.Hour, s.look)
	if errors.Is(err, context.Canceled) {
		return nil
	}
	return err
}

func (s *sandbox) list(ctx context.Context) error {
	text, err := s.Previewctl(ctx, append([]string{"list", "-o", "table"}, s.APIFlags()...)...)
	fmt.Printf("\n%s\n", text)
	return err
}
