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

// Two pull requests of different repositories have the same join label. One environment runs both. After the first one
// is merged, the environment stays for the other one. It is deleted with the last one.
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
		w.waitDecision(t, own, standtest.Decision{Outcome: "live", Environment: p.name})
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
func (r contentReader) waitImage(t *testing.T, p preview, service, image string) {
	t.Helper()
	r.waitWorkload(t, p, service, workload{"1", image})
}

// pinned returns the image of a service in kustomize-base.
func pinned(t *testing.T, w *world, service string) string {
	t.Helper()
	deployment, err := w.Cluster.Client.AppsV1().Deployments("staging").Get(t.Context(), service, metav1.GetOptions{})
	if err != nil {
		t.Fatal(err)
	}
	return deployment.Spec.Template.Spec.Containers[0].Image
}

// A user adopts a pull request's environment. After the merge it stays, with its namespace, address and commits, until
// a user deletes it.
func TestAdoptedEnvironmentOutlivesItsPullRequest(t *testing.T) {
	t.Parallel()
	w := shared
	p := w.openLive(t, w.gateway, "main.go")
	head, before := p.head(), w.waitSynced(t, p)
	stays := w.stays(t, p.application)
	w.byHand(t, append([]string{"adopt", p.String()}, w.APIFlags()...)...)
	p.in.Merge(p.number)
	w.Eventually(t, standtest.Patience, "its source is an environment file", func(ctx context.Context) error {
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

// Users take turns with a slot. It runs all pull requests of its holder. Other users' pull requests are held, and the
// remedy is the command that queues for the slot. The next user gets it with its namespace and address. (Slots apply to
// all pull requests, so this story isn't parallel.)
func TestSlotPassesToTheNextInTheQueue(t *testing.T) {
	w := shared
	const policy = "previewset.yaml"
	was := w.File(t, policy)
	w.RestoreAfter(t, "Remove the slots", gitserver.Write(policy, was), gitserver.Remove("slots.yaml"))
	w.commit(t, "Add a slot", gitserver.Write(policy, standtest.ReplaceOnce(t, was, "\nslots: off\n", "\nslots: required\n")),
		gitserver.Write("slots.yaml", "apiVersion: previewset.dev/v1alpha1\nkind: SlotPool\nslots: {bulbasaur: {}}\n"))
	slot := named("bulbasaur")
	front, back := w.openOf(t, "ann", w.gateway, "main.go"), w.openOf(t, "ann", w.shop, "orders/main.go")
	next := w.openOf(t, "ben", w.gateway, "main.go")
	for _, p := range []preview{front, back, next} {
		w.waitDecision(t, p, standtest.Decision{Outcome: "held", Rule: "slot"})
	}

	w.follow(t, front)
	w.waitRuns(t, slot, gatewayImage, front.head())
	w.waitRuns(t, slot, ordersImage, back.head())
	w.waitSynced(t, slot)
	w.waitDecision(t, back, standtest.Decision{Outcome: "live", Environment: slot.name})
	if err := standtest.Contains(w.follow(t, next), "ben", "queue"); err != nil {
		t.Errorf("slot claim: %v", err)
	}
	w.waitDecision(t, next, standtest.Decision{Outcome: "held", Rule: "slot"}, "previewctl slot claim --holders ben")
	hosts, stays := w.mustHosts(t, slot), w.stays(t, slot.application)

	w.byHand(t, "slot", "release", slot.name)
	w.waitRuns(t, slot, gatewayImage, next.head())
	w.waitDecision(t, front, standtest.Decision{Outcome: "held", Rule: "slot"}, "ann")
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

func (r contentReader) mustHosts(t *testing.T, p preview) []string {
	t.Helper()
	hosts, err := r.hosts(t.Context(), p)
	if err != nil {
		t.Fatal(err)
	}
	return hosts
}

// openOf opens a labelled pull request of an author.
func (w *world) openOf(t *testing.T, author string, in repository, file string) preview {
	t.Helper()
	pr := labelled(file, "preview")
	pr.Author = author
	return w.open(t, in, pr)
}

// follow runs the command in the remedy of a held pull request.
func (w *world) follow(t *testing.T, p preview) string {
	t.Helper()
	for line := range strings.Lines(w.Run(t, "why", p.String())) {
		if _, command, ok := strings.Cut(line, "previewctl "); ok {
			return w.byHand(t, strings.Fields(command)...)
		}
	}
	t.Fatalf("previewctl why %s names no command", p)
	return ""
}
