package preview

import (
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/previewset/previewset/internal/config"
	"github.com/previewset/previewset/internal/testfixture"
)

func TestRemovedEnvironmentIsRememberedForADay(t *testing.T) {
	t.Parallel()
	c := testfixture.LoadPolicy(t, testfixture.DemoPolicy)
	s := resolve(c, factsOf(pull(7)))
	s = Resolve(c, factsOf(), s.Memory, noon)
	s = Resolve(c, factsOf(), s.Memory, noon.Add(goneFor))
	if d := decision(t, s); d.Outcome != Gone || !d.Since.Equal(noon) {
		t.Errorf("a day later: %s since %s, want gone since noon", d.Outcome, d.Since)
	}
	reopened := Resolve(c, factsOf(pull(7)), s.Memory, noon.Add(goneFor))
	if diff := cmp.Diff([]string{"shop-pr-7: live by labelled"}, outcomes(reopened)); diff != "" {
		t.Errorf("reopened (-want +got):\n%s", diff)
	}
	s = Resolve(c, factsOf(), s.Memory, noon.Add(goneFor+time.Second))
	if len(s.Decisions) != 0 || len(s.Memory.Gone) != 0 {
		t.Errorf("more than a day later: %v, want it forgotten", outcomes(s))
	}
}

func TestRemovedEnvironmentsAreBounded(t *testing.T) {
	t.Parallel()
	m := Memory{Environments: map[string]Remembered{}}
	for i := range goneMax + 5 {
		name := config.PullRequestName(&config.Policy{}, "acme/shop", i+1)
		m.Environments[name] = Remembered{
			Members: []Member{{Repository: "acme/shop", Number: i + 1}},
			Row:     Row{Name: name, Repository: "acme/shop"},
		}
	}
	s := Resolve(testfixture.LoadPolicy(t, testfixture.DemoPolicy), factsOf(), m, noon)
	if len(s.Memory.Gone) != goneMax {
		t.Errorf("%d are remembered, want %d", len(s.Memory.Gone), goneMax)
	}
}

func TestSinceIsTheFirstTimeOfADecision(t *testing.T) {
	t.Parallel()
	c := testfixture.LoadPolicy(t, testfixture.DemoPolicy)
	minutes := func(n int) time.Time { return noon.Add(time.Duration(n)*time.Minute + 123*time.Millisecond) }
	var m Memory
	steps := []struct {
		name  string
		pr    PullRequest
		since int
	}{
		{"held at first", pull(7, withLabels()), 0},
		{"still held, under another title", pull(7, withLabels(), func(pr *PullRequest) { pr.Title = "WIP" }), 0},
		{"live", pull(7), 2},
		{
			"still live, at another commit and profile",
			pull(7, withLabels("preview:full"), func(pr *PullRequest) { pr.HeadSHA = testfixture.SHA("b") }), 2,
		},
		{"live by another rule", pull(7, asDraft), 4},
		{"live again", pull(7), 5},
	}
	for i, step := range steps {
		s := Resolve(c, factsOf(step.pr), m, minutes(i))
		if got := decision(t, s).Since; !got.Equal(minutes(step.since).Truncate(time.Second)) || got.Location() != time.UTC {
			t.Errorf("%s: since %s, want %s", step.name, got, minutes(step.since))
		}
		m = s.Memory
	}
}

func TestEveryOpenPullRequestHasOneDecision(t *testing.T) {
	t.Parallel()
	c := testfixture.LoadTree(t, testfixture.DemoTree(map[string]string{
		testfixture.Shop7File:             testfixture.EnvironmentYAML("pullRequest: acme/shop#7\n"),
		"overlays/jakub/environment.yaml": testfixture.EnvironmentYAML("owner: jakub\n"),
	}), nil)
	f := factsOf(pull(1, withLabels()), pull(2, asDraft), pull(7), pull(10, withLabels("preview:full", "preview:x")),
		pull(9, func(pr *PullRequest) { pr.HeadSHA = "" }))
	f.Repositories["acme/mailer"] = Repository{FullName: "acme/mailer", PullRequests: []PullRequest{pull(7)}}
	f.Repositories["acme/elsewhere"] = Repository{FullName: "acme/elsewhere", PullRequests: []PullRequest{pull(1)}}
	want := []string{
		"jakub: held by unchanged", "mailer-pr-7: live by labelled",
		"shop-pr-1: held by unlabelled", "shop-pr-2: held by draft", "shop-pr-7: live by labelled", "shop-pr-9: held by unread",
		"shop-pr-10: held by profile",
	}
	if diff := cmp.Diff(want, outcomes(resolve(c, f))); diff != "" {
		t.Errorf("decisions (-want +got):\n%s", diff)
	}
}

func TestEveryHoldHasARemedy(t *testing.T) {
	t.Parallel()
	c := testfixture.LoadPolicy(t, testfixture.DemoPolicy)
	s := resolve(c,
		factsOf(pull(1, withLabels()), pull(2, asDraft), pull(3, changing()), pull(4, withLabels("preview:x")),
			pull(5, func(pr *PullRequest) { pr.Changes = nil })))
	for _, d := range s.Decisions {
		if d.Outcome != Held || d.Reason == "" || d.Remedy == "" || d.Title != "Faster checkout" || d.Author != "alice" || d.URL == "" ||
			d.Repository != "acme/Shop" {
			t.Errorf("decision says too little: %+v", d)
		}
	}
	if len(s.Decisions) != 5 {
		t.Errorf("%d decisions, want 5", len(s.Decisions))
	}
}
