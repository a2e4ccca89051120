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
	// gitPoll is the shortest interval after which Argo CD looks for a commit by itself. A change that arrives sooner
	// arrived because the service refreshed Argo CD.
	gitPoll = 2 * time.Minute
	// while is the time during which stories watch that something doesn't happen. The generator polls several times in it.
	while = 4 * time.Second
)

// longWait is the flag of previewctl wait for the patience of stories.
var longWait = "--timeout=" + standtest.Patience.String()

// world is the stand that all stories share, with two repositories and the running service.
type world struct {
	*standtest.World
	shop, gateway repository
	service       *stand.Service

	previewWaiter
	contentReader
	objectReader
	footprints
	serviceView
	admissionTester
	webhooks

	mu      sync.Mutex
	commits []string // the stories' commits of the GitOps repository, in order
}

// These parts of a world need only the stand.
type (
	// previewWaiter waits for a preview's Application and objects.
	previewWaiter struct{ stand *standtest.World }
	// contentReader reads a preview's services, links, stores and hosts.
	contentReader struct{ stand *standtest.World }
	// objectReader reads objects as they were declared.
	objectReader struct{ stand *standtest.World }
	// footprints compares environments before and after a change.
	footprints struct{ stand *standtest.World }
	// serviceView reads the generator's answers and the errors that Argo CD shows.
	serviceView struct{ stand *standtest.World }
	// admissionTester tries objects on the API server and with previewctl check.
	admissionTester struct{ stand *standtest.World }
	// webhooks adds webhooks to the simulated GitHub.
	webhooks struct{ stand *standtest.World }
)

func newWorld(s *stand.Stand) *world {
	w := &standtest.World{Stand: s}
	return &world{
		World:         w,
		shop:          repository{Repo: s.GitHub.AddRepository("acme/shop"), fullName: "acme/shop", short: "shop"},
		gateway:       repository{Repo: s.GitHub.AddRepository("acme/gateway"), fullName: "acme/gateway", short: "gateway"},
		previewWaiter: previewWaiter{w}, contentReader: contentReader{w}, objectReader: objectReader{w}, footprints: footprints{w},
		serviceView: serviceView{w}, admissionTester: admissionTester{w}, webhooks: webhooks{w},
	}
}

// repository is a repository of the simulated GitHub. short is the first part of its environments' names.
type repository struct {
	*githubtest.Repo
	fullName, short string
}

// preview is a pull request with its environment and Application.
type preview struct {
	in          repository
	number      int
	name        string // of the environment
	application string // also the name of the namespace
}

// String returns the pull request, or the environment's name if it has none.
func (p preview) String() string {
	if p.number == 0 {
		return p.name
	}
	return fmt.Sprintf("%s#%d", p.in.fullName, p.number)
}

// open opens a pull request and closes it after the story. The story's name is the author.
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

// labelled returns a pull request that changes one file and has these labels.
func labelled(file string, labels ...string) githubtest.PullRequest {
	return githubtest.PullRequest{Labels: labels, Files: []githubtest.File{{Name: file}}}
}

// openLive opens a pull request with the label preview and waits until its environment runs.
func (w *world) openLive(t testing.TB, in repository, file string) preview {
	t.Helper()
	p := w.open(t, in, labelled(file, "preview"))
	w.waitSynced(t, p)
	return p
}

func (v previewWaiter) waitSynced(t testing.TB, p preview) stand.Application {
	t.Helper()
	return v.stand.WaitSynced(t, p.application, standtest.Patience)
}

func (v previewWaiter) waitGone(t testing.TB, p preview) {
	t.Helper()
	v.stand.WaitGone(t, p.application, standtest.Patience)
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
func (v previewWaiter) waitRuns(t testing.TB, p preview, image, sha string) {
	t.Helper()
	v.stand.Eventually(t, standtest.Patience, fmt.Sprintf("%s runs %s at %.7s", p, image, sha), func(ctx context.Context) error {
		images, err := v.stand.Images(ctx, p.application)
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

// Images of the example's services in previewset.yaml.
const (
	webImage     = "docker.io/nginxinc/nginx-unprivileged"
	gatewayImage = "ghcr.io/stefanprodan/podinfo"
	ordersImage  = "docker.io/stefanprodan/podinfo"
)

// noApplication returns an error while the preview has an Application.
func (v previewWaiter) noApplication(p preview) func(context.Context) error {
	return func(ctx context.Context) error {
		_, err := v.stand.Application(ctx, p.application)
		if apierrors.IsNotFound(err) {
			return nil
		}
		return cmp.Or(err, fmt.Errorf("Application %s exists", p.application))
	}
}

// waitDecision waits until previewctl lists this decision about the pull request.
func (w *world) waitDecision(t testing.TB, p preview, want standtest.Decision, words ...string) {
	t.Helper()
	w.WaitDecision(t, p.String(), want, words...)
}

// commit pushes a change of the GitOps repository and waits until the generator has read this commit or a later one.
func (w *world) commit(t testing.TB, message string, changes ...func(*os.Root) error) string {
	t.Helper()
	sha, nth := w.push(t, message, gitserver.All(changes...))
	w.Eventually(t, standtest.Patience, "the generator read commit "+message, func(ctx context.Context) error {
		status, err := w.Status(ctx)
		if err != nil {
			return err
		}
		for _, c := range w.commitsFrom(nth) {
			if strings.Contains(status, c[:12]) {
				return nil
			}
		}
		return fmt.Errorf("it reports\n%s", status)
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
