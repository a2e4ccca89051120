package preview

import (
	"strings"
	"testing"
	"time"

	"github.com/previewset/previewset/internal/testfixture"
)

// A place in the queue for a slot is no failure: its turn comes when a claim ends. Without a place a person must act.
func TestThePhaseInTheQueueForASlot(t *testing.T) {
	t.Parallel()
	for name, tt := range map[string]struct {
		queue *QueuePlace
		want  Phase
	}{
		"in the queue":     {&QueuePlace{Position: 1}, PhaseQueued},
		"not in the queue": {nil, PhaseFailed},
	} {
		d := &Decision{Outcome: Held, Rule: RuleSlot, Queue: tt.queue, Reason: "it needs a slot", Number: 7}
		if got := HeadProgress(d, nil, nil); got.Phase != tt.want || got.Reason != d.Reason {
			t.Errorf("%s: %+v, want %s", name, got, tt.want)
		}
	}
}

// A person who made an environment with a file learns how to end one with a file.
func TestTheRemedyOfALimitFitsTheEnvironment(t *testing.T) {
	t.Parallel()
	for limit, want := range map[string]string{
		"environments: 1": "wait, or end another environment: previewctl delete NAME, or close or unlabel its pull request",
		"perOwner: 1": "wait, or end another environment of the same owner: previewctl delete NAME, or close or unlabel its " +
			"pull request",
	} {
		d := newDays(t, testfixture.DemoPolicy+"limits: {"+limit+"}\n", pull(1))
		d.now = d.now.Add(time.Minute)
		d.files(map[string]string{"overlays/demo/environment.yaml": testfixture.EnvironmentYAML("owner: alice\nprofile: full\n")})
		d.answer()
		if got := d.decided("demo"); got.Rule != RuleLimit || got.Remedy != want {
			t.Errorf("%s: %s: %q, want %q", limit, got.Rule, got.Remedy, want)
		}
		d.pulls = append(d.pulls, pull(2))
		d.answer()
		if got := d.decided("shop-pr-2"); got.Rule != RuleLimit || strings.Contains(got.Remedy, "previewctl delete") {
			t.Errorf("%s: of a pull request: %s: %q", limit, got.Rule, got.Remedy)
		}
	}
}
