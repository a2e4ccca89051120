package standtest

import "testing"

func TestDecisionChecksOnlyTheExpectedParts(t *testing.T) {
	t.Parallel()
	got := listed{Decision: Decision{Outcome: "held", Rule: "draft", Environment: "shop-pr-1"}}
	for _, test := range []struct {
		name string
		want Decision
		ok   bool
	}{
		{"no expectation", Decision{}, true},
		{"the same rule", Decision{Outcome: "held", Rule: "draft"}, true},
		{"another rule", Decision{Outcome: "held", Rule: "fork"}, false},
		{"a state that it doesn't have", Decision{State: "awake"}, false},
		{"another environment", Decision{Environment: "shop-pr-2"}, false},
	} {
		t.Run(test.name, func(t *testing.T) {
			t.Parallel()
			if err := test.want.check(got); (err == nil) != test.ok {
				t.Errorf("got %v", err)
			}
		})
	}
}
