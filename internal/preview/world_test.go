package preview

import (
	"strings"
	"testing"
	"time"

	"github.com/previewset/previewset/internal/config"
	"github.com/previewset/previewset/internal/testfixture"
)

// demo is a system of five services from three repositories. web calls gateway, gateway calls orders and products;
// nobody calls mailer. Tests edit it with strings.Replace or add to its end.
// demoTree is a config branch with demo and all that it refers to.
// environment is an environment file that says what is handed in.
// pool is a slots.yaml that says what is handed in.
// loadPolicy loads a previewset.yaml that is in order.
// sha is a made-up commit that is easy to recognise: the text, then zeros.
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
			"acme/gateway": {ID: gatewayID, FullName: "acme/gateway", Branches: map[string]string{"main": testfixture.SHA("9a7e")}, Tags: map[string]string{"dev": testfixture.SHA("de4")}},
			"acme/mailer":  {ID: mailerID, FullName: "acme/mailer"},
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

// runs says what runs in an environment at what: "orders@abcdef1", without commit where kustomize-base's image runs.
func runs(s *Snapshot, name string) map[string]string {
	at := map[string]string{}
	for service, pin := range s.Memory.Environments[name].Run {
		at[service] = strings.TrimRight(pin.SHA, "0")
	}
	return at
}

// lines takes an error apart.
// golden compares with a file in testdata, or writes it with -update.
