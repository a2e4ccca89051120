package lifetimes

import (
	"context"
	"errors"
	"maps"
	"net/http"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/types"

	"github.com/previewset/previewset/e2e/gitserver"
	"github.com/previewset/previewset/e2e/standtest"
	"github.com/previewset/previewset/internal/githubtest"
)

func sortedKeys[V any](m map[string]V) []string { return slices.Sorted(maps.Keys(m)) }

// An idle preview falls asleep and keeps its data. Argo CD shows it as synced at each comparison. A visitor opens its
// address, gets the wake page, and the preview wakes with the same objects.
func TestIdleSleepsAndAVisitWakes(t *testing.T) {
	w := shared
	w.at(t, time.Now(), "  sleep: {idleAfter: 30m}\n")
	p, n := w.open(t, "preview")
	w.WaitPrints(t, []string{"why", p.Name}, "Sleeps")
	before := w.kept(t, p)
	used, _ := w.open(t, "preview")
	stop := w.use(t, used)
	w.waitState(t, p, "asleep")
	w.WaitDecision(t, reference(n), standtest.Decision{State: "asleep"})
	w.WaitPrints(t, []string{"why", p.Name}, "asleep", "previewctl wake "+p.Name)
	if diff := cmp.Diff(before, w.kept(t, p)); diff != "" {
		t.Errorf("kept objects (-before +asleep):\n%s", diff)
	}
	if err := w.isIn(used, "awake")(t.Context()); err != nil {
		t.Errorf("%s is in use: %v", used.Name, err)
	}
	stop()
	w.looksAgain(t, p, 10)
	w.healsSleep(t, p)

	status, page, err := w.visit(t.Context(), p)
	if err != nil || status != http.StatusServiceUnavailable || !strings.Contains(page, p.Name) {
		t.Fatalf("%v: the page is %d\n%s", err, status, page)
	}
	w.waitState(t, p, "awake")
	if diff := cmp.Diff(before, w.kept(t, p)); diff != "" {
		t.Errorf("kept objects (-before +awake again):\n%s", diff)
	}
}

// use counts a request every second until stop is called.
func (w *world) use(t *testing.T, p standtest.Environment) (stop func()) {
	t.Helper()
	ctx, cancel := context.WithCancel(t.Context())
	over := make(chan struct{})
	go func() {
		defer close(over)
		for every := time.NewTicker(time.Second); ; {
			w.proxy.visited(p.Application)
			select {
			case <-ctx.Done():
				every.Stop()
				return
			case <-every.C:
			}
		}
	}()
	stop = func() { cancel(); <-over }
	t.Cleanup(stop)
	return stop
}

// looksAgain makes Argo CD compare a sleeping preview several times. It changes nothing.
func (w *world) looksAgain(t *testing.T, p standtest.Environment, times int) {
	t.Helper()
	before := w.generations(t, p)
	for range times {
		_, err := w.Resource("applications").Patch(t.Context(), p.Application, types.MergePatchType,
			[]byte(`{"metadata":{"annotations":{"argocd.argoproj.io/refresh":"normal"}}}`), metav1.PatchOptions{})
		if err != nil {
			t.Fatal(err)
		}
		w.Eventually(t, standtest.Patience, "Argo CD has compared "+p.Name+" again", func(ctx context.Context) error {
			app, err := w.Application(ctx, p.Application)
			if err == nil && app.Annotations["argocd.argoproj.io/refresh"] != "" { // it takes that away then
				err = errors.New("it hasn't")
			}
			return err
		})
		if err := w.isIn(p, "asleep")(t.Context()); err != nil {
			t.Error(err)
		}
	}
	if diff := cmp.Diff(before, w.generations(t, p)); diff != "" {
		t.Errorf("it was changed %d times (-before +after):\n%s", times, diff)
	}
}

func (w *world) generations(t *testing.T, p standtest.Environment) string {
	t.Helper()
	out, err := w.Cluster.Kubectl(t.Context(), nil, "get", "deployments,statefulsets,services,configmaps", "--namespace="+p.Application,
		"--output=jsonpath={range .items[*]}{.kind} {.metadata.name} {.metadata.generation} {.metadata.uid}\n{end}")
	if err != nil {
		t.Fatal(err)
	}
	return out
}

// healsSleep scales a sleeping workload up by hand. Argo CD's self-heal reverts that.
func (w *world) healsSleep(t *testing.T, p standtest.Environment) {
	t.Helper()
	scale := []string{"scale", "deployment/gateway", "--replicas=1", "--namespace=" + p.Application}
	if out, err := w.Cluster.Kubectl(t.Context(), nil, scale...); err != nil {
		t.Fatal(err, out)
	}
	w.Eventually(t, standtest.Patience, "self-heal has put it to sleep again", func(ctx context.Context) error {
		d, err := w.Cluster.Client.AppsV1().Deployments(p.Application).Get(ctx, "gateway", metav1.GetOptions{})
		if err == nil && *d.Spec.Replicas != 0 {
			err = errors.New("it has replicas")
		}
		return err
	})
	w.waitState(t, p, "asleep")
}

// Measurements are missing for several reasons. Without them, it is unknown whether previews are used, so none falls
// asleep.
func TestNothingSleepsWithoutMeasurements(t *testing.T) {
	w := shared
	w.at(t, time.Now(), "  deleteAfterIdle: 30m\n  sleep: {idleAfter: 10m}\n")
	p, n := w.open(t, "preview")
	w.proxy.fail(true)
	t.Cleanup(func() { w.proxy.fail(false) })
	w.WaitDecision(t, reference(n), standtest.Decision{Outcome: "live"})
	w.Always(t, 3*while, "nothing sleeps while the Gateway's proxy isn't scraped", w.isIn(p, "awake"))
	w.proxy.fail(false)
	w.prometheus.Kill()
	w.Always(t, 3*while, "nothing sleeps while Prometheus is away", w.isIn(p, "awake"))
	status, err := w.Status(t.Context())
	if err != nil || !strings.Contains(status, "activity") {
		t.Errorf("%v: nothing says so:\n%s", err, status)
	}
	w.prometheus, err = w.startPrometheus(context.WithoutCancel(t.Context()), "again")
	if err != nil {
		t.Fatal(err)
	}
}

// The environment of a merged pull request stays during the grace and is then deleted. An idle one is deleted later,
// unless a user keeps or extends it; a push creates it again. An environment file's one is deleted at its expiry date.
func TestExpiry(t *testing.T) {
	w := shared
	w.at(t, time.Now(), "  grace: 45m\n  deleteAfterIdle: 80m\n  maxExtension: 24h\n  sleep: {idleAfter: 15m}\n")
	merged, n := w.open(t, "preview")
	w.gateway.Merge(n) // at once: the clock runs while the other environments start, and an idle one would be deleted
	w.WaitDecision(t, reference(n), standtest.Decision{Rule: "grace"})
	if app, err := w.Application(t.Context(), merged.Application); err != nil || app.Object.GetDeletionTimestamp() != nil {
		t.Errorf("it is being deleted in its grace: %v", err)
	}

	idle, idleNumber := w.open(t, "preview")
	kept, _ := w.open(t, "preview", "preview-keep")
	extended, _ := w.open(t, "preview")
	w.Run(t, "extend", extended.Name, "--for", "12h")
	expires := w.clock.Now().Add(2 * time.Hour).UTC().Format(time.RFC3339)
	byHand := standtest.Named("by-hand")
	w.gateway.SetBranch("by-hand", githubtest.SHA("by hand"))
	w.Change(t, "Make one by hand", gitserver.Write("overlays/by-hand/environment.yaml",
		"apiVersion: previewset.dev/v1alpha1\nkind: Environment\nowner: jakub\nservices: {gateway: {branch: by-hand}}\n"+
			"lifetime: {expires: "+expires+"}\n"))
	w.RestoreAfter(t, "Clean up", gitserver.Remove("overlays/by-hand"))
	w.WaitSynced(t, byHand.Application, standtest.Patience)

	w.WaitGone(t, merged.Application, standtest.Patience)
	w.WaitGone(t, byHand.Application, standtest.Patience)
	w.WaitDecision(t, byHand.Name, standtest.Decision{Rule: "expired"})
	w.WaitGone(t, idle.Application, standtest.Patience)
	w.WaitDecision(t, reference(idleNumber), standtest.Decision{Rule: "idle"}, "previewctl extend "+idle.Name)
	for _, p := range []standtest.Environment{kept, extended} {
		w.Always(t, while, "it stays, asleep", w.isIn(p, "asleep"))
	}
	w.gateway.Push(idleNumber)
	w.waitState(t, idle, "awake")
}

// Working hours follow local time, also on the day on which daylight saving time begins: from 1:00 to 4:00 it is two
// hours.
func TestWorkingHoursOnTheFirstDayOfDaylightSavingTime(t *testing.T) {
	w := shared
	berlin, err := time.LoadLocation("Europe/Berlin")
	if err != nil {
		t.Fatal(err)
	}
	begin := time.Date(2027, time.March, 28, 1, 30, 0, 0, berlin)
	w.at(t, begin, `  sleep:
    idleAfter: 3h
    workingHours: {days: [sun], from: "01:00", to: "04:00", timezone: Europe/Berlin, idleAfter: 10h, asleepOutside: true}
`)
	p, _ := w.open(t, "preview")
	over := time.Date(2027, time.March, 28, 4, 0, 0, 0, berlin) // an hour and a half later, not two and a half
	w.waitState(t, p, "asleep")
	if now := w.clock.Now(); now.Before(over) || now.After(over.Add(45*time.Minute)) {
		t.Errorf("it is asleep at %s, working hours ended at %s", now.In(berlin), over)
	}
}
