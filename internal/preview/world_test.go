package preview

import (
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/previewset/previewset/internal/config"
	"github.com/previewset/previewset/internal/testfixture"
)

var noon = time.Date(2026, 11, 20, 12, 0, 0, 0, time.UTC)

const (
	shopID    = 11
	gatewayID = 12
	mailerID  = 13
)

// pull is an ordinary labelled pull request of acme/shop that changes orders, with what edits make of it.
func pull(number int, edits ...func(*PullRequest)) PullRequest {
	pr := PullRequest{
		Number: number, Title: "Faster checkout", URL: "https://github.com/acme/shop/pull/7", Author: "alice",
		Labels: []string{"preview"}, Created: noon.Add(time.Duration(number) * time.Minute),
		Branch: "feature/checkout", TargetBranch: "main", HeadSHA: testfixture.SHA("abcdef1234"), BaseSHA: testfixture.SHA("ba5e"),
		HeadRepositoryID: shopID, BaseRepositoryID: shopID, Changes: &Changes{Paths: []string{"orders/main.go"}},
	}
	for _, edit := range edits {
		edit(&pr)
	}
	return pr
}

func withLabels(labels ...string) func(*PullRequest) {
	return func(pr *PullRequest) { pr.Labels = labels }
}

func changing(paths ...string) func(*PullRequest) {
	return func(pr *PullRequest) { pr.Changes = &Changes{Paths: paths} }
}

func asDraft(pr *PullRequest) { pr.Draft = true }

// factsOf are those of a world where all repositories were read, and acme/shop has these pull requests.
func factsOf(pulls ...PullRequest) Facts {
	return Facts{
		Repositories: map[string]Repository{
			"acme/shop": {
				ID: shopID, FullName: "acme/Shop", PullRequests: pulls,
				Branches: map[string]string{"main": testfixture.SHA("5409")}, Tags: map[string]string{"v1": testfixture.SHA("7a9")},
			},
			"acme/gateway": {
				ID: gatewayID, FullName: "acme/gateway", Branches: map[string]string{"main": testfixture.SHA("9a7e")},
				Tags: map[string]string{"dev": testfixture.SHA("de4")},
			},
			"acme/mailer": {ID: mailerID, FullName: "acme/mailer"},
		},
		Protected: []string{"argocd", "previewset"},
	}
}

// resolve answers once, with no memory.
func resolve(c *config.Config, f Facts) *Snapshot { return Resolve(c, f, Memory{}, noon) }

// only is the snapshot's one row.
func only(t testing.TB, s *Snapshot) Row {
	t.Helper()
	if len(s.Rows) != 1 {
		t.Fatalf("%d rows, want one; decisions: %v", len(s.Rows), outcomes(s))
	}
	return s.Rows[0]
}

// outcomes are a snapshot's decisions as "name: outcome by rule".
func outcomes(s *Snapshot) []string {
	lines := make([]string, len(s.Decisions))
	for i, d := range s.Decisions {
		lines[i] = d.Environment + ": " + string(d.Outcome) + " by " + string(d.Rule)
	}
	return lines
}

// decision is the snapshot's one decision.
func decision(t testing.TB, s *Snapshot) Decision {
	t.Helper()
	if len(s.Decisions) != 1 {
		t.Fatalf("decisions: %v, want one", outcomes(s))
	}
	return s.Decisions[0]
}

// runs returns the running services with their commits: "orders@abcdef1", without commit where kustomize-base's image runs.
func runs(s *Snapshot, name string) map[string]string {
	at := map[string]string{}
	for service, pin := range s.Memory.Environments[name].Run {
		at[service] = strings.TrimRight(pin.SHA, "0")
	}
	return at
}

// lines takes an error apart.
// golden compares with a file in testdata, or writes it with -update.

// limitedTo is demo with limits.
func limitedTo(t testing.TB, limits string) *config.Config {
	t.Helper()
	return testfixture.LoadPolicy(t, testfixture.DemoPolicy+"limits: {"+limits+"}\n")
}

func by(author string) func(*PullRequest) {
	return func(pr *PullRequest) { pr.Author = author }
}

func createdAt(minute int) func(*PullRequest) {
	return func(pr *PullRequest) { pr.Created = noon.Add(time.Duration(minute) * time.Minute) }
}

// states are a snapshot's decisions as "7 live" or, where a limit holds it, "8 limit: reason".
func states(s *Snapshot) []string {
	var all []string
	for _, d := range s.Decisions {
		line := fmt.Sprint(d.Number, " ", d.Outcome)
		if d.Rule == RuleLimit {
			line = fmt.Sprint(d.Number, " limit: ", d.Reason)
		}
		all = append(all, line)
	}
	return all
}

// queue has the waiting and the live environments, from snapshot to snapshot.
type queue struct {
	t      *testing.T
	config *config.Config
	memory Memory
	now    time.Time
}

// next resolves a minute later. It returns the live environments, then the waiting ones in order.
func (q *queue) next(pulls ...PullRequest) string {
	q.t.Helper()
	q.now = q.now.Add(time.Minute)
	s := Resolve(q.config, factsOf(pulls...), restarted(q.t, q.memory), q.now)
	q.memory = s.Memory
	return inLine(s)
}

func inLine(s *Snapshot) string {
	live, waiting := []string{}, map[string]string{}
	for _, d := range s.Decisions {
		if d.Outcome == Live {
			live = append(live, fmt.Sprint(d.Number))
		}
		if _, place, ok := strings.Cut(d.Reason, "; position "); ok && d.Rule == RuleLimit {
			waiting[strings.Fields(place)[0]] = fmt.Sprint(d.Number)
		}
	}
	line := strings.Join(live, " ") + " |"
	for i := range len(waiting) {
		line += " " + waiting[fmt.Sprint(i+1)]
	}
	return line
}

// elsewhere is demo where another repository has taken acme/shop's place.
var elsewhere = strings.NewReplacer("acme/Shop", "acme/Store", "acme/shop", "acme/store").Replace(testfixture.DemoPolicy)

// crowdOf are pull requests 1 to n; those from unlabelled on have lost their label.
func crowdOf(n, unlabelled int) []PullRequest {
	var all []PullRequest
	for i := 1; i <= n; i++ {
		pr := pull(i)
		if i >= unlabelled {
			pr.Labels = nil
		}
		all = append(all, pr)
	}
	return all
}

// idle is the memory after an answer a minute, the last one a minute before the given time.
func idle(c *config.Config, pulls []PullRequest, m Memory, until time.Time) Memory {
	for now := m.At.Add(time.Minute); !m.At.IsZero() && now.Before(until); now = now.Add(time.Minute) {
		m = Resolve(c, factsOf(pulls...), m, now).Memory
	}
	return m
}

// alive counts the rows.
func (q *queue) alive(pulls ...PullRequest) int {
	q.t.Helper()
	q.next(pulls...)
	return len(q.memory.Environments)
}

// live names the environments.
func live(s *Snapshot) []string {
	names := []string{}
	for _, r := range s.Rows {
		names = append(names, r.Name)
	}
	return names
}

const jakub = "overlays/jakub/environment.yaml"

// ofGateway is a pull request of acme/gateway.
func ofGateway(number int, edits ...func(*PullRequest)) PullRequest {
	return pull(number, append([]func(*PullRequest){func(pr *PullRequest) {
		pr.HeadSHA, pr.HeadRepositoryID, pr.BaseRepositoryID = testfixture.SHA("9a7"+string(rune('a'+number%6))), gatewayID, gatewayID
	}}, edits...)...)
}

// with adds pull requests of acme/gateway, and commits that a branch holds.
func with(f Facts, commits []string, pulls ...PullRequest) Facts {
	r := f.Repositories["acme/gateway"]
	r.PullRequests, r.Commits = pulls, map[string]bool{}
	for _, c := range commits {
		r.Commits[c] = true
	}
	f.Repositories["acme/gateway"] = r
	return f
}

// later is the next commit of a config branch.
func later(t testing.TB, before *config.Config, files map[string]string, rewritten bool) *config.Config {
	t.Helper()
	tree := testfixture.DemoTree(files)
	tree.Commit = testfixture.SHA("f" + strings.TrimRight(before.Commit, "0"))
	if !rewritten {
		tree.Ancestors = []string{before.Commit}
	}
	return testfixture.LoadTree(t, tree, before)
}

// reasons returns the decisions with their reasons, without those about removed environments.
func reasons(s *Snapshot) []string {
	lines := []string{}
	for _, d := range s.Decisions {
		who := d.Environment
		if d.Number > 0 {
			who = subject(d.Repository, d.Number)
		}
		lines = append(lines, who+": "+string(d.Outcome)+" by "+string(d.Rule)+": "+d.Reason)
	}
	return lines
}

func names(s *Snapshot) []string {
	names := []string{}
	for _, r := range s.Rows {
		names = append(names, r.Name)
	}
	return names
}

const slotsOn = "slots: on\n"

// crowd is a world with some of everything.
func crowd() Facts {
	f := factsOf(
		pull(1), pull(2, withLabels("preview:full")), pull(3, withLabels()), pull(4, asDraft), pull(5, changing("web/a", "lib/b")),
		pull(6, withLabels("zeta", "preview", "alpha")), pull(7, changing()), pull(8, withLabels("preview:checkout")),
	)
	f.Repositories["acme/mailer"] = Repository{FullName: "acme/mailer", PullRequests: []PullRequest{pull(1), pull(2), pull(3, asDraft)}}
	f.Repositories["acme/gateway"] = Repository{FullName: "acme/gateway", PullRequests: []PullRequest{pull(9), pull(11)}}
	return f
}
