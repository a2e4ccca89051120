package stories

import (
	"context"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

	"github.com/previewset/previewset/e2e/gitserver"
	"github.com/previewset/previewset/e2e/stand"
	"github.com/previewset/previewset/e2e/standtest"
)

// Somebody changes two repositories for one thing, and labels both pull requests alike: one environment runs both. The first
// that is merged leaves it to the other one, in place; with the last it goes.
func TestJoinedPullRequestsShareOneEnvironment(t *testing.T) {
	t.Parallel()
	w := shared
	front := w.open(t, w.gateway, labelled("main.go", "preview-with:redesign"))
	back := w.open(t, w.shop, labelled("orders/main.go", "preview-with:redesign"))
	p := named("redesign")
	w.waitRuns(t, p, gatewayImage, front.head())
	w.waitRuns(t, p, ordersImage, back.head())
	if app := w.waitSynced(t, p); app.Labels["previewset.dev/source"] != "pull-request" {
		t.Errorf("its labels are %v", app.Labels)
	}
	for _, own := range []preview{front, back} {
		w.WaitPrints(t, []string{"why", own.String()}, "is live", "it runs in environment redesign")
		if err := w.noApplication(own)(t.Context()); err != nil {
			t.Error(err)
		}
	}
	stays := w.stays(t, p.application)
	w.waitRuns(t, p, ordersImage, back.push())

	front.in.Merge(front.number)
	w.waitImage(t, p, "gateway", pinned(t, w, "gateway"))
	w.waitRuns(t, p, ordersImage, back.head())
	w.waitSynced(t, p)
	if err := stays(t.Context()); err != nil {
		t.Error(err)
	}
	back.close()
	w.waitGone(t, p)
}

// waitImage waits until a service of the preview has an image.
func (w *world) waitImage(t *testing.T, p preview, service, image string) {
	t.Helper()
	w.waitWorkload(t, p, service, workload{"1", image})
}

// pinned is the image that kustomize-base pins of a service.
func pinned(t *testing.T, w *world, service string) string {
	t.Helper()
	deployment, err := w.Cluster.Client.AppsV1().Deployments("staging").Get(t.Context(), service, metav1.GetOptions{})
	if err != nil {
		t.Fatal(err)
	}
	return deployment.Spec.Template.Spec.Containers[0].Image
}

// Somebody keeps a pull request's environment: after the merge it is still there, with its namespace, its address and its
// commits, until somebody deletes it.
func TestAdoptedEnvironmentOutlivesItsPullRequest(t *testing.T) {
	t.Parallel()
	w := shared
	p := w.openLive(t, w.gateway, "main.go")
	head, before := p.head(), w.waitSynced(t, p)
	stays := w.stays(t, p.application)
	w.byHand(t, append([]string{"adopt", p.String()}, w.APIFlags()...)...)
	p.in.Merge(p.number)
	w.Eventually(t, standtest.Patience, "it is an environment of its own", func(ctx context.Context) error {
		app, err := w.Application(ctx, p.application)
		return firstError(err, standtest.Contains(app.Labels["previewset.dev/source"], "environment"))
	})
	after := w.waitSynced(t, p)
	w.waitRuns(t, p, gatewayImage, head)
	w.Always(t, while, "it stays", stays)
	const url = "previewset.dev/url"
	if after.Annotations[url] != before.Annotations[url] || after.Annotations[url] != "https://"+p.name+"."+stand.Domain {
		t.Errorf("it was at %s and is at %s", before.Annotations[url], after.Annotations[url])
	}
	w.byHand(t, "delete", p.name)
	w.waitGone(t, p)
}

// People share a slot by turns: who has it has their pull requests in it, together. The others are told the command that gets
// them one, wait, and take it over with its namespace and address. (Slots are for everybody, so this isn't parallel.)
func TestSlotGoesFromHandToHand(t *testing.T) {
	w := shared
	const policy = "previewset.yaml"
	was := w.File(t, policy)
	t.Cleanup(func() {
		restore := gitserver.All(gitserver.Write(policy, was), gitserver.Remove("slots.yaml"))
		if _, err := w.Git.Change(context.WithoutCancel(t.Context()), "Have no slots", restore); err != nil {
			t.Error(err)
		}
	})
	w.commit(t, "Have a slot", gitserver.Write(policy, standtest.ReplaceOnce(t, was, "\nslots: off\n", "\nslots: required\n")),
		gitserver.Write("slots.yaml", "apiVersion: previewset.dev/v1alpha1\nkind: SlotPool\nslots: {bulbasaur: {}}\n"))
	slot := named("bulbasaur")
	front, back, next := w.openOf(t, "ann", w.gateway, "main.go"), w.openOf(t, "ann", w.shop, "orders/main.go"), w.openOf(t, "ben", w.gateway, "main.go")
	for _, p := range []preview{front, back, next} {
		w.waitListed(t, p, "held", "holds no slot")
	}

	w.follow(t, front)
	w.waitRuns(t, slot, gatewayImage, front.head())
	w.waitRuns(t, slot, ordersImage, back.head())
	w.waitSynced(t, slot)
	w.WaitPrints(t, []string{"why", back.String()}, "is live", "it runs in environment bulbasaur")
	if out := w.follow(t, next); !strings.Contains(out, "ben waits at place 1 of the queue") {
		t.Errorf("claimed: %s", out)
	}
	w.waitListed(t, next, "held", "previewctl slot claim --holders ben")
	hosts, stays := w.mustHosts(t, slot), w.stays(t, slot.application)

	w.byHand(t, "slot", "release", slot.name)
	w.waitRuns(t, slot, gatewayImage, next.head())
	w.waitListed(t, front, "held", "ann holds no slot")
	app := w.waitSynced(t, slot)
	if app.Labels["previewset.dev/source"] != "slot" || app.Labels["previewset.dev/owner"] != "ben" {
		t.Errorf("its labels are %v", app.Labels)
	}
	if diff := cmp.Diff(hosts, w.mustHosts(t, slot)); diff != "" {
		t.Errorf("its hosts (-ann's +ben's):\n%s", diff)
	}
	if err := stays(t.Context()); err != nil {
		t.Error(err)
	}
	w.byHand(t, "slot", "release", slot.name)
	w.waitGone(t, slot)
}

func (w *world) mustHosts(t *testing.T, p preview) []string {
	t.Helper()
	hosts, err := w.hosts(t.Context(), p)
	if err != nil {
		t.Fatal(err)
	}
	return hosts
}

// openOf opens a labelled pull request of somebody.
func (w *world) openOf(t *testing.T, author string, in repository, file string) preview {
	t.Helper()
	pr := labelled(file, "preview")
	pr.Author = author
	return w.open(t, in, pr)
}

// follow runs the command by which a pull request that is held says that it gets a slot.
func (w *world) follow(t *testing.T, p preview) string {
	t.Helper()
	for line := range strings.Lines(w.Run(t, "why", p.String())) {
		if _, command, ok := strings.Cut(line, "previewctl "); ok {
			return w.byHand(t, strings.Fields(command)...)
		}
	}
	t.Fatalf("nothing says how %s gets a slot", p)
	return ""
}
