package preview

import (
	"encoding/json"
	"maps"
	"slices"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"

	"github.com/previewset/previewset/internal/config"
	"github.com/previewset/previewset/internal/testfixture"
)

// saved leaves out of a comparison what isn't kept between two runs.
var saved = cmpopts.IgnoreUnexported(Memory{})

// restarted is memory as the service finds it again.
func restarted(t testing.TB, m Memory) Memory {
	t.Helper()
	text, err := json.Marshal(m.Kept())
	if err != nil {
		t.Fatal(err)
	}
	var again Memory
	if err := json.Unmarshal(text, &again); err != nil {
		t.Fatal(err)
	}
	return again
}

func TestMemorySurvivesARestart(t *testing.T) {
	t.Parallel()
	files := map[string]string{
		testfixture.Shop7File: testfixture.EnvironmentYAML("pullRequest: acme/shop#7\nprofile: full\nlifetime: {expires: " +
			"2026-12-24T18:00:00Z}\n"),
		"overlays/jakub/environment.yaml": testfixture.EnvironmentYAML("owner: jakub\n"),
	}
	first := resolve(testfixture.LoadTree(t, testfixture.DemoTree(files), nil), crowd())
	second := Resolve(testfixture.LoadTree(t, testfixture.DemoTree(files), nil), factsOf(pull(1), pull(7)), first.Memory,
		noon.Add(time.Minute))
	if diff := cmp.Diff(second.Memory, restarted(t, second.Memory), saved); diff != "" {
		t.Errorf("memory (-before +after):\n%s", diff)
	}
	if len(second.Memory.Gone) == 0 || len(second.Memory.Environments) < 2 || len(second.Memory.Since) < 3 {
		t.Errorf("too little is remembered to say so: %+v", second.Memory)
	}
}

func TestOverlaysAndInvalidFilesSurviveARestart(t *testing.T) {
	t.Parallel()
	good := testfixture.EnvironmentYAML("pullRequest: acme/shop#7\nprofile: checkout\n")
	facts := factsOf(pull(7), pull(8))
	before := resolve(testfixture.LoadTree(t, testfixture.DemoTree(map[string]string{testfixture.Shop7File: good}), nil), facts)
	tests := []struct {
		name     string
		file     string
		problems int
	}{
		{"an unrelated commit moves no environment", good, 0},
		{"a file that was broken meanwhile leaves the last good one in force", good + "oops: 1\n", 1},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			tree := testfixture.DemoTree(map[string]string{testfixture.Shop7File: tt.file})
			tree.Commit = testfixture.SHA("c1")
			m := restarted(t, before.Memory)
			c := testfixture.LoadTree(t, tree, m.Previous())
			if len(c.Problems) != tt.problems {
				t.Errorf("problems: %v, want %d", c.Problems, tt.problems)
			}
			if got := c.Environments["shop-pr-7"]; got == nil || got.Profile != "checkout" {
				t.Errorf("in force is %+v, want profile checkout", got)
			}
			after := Resolve(c, facts, m, noon.Add(time.Hour))
			if diff := cmp.Diff(before.Rows, after.Rows); diff != "" {
				t.Errorf("rows (-before +after):\n%s", diff)
			}
		})
	}
}

func TestPreviousOfEmptyMemory(t *testing.T) {
	t.Parallel()
	tree := testfixture.DemoTree(map[string]string{testfixture.Shop7File: testfixture.EnvironmentYAML("oops: 1\n")})
	c := testfixture.LoadTree(t, tree, Memory{}.Previous())
	if _, revision := c.Overlay("shop-pr-7"); revision != tree.Commit || len(c.Environments) != 0 {
		t.Errorf("overlay at %s, environments %v; want it at the commit that was read, and none", revision, c.Environments)
	}
}

func TestFromMemory(t *testing.T) {
	t.Parallel()
	before := resolve(testfixture.LoadPolicy(t, testfixture.DemoPolicy), factsOf(pull(2), pull(1), pull(3, asDraft)))
	after := FromMemory(restarted(t, before.Memory), noon.Add(time.Hour))
	if diff := cmp.Diff(before.Rows, after.Rows); diff != "" {
		t.Errorf("rows (-before +after):\n%s", diff)
	}
	if diff := cmp.Diff([]string{"shop-pr-1: live by unread", "shop-pr-2: live by unread"}, outcomes(after)); diff != "" {
		t.Errorf("decisions (-want +got):\n%s", diff)
	}
	if got, want := after.Decisions[0].Reason, "it stays as it was: configuration can't be read"; got != want {
		t.Errorf("reason is %q, want %q", got, want)
	}
	is := after.Memory
	is.At, is.Lives, is.Jumped = before.Memory.At, before.Memory.Lives, before.Memory.Jumped // what goes on by itself
	if diff := cmp.Diff(before.Memory, is, saved); diff != "" {
		t.Errorf("memory (-before +after):\n%s", diff)
	}
}

func TestMemoryKnowsWhichRepositoriesWereRead(t *testing.T) {
	t.Parallel()
	c := testfixture.LoadPolicy(t, testfixture.DemoPolicy)
	f := factsOf(pull(7))
	delete(f.Repositories, "acme/mailer")
	s := resolve(c, f)
	if diff := cmp.Diff(map[string]int64{"acme/gateway": gatewayID, "acme/shop": shopID}, s.Memory.Repositories); diff != "" {
		t.Errorf("read (-want +got):\n%s", diff)
	}
	s = Resolve(c, Facts{}, s.Memory, noon)
	if diff := cmp.Diff(map[string]int64{"acme/gateway": gatewayID, "acme/shop": shopID}, s.Memory.Repositories); diff != "" {
		t.Errorf("read once (-want +got):\n%s", diff)
	}
	if diff := cmp.Diff([]string{"acme/gateway", "acme/mailer", "acme/shop"}, s.Unread); diff != "" {
		t.Errorf("unread now (-want +got):\n%s", diff)
	}
}

func TestKnownPullRequests(t *testing.T) {
	t.Parallel()
	member := func(number int, id int64) Member {
		return Member{Repository: "acme/shop", RepositoryID: id, Number: number}
	}
	m := Memory{Environments: map[string]Remembered{
		"x":         {Members: []Member{member(7, shopID), member(3, shopID), {Repository: "acme/mailer", RepositoryID: mailerID, Number: 9}}},
		"shop-pr-5": {Members: []Member{member(5, 0)}},
		"shop-pr-7": {Members: []Member{member(7, shopID)}},
	}}
	tests := []struct {
		name, repository string
		id               int64
		want             []int
	}{
		{"by identity, and by name where that isn't known", "acme/shop", shopID, []int{3, 5, 7}},
		{"renamed", "acme/store", shopID, []int{3, 7}},
		{"by name alone", "acme/shop", 0, []int{5}},
		{"another one of that name", "acme/shop", 99, []int{5}},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			known := m.KnownPullRequests(config.EmptyConfig(), tt.repository, tt.id)
			if diff := cmp.Diff(tt.want, slices.Sorted(maps.Keys(known))); diff != "" {
				t.Error(diff)
			}
		})
	}
}

// A restart forgets the times of decisions about pull requests without a label. All else goes on.
func TestUnlabelledDecisionsAreNotSaved(t *testing.T) {
	t.Parallel()
	waiting := pull(8)
	waiting.Draft = true
	s := resolve(testfixture.LoadTree(t, testfixture.DemoTree(nil), nil), factsOf(pull(7), waiting, pull(9, withLabels("size/M"))))
	if len(s.Memory.Since) != 3 {
		t.Fatalf("decided: %v", s.Memory.Since)
	}
	want := maps.Clone(s.Memory.Since)
	delete(want, "acme/shop#9")
	if diff := cmp.Diff(want, s.Memory.Kept().Since); diff != "" {
		t.Errorf("since (-want +got):\n%s", diff)
	}
}

func TestIdentityOfTheFirstEnvironmentByNameCounts(t *testing.T) {
	t.Parallel()
	m := Memory{Environments: map[string]Remembered{
		"c": {Members: []Member{{Repository: "acme/shop", RepositoryID: 3}}},
		"b": {Members: []Member{{Repository: "acme/shop", RepositoryID: 2}, {Repository: "acme/shop", RepositoryID: 4}}},
		"a": {Members: []Member{{Repository: "acme/shop"}, {Repository: "acme/other", RepositoryID: 1}}},
	}}
	for range 50 { // the order of a map is random
		if id := m.Identity("acme/shop"); id != 2 {
			t.Fatalf("identity %d, want 2", id)
		}
	}
}
