package standtest

import (
	"context"
	"encoding/json"
	"fmt"
	"testing"

	"github.com/previewset/previewset/e2e/stand"
)

// Decision has the stable parts of a decision that `previewctl list --all -o json` prints. As an expectation, it says
// nothing about parts that are empty.
type Decision struct {
	Outcome     string // live, held or gone
	Rule        string
	State       string // awake, waking or asleep
	Environment string
}

// listed is a decision as previewctl prints it.
type listed struct {
	Decision
	Repository     string
	Number         int
	Reason, Remedy string
}

// about returns the pull request, such as acme/shop#1, or the name of an environment without one.
func (d listed) about() string {
	if d.Repository == "" {
		return d.Environment
	}
	return fmt.Sprintf("%s#%d", d.Repository, d.Number)
}

func (want Decision) check(got listed) error {
	expected := got.Decision
	for field, value := range map[*string]string{
		&expected.Outcome: want.Outcome, &expected.Rule: want.Rule, &expected.State: want.State,
		&expected.Environment: want.Environment,
	} {
		if value != "" {
			*field = value
		}
	}
	if expected != got.Decision {
		return fmt.Errorf("got %+v (%s; %s), want %+v", got.Decision, got.Reason, got.Remedy, want)
	}
	return nil
}

// WaitDecision waits until previewctl lists this decision about a pull request (acme/shop#1) or an environment without
// one. Reason and remedy together contain all these words.
func (w *World) WaitDecision(t testing.TB, about string, want Decision, words ...string) {
	t.Helper()
	w.Eventually(t, Patience, fmt.Sprintf(
		"the decision about %s is %+v %q", about, want, words,
	), func(ctx context.Context) error {
		got, err := decisionAbout(ctx, w.Stand, about)
		if err != nil {
			return err
		}
		if err := want.check(got); err != nil {
			return err
		}
		return Contains(got.Reason+"\n"+got.Remedy, words...)
	})
}

func decisionAbout(ctx context.Context, s *stand.Stand, about string) (listed, error) {
	out, err := s.Previewctl(ctx, append([]string{"list", "--all", "-o", "json"}, s.APIFlags()...)...)
	if err != nil {
		return listed{}, err
	}
	var answer struct{ Decisions []listed }
	if err := json.Unmarshal([]byte(out), &answer); err != nil {
		return listed{}, fmt.Errorf("read the list: %w\n%s", err, out)
	}
	for _, d := range answer.Decisions {
		if d.about() == about {
			return d, nil
		}
	}
	return listed{}, fmt.Errorf("find a decision about %s: none in\n%s", about, out)
}
