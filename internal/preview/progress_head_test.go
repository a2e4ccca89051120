package preview

import "testing"

func TestHeadProgress(t *testing.T) {
	t.Parallel()
	head := Row{Name: "shop-pr-7", HeadSHA: "aaaa"}
	joined := Row{Name: "checkout", Services: []RunningService{{Service: "orders", Commit: "aaaa"}}}
	ready := &Progress{Phase: PhaseReady}
	for _, tt := range []struct {
		name        string
		decision    Decision
		row         *Row
		environment *Progress
		want        Phase
		mayDeploy   bool
	}{
		{"its head is ready", Decision{Outcome: Live, Rule: RuleLabelled}, &head, ready, PhaseReady, true},
		{"a joined head is ready", Decision{Outcome: Live, Rule: RuleLabelled}, &joined, ready, PhaseReady, true},
		{"a joined head is kept", Decision{Outcome: Live, Rule: RuleUnread}, &joined, ready, PhaseReady, true},
		{"its head is degraded", Decision{Outcome: Live, Rule: RuleLabelled}, &head, &Progress{Phase: PhaseDegraded}, PhaseDegraded, true},
		{"an older commit is live", Decision{Outcome: Live, Rule: RuleReady, HeadSHA: "bbbb"}, &head, ready, PhaseChecks, true},
		{"an older commit is approved", Decision{Outcome: Live, Rule: RuleApproval, HeadSHA: "bbbb"}, &head, ready, PhaseFailed, false},
		{"asleep", Decision{Outcome: AsleepOutcome, Rule: RuleLabelled}, &head, &Progress{Phase: PhaseAsleep}, PhaseAsleep, true},
		{"queued", Decision{Outcome: Held, Rule: RuleLimit}, nil, nil, PhaseQueued, true},
		{"unread", Decision{Outcome: Held, Rule: RuleUnread}, nil, nil, PhaseQueued, false},
		{"a fork", Decision{Outcome: Held, Rule: RuleFork}, nil, nil, PhaseFailed, false},
		{"a draft", Decision{Outcome: Held, Rule: RuleDraft}, nil, nil, PhaseFailed, false},
		{"an unknown profile", Decision{Outcome: Held, Rule: RuleProfile}, nil, nil, PhaseFailed, false},
		{"a reserved name", Decision{Outcome: Held, Rule: RuleJoin}, nil, nil, PhaseFailed, false},
		{"no changed service", Decision{Outcome: Held, Rule: RuleUnchanged}, nil, nil, PhaseFailed, true},
		{"expired", Decision{Outcome: Held, Rule: RuleIdle}, nil, nil, PhaseRemoved, false},
		{"gone", Decision{Outcome: Gone, Rule: RuleClosed}, nil, nil, PhaseRemoved, false},
	} {
		d := tt.decision
		d.Number = 7
		if d.HeadSHA == "" {
			d.HeadSHA = "aaaa"
		}
		if got := HeadProgress(&d, tt.row, tt.environment); got.Phase != tt.want {
			t.Errorf("%s: %s, want %s", tt.name, got.Phase, tt.want)
		}
		if got := d.AllowsDeployment(tt.row); got != tt.mayDeploy {
			t.Errorf("%s: may be deployed: %v", tt.name, got)
		}
	}
}
