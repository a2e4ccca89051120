package stories

import (
	"cmp"
	"context"
	"fmt"
	"os"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	apierrors "k8s.io/apimachinery/pkg/api/errors"

	"github.com/previewset/previewset/e2e/gitserver"
	"github.com/previewset/previewset/e2e/stand"
	"github.com/previewset/previewset/e2e/standtest"
	"github.com/previewset/previewset/internal/githubtest"
)

const (
	// gitPoll is the least time after which Argo CD would find a commit by itself. What arrives sooner was told to it.
	gitPoll = 2 * time.Minute
	// while is for how long it is watched that something doesn't happen: some polls of the service's.
	while = 4 * time.Second
)

// world is what stories happen in. The service is the run of it that is current.
type world struct {
	*standtest.World
	shop, gateway repository
	service       *stand.Service

	mu      sync.Mutex
	commits []string // of the GitOps repository, in their order
}

// repository is one of the simulated GitHub's. short is the first part of its previews' names.
type repository struct {
	*githubtest.Repo
	fullName, short string
}

// preview is a pull request and the names of what it gets.
type preview struct {
	in          repository
	number      int
	name        string // of the environment
	application string // and of its namespace
}

func (p preview) String() string { return fmt.Sprintf("%s#%d", p.in.fullName, p.number) }

// open opens a pull request, and closes it when the story is over. Its author is the story.
func (w *world) open(t testing.TB, in repository, pr githubtest.PullRequest) preview {
	t.Helper()
	pr.Author = cmp.Or(pr.Author, strings.Map(loginLetter, t.Name()))
	number := in.Open(pr)
	t.Cleanup(func() { in.Close(number) })
	name := fmt.Sprintf("%s-pr-%d", in.short, number)
	return preview{in: in, number: number, name: name, application: "preview-" + name}
}

func loginLetter(r rune) rune {
	if r < 0x80 && r != '/' && r != '_' {
		return r
	}
	return '-'
}

// labelled is a pull request with labels that changes one file.
func labelled(file string, labels ...string) githubtest.PullRequest {
	return githubtest.PullRequest{Labels: labels, Files: []githubtest.File{{Name: file}}}
}

// openLive opens a pull request that asks for a preview and waits until that runs.
func (w *world) openLive(t testing.TB, in repository, file string) preview {
	t.Helper()
	p := w.open(t, in, labelled(file, "preview"))
	w.waitSynced(t, p)
	return p
}

func (w *world) waitSynced(t testing.TB, p preview) stand.Application {
	t.Helper()
	return w.WaitSynced(t, p.application, standtest.Patience)
}

func (w *world) waitGone(t testing.TB, p preview) {
	t.Helper()
	w.WaitGone(t, p.application, standtest.Patience)
}

func (p preview) close()                 { p.in.Close(p.number) }
func (p preview) label(labels ...string) { p.in.Label(p.number, labels...) }
func (p preview) push() (head string)    { return p.in.Push(p.number) }
func (p preview) relabel(labels ...string) {
	p.in.Edit(p.number, func(pr *githubtest.PullRequest) { pr.Labels = labels })
}

func (p preview) head() string {
	pr, _ := p.in.PullRequest(p.number)
	return pr.HeadSHA
}

// waitRuns waits until a service of the preview runs at the commit, and no Pod of it at any other.
func (w *world) waitRuns(t testing.TB, p preview, image, sha string) {
	t.Helper()
	w.Eventually(t, standtest.Patience, fmt.Sprintf("%s runs %s at %.7s", p, image, sha), func(ctx context.Context) error {
		images, err := w.Images(ctx, p.application)
		if err != nil {
			return err
		}
		images = slices.DeleteFunc(images, func(i string) bool { return !strings.HasPrefix(i, image+":") })
		if !slices.Equal(images, []string{image + ":" + sha}) {
			return fmt.Errorf("it runs %q", images)
		}
		return nil
	})
}

// Images of the example's services, as previewset.yaml names them.
const (
	webImage     = "docker.io/nginxinc/nginx-unprivileged"
	gatewayImage = "ghcr.io/stefanprodan/podinfo"
	ordersImage  = "docker.io/stefanprodan/podinfo"
)

// noApplication is an error while there is an Application of the preview.
func (w *world) noApplication(p preview) func(context.Context) error {
	return func(ctx context.Context) error {
		_, err := w.Application(ctx, p.application)
		if apierrors.IsNotFound(err) {
			return nil
		}
		return cmp.Or(err, fmt.Errorf("there is an Application %s", p.application))
	}
}

// waitListed waits until previewctl list shows the preview with all these parts in its line.
func (w *world) waitListed(t testing.TB, p preview, parts ...string) {
	t.Helper()
	w.Eventually(t, standtest.Patience, fmt.Sprintf("previewctl list says of %s %q", p, parts), func(ctx context.Context) error {
		out, err := w.Previewctl(ctx, append([]string{"list", "--all"}, w.APIFlags()...)...)
		if err != nil {
			return err
		}
		for line := range strings.Lines(out) {
			if fields := strings.Split(line, "\t"); len(fields) > 2 && fields[2] == p.String() {
				return standtest.Contains(line, parts...)
			}
		}
		return fmt.Errorf("it isn't in\n%s", out)
	})
}

// commit pushes a change of the GitOps repository and waits until the service has read it, alone or with later ones.
func (w *world) commit(t testing.TB, message string, changes ...func(*os.Root) error) string {
	t.Helper()
	sha, nth := w.push(t, message, gitserver.All(changes...))
	w.Eventually(t, standtest.Patience, "the service read commit "+message, func(ctx context.Context) error {
		status, err := w.Status(ctx)
		if err != nil {
			return err
		}
		for _, c := range w.commitsFrom(nth) {
			if strings.Contains(status, c[:12]) {
				return nil
			}
		}
		return fmt.Errorf("it says\n%s", status)
	})
	return sha
}

func (w *world) push(t testing.TB, message string, change func(*os.Root) error) (sha string, nth int) {
	t.Helper()
	w.mu.Lock()
	defer w.mu.Unlock()
	sha, err := w.Git.Change(t.Context(), message, change)
	if err != nil {
		t.Fatal(err)
	}
	w.commits = append(w.commits, sha)
	return sha, len(w.commits) - 1
}

func (w *world) commitsFrom(nth int) []string {
	w.mu.Lock()
	defer w.mu.Unlock()
	return slices.Clone(w.commits[nth:])
}
