// Package stand runs everything that stories about previews need: a real Kubernetes API, a real Argo CD, Git over HTTP,
// a simulated GitHub and the project's two programs, all on loopback. Stories in tests and the sandbox use the same
// stand.
//
// It doesn't know what a story expects.
package stand

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net/http/httptest"
	"os"
	"path/filepath"
	"strings"
	"time"

	"github.com/previewset/previewset/e2e/argocd"
	"github.com/previewset/previewset/e2e/cluster"
	"github.com/previewset/previewset/e2e/gitserver"
	"github.com/previewset/previewset/e2e/process"
	"github.com/previewset/previewset/e2e/toolchain"
	"github.com/previewset/previewset/internal/githubtest"
)

// Options of a stand. The zero value works.
type Options struct {
	ArgoCD   argocd.Options
	Progress io.Writer // gets a line for everything that is built and started; os.Stderr if nil
}

// Stand is a running stand.
type Stand struct {
	Cluster *cluster.Cluster
	ArgoCD  *argocd.ArgoCD
	// Folder has the files of all parts. Close removes it.
	Folder string
	*Sources
	*Waiter
	*AppClient
	*Installation

	progress io.Writer
	tools    *toolchain.Toolbox
	group    *process.Group
	cancel   context.CancelFunc
	closers  []func()
}

// Sources are the places that the generator reads.
type Sources struct {
	Git    *gitserver.Server
	GitHub *githubtest.Server
	// GitHubURL is the URL of the simulated GitHub's API.
	GitHubURL string
}

// Start builds the programs that aren't built yet and starts everything. If a part doesn't start, the others are ended.
func Start(ctx context.Context, o Options) (*Stand, error) {
	if o.Progress == nil {
		o.Progress = os.Stderr
	}
	ctx, cancel := context.WithCancel(ctx)
	s := &Stand{progress: o.Progress, cancel: cancel, Sources: &Sources{}}
	if err := s.start(ctx, o); err != nil {
		if s.group != nil {
			s.group.WriteLogs(o.Progress, 10)
		}
		return nil, errors.Join(err, s.Close())
	}
	return s, nil
}

func (s *Stand) start(ctx context.Context, o Options) error {
	if err := s.build(ctx, o); err != nil {
		return err
	}
	if err := s.makeFolder(); err != nil {
		return err
	}
	s.Waiter = &Waiter{group: s.group}
	begin := time.Now()
	for _, start := range []func(context.Context, Options) error{
		s.startCluster, s.startArgoCD, s.startGit, s.startGitHub,
	} {
		if err := start(ctx, o); err != nil {
			return err
		}
	}
	s.AppClient = &AppClient{cluster: s.Cluster, waiter: s.Waiter}
	s.Installation = &Installation{
		cluster: s.Cluster, sources: s.Sources, tools: s.tools, group: s.group, waiter: s.Waiter, folder: s.folder("own"),
	}
	_, _ = fmt.Fprintf(s.progress, "stand with Kubernetes and Argo CD %s ready after %s; its files are in %s\n",
		s.ArgoCD.Version, time.Since(begin).Round(100*time.Millisecond), s.Folder)
	return nil
}

func (s *Stand) build(ctx context.Context, o Options) (err error) {
	if s.tools, err = toolchain.Open(ctx); err != nil {
		return err
	}
	programs, err := o.ArgoCD.Programs()
	if err != nil {
		return err
	}
	return s.tools.Build(ctx, s.progress, append(programs, cluster.Programs()...)...)
}

func (s *Stand) makeFolder() (err error) {
	// Short, because sockets are in it.
	if s.Folder, err = os.MkdirTemp("", "previewset-"); err != nil {
		return err
	}
	for _, name := range []string{"logs", "cluster", "argocd", "git", "own"} {
		if err := os.Mkdir(s.folder(name), 0o700); err != nil {
			return err
		}
	}
	s.group = process.NewGroup(s.folder("logs"))
	return nil
}

func (s *Stand) folder(name string) string { return filepath.Join(s.Folder, name) }

func (s *Stand) startCluster(ctx context.Context, _ Options) (err error) {
	s.Cluster, err = cluster.Start(ctx, s.tools, s.group, s.folder("cluster"))
	return err
}

func (s *Stand) startArgoCD(ctx context.Context, o Options) (err error) {
	s.ArgoCD, err = argocd.Start(ctx, s.tools, s.group, s.Cluster, s.folder("argocd"), o.ArgoCD)
	return err
}

func (s *Stand) startGit(ctx context.Context, _ Options) (err error) {
	if s.Git, err = gitserver.Start(ctx, s.folder("git")); err != nil {
		return fmt.Errorf("start Git server: %w", err)
	}
	s.closers = append(s.closers, s.Git.Close)
	return s.ArgoCD.AddRepository(ctx, "config", s.Git.URL, s.Git.User, s.Git.Password)
}

func (s *Stand) startGitHub(context.Context, Options) error {
	s.GitHub = githubtest.New()
	server := httptest.NewServer(s.GitHub)
	s.closers = append(s.closers, server.Close)
	s.GitHubURL = server.URL
	return nil
}

// Close ends everything and removes the files.
func (s *Stand) Close() error {
	s.cancel()
	if s.group != nil {
		s.group.Close()
	}
	for _, end := range s.closers {
		end()
	}
	if s.Folder == "" {
		return nil
	}
	return os.RemoveAll(s.Folder)
}

// WriteState writes the cluster's objects and the last lines of all logs, for a story that failed.
func (s *Stand) WriteState(ctx context.Context, w io.Writer) {
	for _, args := range [][]string{
		{"get", "applicationsets,applications", "--all-namespaces"},
		{"get", "namespaces,pods,persistentvolumeclaims,httproutes,jobs", "--all-namespaces", "--show-kind"},
		{"get", "events", "--all-namespaces", "--field-selector=type=Warning"},
	} {
		out, err := s.Cluster.Kubectl(ctx, nil, args...)
		if err != nil {
			out = err.Error()
		}
		_, _ = fmt.Fprintf(w, "\n$ kubectl %s\n%s", strings.Join(args, " "), out)
	}
	list, err := s.Previewctl(ctx, append([]string{"list", "--all", "-o", "json"}, s.APIFlags()...)...)
	if err != nil {
		list = err.Error()
	}
	_, _ = fmt.Fprintf(w, "\n$ previewctl list --all\n%s", list)
	s.group.WriteLogs(w, 15)
}
