package preview

import (
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/previewset/previewset/internal/testfixture"
)

// An orphan changes nothing in its named environment: neither its services nor its owner, nor any other value by which an
// ApplicationSet may select it.
func TestOrphanKeepsItsEnvironment(t *testing.T) {
	t.Parallel()
	x := withLabels("preview:full", "preview-with:checkout")
	unread := func(f *Facts) { delete(f.Repositories, "acme/shop") }
	becomes := func(edits ...func(*PullRequest)) func(*Facts) {
		return func(f *Facts) {
			r := f.Repositories["acme/shop"]
			r.PullRequests = []PullRequest{pull(7, append([]func(*PullRequest){x}, edits...)...)}
			f.Repositories["acme/shop"] = r
		}
	}
	unclear := func(f *Facts) {
		r := f.Repositories["acme/shop"]
		r.PullRequests, r.Unread = nil, map[int]string{7: "502"}
		f.Repositories["acme/shop"] = r
	}
	for name, happens := range map[string]func(*Facts){
		"its repository can't be read":   unread,
		"its state is unknown":           unclear,
		"its next commit is being built": becomes(headed("bad")),
		"it became a draft":              becomes(asDraft),
		"it became a fork's":             becomes(forked),
	} {
		for others, more := range map[string][]PullRequest{
			"alone":                           nil,
			"with a later one":                {ofGateway(3, withLabels("preview-with:checkout"), by("bob"), createdAt(5))},
			"and an earlier one isn't let in": {ofGateway(3, withLabels("preview-with:checkout"), by("bob"), createdAt(-5), asDraft)},
		} {
			t.Run(name+", "+others, func(t *testing.T) {
				t.Parallel()
				c := testfixture.LoadPolicy(t, readyDemo(t))
				facts := func() Facts { return with(greenFacts(pull(7, x)), nil, more...) }
				before, f := resolve(c, facts()), facts()
				happens(&f)
				after := Resolve(c, f, restarted(t, before.Memory), noon)
				if diff := cmp.Diff([]string{"alice", "full"}, []string{only(t, before).Owner, only(t, before).Profile}); diff != "" {
					t.Fatalf("before (-want +got):\n%s", diff)
				}
				if diff := cmp.Diff(before.Rows, after.Rows); diff != "" {
					t.Errorf("rows (-want +got):\n%s", diff)
				}
			})
		}
	}
}

// An unreadable head is no push: it neither wakes an environment nor keeps it.
func TestUnreadRepositoryIsNoPush(t *testing.T) {
	t.Parallel()
	x := withLabels("preview-with:checkout")
	c := testfixture.LoadPolicy(t, testfixture.DemoPolicy)
	facts := func() Facts { return with(factsOf(pull(7, x)), nil, ofGateway(3, x)) }
	m := resolve(c, facts()).Memory
	unread := facts()
	delete(unread.Repositories, "acme/shop")
	began := m.Lives["checkout"].Pushed
	for i, f := range []Facts{unread, facts()} {
		m = Resolve(c, f, restarted(t, m), noon.Add(time.Minute)).Memory
		if pushed := m.Lives["checkout"].Pushed; !pushed.Equal(began) {
			t.Errorf("answer %d: it counts as pushed at %s", i+1, pushed)
		}
	}
}

// While the next commit of the earlier of two is being built, or its state is unknown, it still has the service.
func TestOrphanKeepsItsServices(t *testing.T) {
	t.Parallel()
	x := withLabels("preview-with:checkout")
	c := testfixture.LoadPolicy(t, readyDemo(t))
	later := pull(8, x, headed("beef"), createdAt(5000))
	facts := func(pulls ...PullRequest) Facts {
		f := greenFacts(pulls...)
		checked(&f, "acme/shop", testfixture.SHA("beef"), greenImage)
		return f
	}
	before := resolve(c, facts(pull(7, x), later))
	unclear := facts(later)
	r := unclear.Repositories["acme/shop"]
	r.Unread = map[int]string{7: "502"}
	unclear.Repositories["acme/shop"] = r
	for name, f := range map[string]Facts{
		"before": facts(pull(7, x), later), "building": facts(pull(7, x, headed("bad")), later),
		"unclear": unclear,
	} {
		after := Resolve(c, f, restarted(t, before.Memory), noon)
		if got := runs(after, "checkout")["orders"]; got != "abcdef1234" {
			t.Errorf("%s: orders runs at %s: %v", name, got, reasons(after))
		}
		for _, d := range after.Decisions {
			if d.Number == 8 && d.Rule != RuleConflict {
				t.Errorf("%s: #8 is %s by %s", name, d.Outcome, d.Rule)
			}
		}
	}
}
