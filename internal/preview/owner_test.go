package preview

import (
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/previewset/previewset/internal/config"
	"github.com/previewset/previewset/internal/testfixture"
)

// robot makes a pull request a bot's, labelled "preview" by those named, the newest last: "alice", or "ci[bot]".
func robot(labellers ...string) func(*PullRequest) {
	return func(pr *PullRequest) {
		pr.Author, pr.Bot, pr.Labellings = "renovate[bot]", true, []Labelling{}
		for _, login := range labellers {
			pr.Labellings = append(pr.Labellings, Labelling{Label: "preview", By: login, Human: login != "" && login != "ci[bot]"})
		}
	}
}

func TestOwnerOfABotsPullRequest(t *testing.T) {
	t.Parallel()
	put := func(label, by string) Labelling { return Labelling{Label: label, By: by, Human: true} }
	tests := []struct {
		name       string
		labels     []string
		labellings []Labelling
		want       string
	}{
		{"who labelled it", []string{"preview"}, []Labelling{put("preview", "alice")}, "alice"},
		{"who labelled it last", []string{"preview"}, []Labelling{put("preview", "alice"), put("preview", "bob")}, "bob"},
		{
			"other labels don't count",
			[]string{"preview", "bug"},
			[]Labelling{put("preview", "alice"), put("bug", "bob"), put("preview-with:x", "bob")},
			"alice",
		},
		{"a label by which it joins others does", []string{"preview-with:x"}, []Labelling{put("preview-with:x", "bob")}, "bob"},
		{"nor such as are off again", []string{"preview"}, []Labelling{put("preview", "alice"), put("preview:full", "bob")}, "alice"},
		{"a profile's label does, in any case", []string{"Preview:Full"}, []Labelling{put("bug", "alice"), put("preview:full", "bob")}, "bob"},
		{
			"of two labels the one that came last",
			[]string{"preview:full", "preview"},
			[]Labelling{put("preview:full", "bob"), put("preview", "alice")},
			"alice",
		},
		{
			"a workflow is not an owner",
			[]string{"preview"},
			[]Labelling{put("preview", "alice"), {Label: "preview", By: "ci[bot]"}},
			"renovate[bot]",
		},
		{"nor is a deleted account", []string{"preview"}, []Labelling{put("preview", "alice"), {Label: "preview"}}, "renovate[bot]"},
		{"nor one that is gone and looks human", []string{"preview"}, []Labelling{{Label: "preview", Human: true}}, "renovate[bot]"},
		{"it was labelled under an earlier name of the label", []string{"preview"}, []Labelling{put("env", "alice")}, "renovate[bot]"},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			s := resolve(testfixture.LoadPolicy(t, testfixture.DemoPolicy),
				factsOf(pull(7, robot(), withLabels(tt.labels...), func(pr *PullRequest) { pr.Labellings = tt.labellings })))
			row, d := only(t, s), decision(t, s)
			got := []string{row.Owner, row.OwnerSlug, row.Author, data(t, row)["owner"], d.Owner, d.Author}
			slug := config.LabelSlug(tt.want)
			if diff := cmp.Diff([]string{tt.want, slug, "renovate[bot]", tt.want, tt.want, "renovate[bot]"}, got); diff != "" {
				t.Errorf("owner, slug, author, ConfigMap, decision (-want +got):\n%s", diff)
			}
		})
	}
}

// A human's pull request is its author's, independent of the labeller.
func TestAuthorOwnsAHumansPullRequest(t *testing.T) {
	t.Parallel()
	labelled := func(pr *PullRequest) { pr.Labellings = []Labelling{{Label: "preview", By: "bob", Human: true}} }
	if got := only(t, resolve(testfixture.LoadPolicy(t, testfixture.DemoPolicy), factsOf(pull(7, labelled)))).Owner; got != "alice" {
		t.Errorf("owner %s, want alice", got)
	}
}

func TestOwnerLimitCountsBotsForTheirLabeller(t *testing.T) {
	t.Parallel()
	const full = "; position 1 in the queue of "
	tests := []struct {
		name  string
		pulls []PullRequest
		want  []string
	}{
		{
			"bots' count for who labelled them",
			[]PullRequest{pull(1, robot("alice")), pull(2, robot("Alice")), pull(3, robot("alice")), pull(4, robot("bob"))},
			[]string{"1 live", "2 live", "3 limit: limits.perOwner (2) is reached by alice" + full + "alice", "4 live"},
		},
		{
			"with who labelled them's own",
			[]PullRequest{pull(1), pull(2, robot("alice")), pull(3, by("bob")), pull(4)},
			[]string{"1 live", "2 live", "3 live", "4 limit: limits.perOwner (2) is reached by alice" + full + "alice"},
		},
		{
			"labelled by a workflow for the bot",
			[]PullRequest{pull(1, robot("ci[bot]")), pull(2, robot("alice", "ci[bot]")), pull(3, robot()), pull(4, robot("alice"))},
			[]string{"1 live", "2 live", "3 limit: limits.perOwner (2) is reached by renovate[bot]" + full + "renovate[bot]", "4 live"},
		},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			c := limitedTo(t, "perOwner: 2")
			s := resolve(c, factsOf(tt.pulls...))
			if diff := cmp.Diff(tt.want, states(s)); diff != "" {
				t.Errorf("decisions (-want +got):\n%s", diff)
			}
			s = Resolve(c, factsOf(tt.pulls...), restarted(t, s.Memory), noon.Add(time.Hour))
			if diff := cmp.Diff(tt.want, states(s)); diff != "" {
				t.Errorf("after a restart (-want +got):\n%s", diff)
			}
		})
	}
}

// A file may say who owns an environment, for people to see. It counts for who asked for it all the same.
func TestFileOwnerDoesNotBypassTheOwnerLimit(t *testing.T) {
	t.Parallel()
	file := testfixture.EnvironmentYAML("pullRequest: acme/shop#7\nowner: bob\n")
	c := testfixture.LoadTree(t,
		testfixture.DemoTree(map[string]string{
			config.PolicyFile:     testfixture.DemoPolicy + "limits: {perOwner: 1}\n",
			testfixture.Shop7File: file,
		}), nil)
	want := []string{"7 live", "8 limit: limits.perOwner (1) is reached by alice; position 1 in the queue of alice", "9 live"}
	var m Memory
	for range 2 {
		s := Resolve(c, factsOf(pull(7), pull(8), pull(9, by("bob"))), restarted(t, m), noon)
		if diff := cmp.Diff(want, states(s)); diff != "" {
			t.Errorf("decisions (-want +got):\n%s", diff)
		}
		if got := s.Rows[0].Owner; got != "bob" {
			t.Errorf("owner %s, want bob as the file says", got)
		}
		m = s.Memory
	}
}

// While the repository can't be read, its environments count for the same owners as before.
func TestOwnerIsRemembered(t *testing.T) {
	t.Parallel()
	c := limitedTo(t, "perOwner: 1")
	m := resolve(c, factsOf(pull(7, robot("alice")))).Memory
	f := factsOf()
	delete(f.Repositories, "acme/shop")
	f.Repositories["acme/mailer"] = Repository{FullName: "acme/mailer", PullRequests: []PullRequest{pull(3), pull(4, robot("ci[bot]"))}}
	s := Resolve(c, f, restarted(t, m), noon)
	want := []string{"3 limit: limits.perOwner (1) is reached by alice; position 1 in the queue of alice", "4 live", "7 live"}
	if diff := cmp.Diff(want, states(s)); diff != "" {
		t.Errorf("decisions (-want +got):\n%s", diff)
	}
}

func TestUnknownOwnerHoldsNewEnvironments(t *testing.T) {
	t.Parallel()
	const why = "a bot opened it, and who labelled it isn't known: "
	unknown := func(problem string) func(*PullRequest) {
		return func(pr *PullRequest) { pr.Labellings, pr.Problem = nil, problem }
	}
	c := testfixture.LoadPolicy(t, testfixture.DemoPolicy)
	for problem, reason := range map[string]string{
		"":                          why + "that has not been read yet",
		"read who labelled it: 500": why + "read who labelled it: 500",
	} {
		d := decision(t, resolve(c, factsOf(pull(7, robot("alice"), unknown(problem)))))
		if diff := cmp.Diff([]string{string(Held), "unread", reason, "wait; it is read again"},
			[]string{string(d.Outcome), string(d.Rule), d.Reason, d.Remedy}); diff != "" {
			t.Errorf("decision (-want +got):\n%s", diff)
		}
	}
	before := resolve(c, factsOf(pull(7, robot("alice")), pull(8)))
	s := Resolve(c, factsOf(pull(7, robot("alice"), headed("b"), unknown("500")), pull(8, headed("b"))), restarted(t, before.Memory), noon)
	if diff := cmp.Diff(before.Rows[0], s.Rows[0]); diff != "" {
		t.Errorf("a live one's row (-before +after):\n%s", diff)
	}
	if d := s.Decisions[0]; d.Outcome != Live || d.Rule != "unread" || d.Owner != "alice" {
		t.Errorf("a live one is %s by %s, owner %s", d.Outcome, d.Rule, d.Owner)
	}
	if got := s.Rows[1].HeadSHA; got != testfixture.SHA("b") {
		t.Errorf("another one is at %s, want its new head", got)
	}
}

func TestLabellingsAreReadOnlyIfNeeded(t *testing.T) {
	t.Parallel()
	wants := Wanted(testfixture.LoadPolicy(t, testfixture.DemoPolicy), "acme/shop")
	tests := []struct {
		name string
		pr   PullRequest
		want bool
	}{
		{"a bot's", pull(7, robot()), true},
		{"a human's", pull(7), false},
		{"a bot's without label", pull(7, robot(), withLabels("bug")), false},
		{"a bot's draft", pull(7, robot(), asDraft), false},
	}
	for _, tt := range tests {
		if got := wants.Labellings(tt.pr); got != tt.want {
			t.Errorf("%s: %v, want %v", tt.name, got, tt.want)
		}
	}
}
