package programs

import (
	"context"
	"fmt"
	"net/http"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/previewset/previewset/e2e/process"
	"github.com/previewset/previewset/internal/githubtest"
	"github.com/previewset/previewset/internal/preview"
)

// refusal is the expected decision about a pull request or environment.
type refusal struct {
	about   string // "acme/shop#1", or an environment without a pull request
	outcome preview.Outcome
	rule    preview.Rule
	names   string // an object that the reason or the remedy must name
}

// githubAttack is an attack by what GitHub shows: pull requests, labels, reviews, checks, and faults of GitHub itself.
type githubAttack struct {
	name   string
	by     actor
	policy []string // replaced texts of previewset.yaml
	// before makes the world that is attacked. Its environments are live before the attack.
	before func(*world)
	live   []string
	attack func(*world)
	want   refusal
	// stays are the environments that stay in Argo CD's answer for some polls, in any state.
	stays []string
}

// Replaced texts of previewset.yaml.
var (
	approved = []string{"forks: never ", "forks: approved\n  approvalGrace: 0s #"}
	ready    = []string{
		"image: docker.io/stefanprodan/podinfo\n",
		"image: docker.io/stefanprodan/podinfo\n    ready: {check: image, app: github-actions}\n",
	}
)

var orders = []githubtest.File{{Name: "orders/main.go"}}

// fork opens a labelled pull request of mallory's fork.
func fork(w *world, labels ...string) int {
	return w.shop.Open(githubtest.PullRequest{
		Author: "mallory", HeadRepository: w.shop.Fork("mallory").ID, Labels: append(labels, "preview"), Files: orders,
	})
}

// branches opens labelled pull requests of the repository itself.
func branches(w *world, n int) {
	for range n {
		w.shop.Open(githubtest.PullRequest{Author: "alice", Labels: []string{"preview"}, Files: orders})
	}
}

func approve(w *world, number int, reviewer, role string) int64 {
	w.shop.SetPermission(reviewer, role)
	return w.shop.Review(number, githubtest.Review{Author: reviewer, State: "APPROVED"})
}

// approvedFork opens pull request 1 of a fork, with carol's approval.
func approvedFork(w *world) { w.review = approve(w, fork(w), "carol", "write") }

func (w *world) dismiss() { w.shop.DismissReview(1, w.review) }

func shopEnvironments(n int) []string {
	var names []string
	for i := range n {
		names = append(names, fmt.Sprintf("shop-pr-%d", i+1))
	}
	return names
}

func none(*world) {}

func githubAttacks() []githubAttack {
	return slices.Concat(forkAttacks(), readinessAttacks(), revocationAttacks(), labelAttacks(), faultsOfGitHub())
}

// heldShop1 is the decision that holds the first pull request of acme/shop.
func heldShop1(rule preview.Rule, names string) refusal {
	return refusal{"acme/shop#1", preview.Held, rule, names}
}

// forkAttacks are pull requests of forks without a valid approval.
func forkAttacks() []githubAttack {
	return []githubAttack{
		{
			name: "a fork, and forks get no preview", by: forkAuthor, before: none, attack: func(w *world) { fork(w) },
			want: heldShop1("fork", "fork"),
		},
		{
			name: "a fork with a label that looks like an approval", by: forkAuthor, policy: approved, before: none,
			attack: func(w *world) { fork(w, "approved") }, want: heldShop1("approval", "commit"),
		},
		{
			name: "the author approves", by: forkAuthor, policy: approved, before: none,
			attack: func(w *world) { approve(w, fork(w), "mallory", "write") }, want: heldShop1("approval", "commit"),
		},
		{
			name: "a person without write permission approves", by: forkAuthor, policy: approved, before: none,
			attack: func(w *world) { approve(w, fork(w), "eve", "triage") }, want: heldShop1("approval", "commit"),
		},
		{
			name: "a bot approves", by: forkAuthor, policy: approved, before: none,
			attack: func(w *world) { approve(w, fork(w), "merge-bot[bot]", "write") }, want: heldShop1("approval", "commit"),
		},
		{
			name: "a push after the approval", by: forkAuthor, policy: approved, before: none,
			attack: func(w *world) {
				number := fork(w)
				w.shop.SetPermission("carol", "write")
				w.shop.Review(number, githubtest.Review{Author: "carol", State: "APPROVED", SHA: githubtest.SHA("earlier")})
			},
			want: heldShop1("approval", "commit"),
		},
		{
			name: "the repository of the fork is deleted", by: forkAuthor, policy: approved, before: none,
			attack: func(w *world) {
				w.shop.Open(githubtest.PullRequest{
					Author: "mallory", Labels: []string{"preview"}, Files: orders,
					Raw: map[string]any{"head": map[string]any{
						"ref": "x", "sha": githubtest.SHA("1"), "label": "mallory:x", "user": nil, "repo": nil,
					}},
				})
			},
			want: heldShop1("approval", "commit"),
		},
	}
}

// readinessAttacks pretend that the image of a commit is ready.
func readinessAttacks() []githubAttack {
	return []githubAttack{
		{
			name: "a user with the App's slug as login marks the commit as ready", by: writer, policy: ready, before: none,
			attack: func(w *world) {
				w.shop.Open(githubtest.PullRequest{HeadSHA: githubtest.SHA("1"), Labels: []string{"preview"}, Files: orders})
				w.shop.SetStatus(githubtest.SHA("1"), githubtest.Status{Context: "image", State: "success", Creator: "github-actions"})
			},
			want: heldShop1("ready", "userID"),
		},
		{
			name: "another App's check has the name", by: writer, policy: ready, before: none,
			attack: func(w *world) {
				w.shop.Open(githubtest.PullRequest{HeadSHA: githubtest.SHA("1"), Labels: []string{"preview"}, Files: orders})
				w.shop.SetCheckRun(githubtest.SHA("1"), githubtest.CheckRun{Name: "image", App: "evil", Conclusion: "success"})
			},
			want: heldShop1("ready", "image"),
		},
	}
}

// revocationAttacks follow the deployment of an approved fork.
func revocationAttacks() []githubAttack {
	shop1 := []string{"shop-pr-1"}
	return []githubAttack{
		{
			name: "the approval is dismissed", by: forkAuthor, policy: approved, before: approvedFork, live: shop1,
			attack: func(w *world) { w.dismiss() },
			want:   refusal{"acme/shop#1", preview.AsleepOutcome, "approval", "can't wake"}, stays: shop1,
		},
		{
			name: "the reviewer loses write permission, and the author pushes", by: forkAuthor, policy: approved,
			before: approvedFork, live: shop1,
			attack: func(w *world) { w.shop.SetPermission("carol", "read"); w.shop.Push(1, orders...) },
			want:   refusal{"acme/shop#1", preview.AsleepOutcome, "approval", "can't wake"}, stays: shop1,
		},
		{
			name: "the approval is dismissed, and the author makes it a draft", by: forkAuthor, policy: approved,
			before: approvedFork, live: shop1,
			attack: func(w *world) {
				w.dismiss()
				w.shop.Edit(1, func(pr *githubtest.PullRequest) { pr.Draft = true })
			},
			want: refusal{"acme/shop#1", preview.AsleepOutcome, "draft", "can't wake"}, stays: shop1,
		},
		{
			name: "the author pushes after the deployment", by: forkAuthor, policy: approved, before: approvedFork, live: shop1,
			attack: func(w *world) { w.shop.Push(1, orders...) },
			want:   refusal{"acme/shop#1", preview.Live, "approval", "stays as it was"}, stays: shop1,
		},
	}
}

func labelAttacks() []githubAttack {
	labelled := func(labels ...string) func(*world) {
		return func(w *world) {
			w.shop.Open(githubtest.PullRequest{Author: "alice", Labels: labels, Files: orders})
		}
	}
	held := func(rule preview.Rule, names string) refusal {
		return refusal{"acme/shop#1", preview.Held, rule, names}
	}
	return []githubAttack{
		{
			name: "a label with an unknown profile", by: labeller, before: none, attack: labelled("preview:root"),
			want: held("profile", "changed, checkout, full"),
		},
		{
			name: "a join label that is a path", by: labeller, before: none, attack: labelled("preview-with:../../argocd"),
			want: held("join", "../../argocd"),
		},
		{
			name: "a join label with the name of another pull request's environment", by: labeller, before: none,
			attack: labelled("preview-with:gateway-pr-7"), want: held("join", "gateway-pr-7"),
		},
		{
			name: "a join label with characters that control a terminal", by: labeller, before: none,
			attack: labelled("preview-with:\x1b[2J\u202e"), want: held("join", "can't be"),
		},
		{
			name: "a title that is a template", by: writer, before: none,
			attack: func(w *world) {
				w.shop.Open(githubtest.PullRequest{
					Title: `{{ fail "x" }}"}]}` + "\x1b[31m", Labels: []string{"preview"}, Files: orders,
				})
			},
			want:  refusal{"acme/shop#1", preview.Live, "labelled", "preview"},
			stays: []string{"shop-pr-1"},
		},
		{
			name: "more environments than the owner may have", by: writer, policy: []string{"perOwner: 20", "perOwner: 1"},
			before: func(w *world) { branches(w, 1) }, live: shopEnvironments(1), attack: func(w *world) { branches(w, 1) },
			want:  refusal{"acme/shop#2", preview.Held, "limit", "limits.perOwner"},
			stays: shopEnvironments(1),
		},
		{
			name: "a user who may label deletes the label from the repository", by: labeller,
			before: func(w *world) { branches(w, 5) }, live: shopEnvironments(5),
			attack: func(w *world) { w.shop.DeleteLabel("preview") },
			want:   refusal{"acme/shop#1", preview.Live, "withheld", "previewctl confirm"}, stays: shopEnvironments(5),
		},
		{
			name: "a user who may label renames the label", by: labeller,
			before: func(w *world) { branches(w, 5) }, live: shopEnvironments(5),
			attack: func(w *world) { w.shop.RenameLabel("preview", "old") },
			want:   refusal{"acme/shop#1", preview.Live, "withheld", "previewctl confirm"}, stays: shopEnvironments(5),
		},
	}
}

func faultsOfGitHub() []githubAttack {
	stays := refusal{"acme/shop#1", preview.Live, "labelled", "preview"}
	fault := func(name string, f githubtest.Fault) githubAttack {
		return githubAttack{
			name: name, by: github, before: func(w *world) { branches(w, 2) }, live: shopEnvironments(2),
			attack: func(w *world) { w.github.Inject(f) }, want: stays, stays: shopEnvironments(2),
		}
	}
	lists := `^GET /repos/acme/shop/pulls\?`
	return []githubAttack{
		fault("the list of pull requests is empty", githubtest.Fault{Match: lists, Status: http.StatusOK, Body: "[]"}),
		fault("the list is no list", githubtest.Fault{Match: lists, Status: http.StatusOK, Body: "{}"}),
		fault("the list is cut off", githubtest.Fault{Match: lists, Kind: githubtest.CutOff}),
		fault("the quota is used up", githubtest.Fault{Match: "^GET /repos/", Kind: githubtest.RateLimited, RetryAfter: time.Hour}),
		fault("the repository answers 404", githubtest.Fault{Match: "^GET /repos/acme/shop", Status: http.StatusNotFound}),
		fault("pull requests can't be read directly, and the list is empty", githubtest.Fault{
			Match: `^GET /repos/acme/shop/pulls`, Status: http.StatusOK, Body: "[]",
		}),
		{
			name: "the reviews of an approved fork can't be read", by: github, policy: approved, before: approvedFork,
			live: shopEnvironments(1), attack: func(w *world) {
				w.github.Inject(githubtest.Fault{Match: "/reviews", Status: http.StatusBadGateway})
			},
			want: refusal{"acme/shop#1", preview.Live, "unread", "stays as it was"}, stays: shopEnvironments(1),
		},
		{
			name: "another repository takes the name", by: github, before: func(w *world) { branches(w, 1) }, live: shopEnvironments(1),
			attack: func(w *world) {
				w.shop.Delete()
				other := w.github.AddRepository("acme/shop")
				other.Open(githubtest.PullRequest{Author: "mallory", Labels: []string{"preview"}, Files: orders})
			},
			want: refusal{"shop-pr-1", preview.Live, "withheld", "another repository"}, stays: shopEnvironments(1),
		},
	}
}

// watch is the time in which an environment must stay: several polls.
const watch = 3 * time.Second

func TestAttacksThroughGitHub(t *testing.T) {
	t.Parallel()
	for _, a := range githubAttacks() {
		t.Run(string(a.by)+": "+a.name, func(t *testing.T) {
			t.Parallel()
			w := begin(t, a.policy)
			a.before(w)
			w.waitLive(t, a.live...)
			a.attack(w)
			w.refuses(t, a.want, a.stays)
		})
	}
}

// refuses waits for a decision, and then watches that it and the environments stay.
func (w *world) refuses(t *testing.T, want refusal, stays []string) {
	t.Helper()
	check := func(ctx context.Context) error {
		d, err := w.decision(ctx, want.about)
		switch {
		case err != nil:
			return err
		case d.Outcome != want.outcome || d.Rule != want.rule || !strings.Contains(d.Reason+"; "+d.Remedy, want.names):
			return fmt.Errorf("%s is %s by %s: %s; %s", want.about, d.Outcome, d.Rule, d.Reason, d.Remedy)
		case d.Outcome != preview.Live && d.Remedy == "":
			return fmt.Errorf("%s has no remedy", want.about)
		case strings.ContainsAny(d.Reason+d.Remedy+d.Title, "\x1b\u202e"):
			return fmt.Errorf("%s has hidden characters: %q", want.about, d.Reason)
		}
		rows, err := w.rows(ctx)
		if err != nil {
			return err
		}
		for _, name := range stays {
			if _, isLive := rows[name]; !isLive {
				return process.Final(fmt.Errorf("%s is gone", name))
			}
		}
		if _, isRow := rows[d.Environment]; isRow && d.Outcome == preview.Held {
			return process.Final(fmt.Errorf("%s has a row", d.Environment))
		}
		return nil
	}
	w.eventually(t, "refusal", check)
	if err := process.Hold(t.Context(), watch, check); err != nil {
		t.Error(err)
	}
}
