package preview

import (
	"encoding/json"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/previewset/previewset/internal/config"
	"github.com/previewset/previewset/internal/testfixture"
)

// secretFolders are the components with secrets.
var secretFolders = []string{
	"secrets", "services/orders/secrets", "services/web/secrets", "data/postgres/secrets",
	"data/postgres/datasets/truncated/secrets",
}

// stages is a system with secrets where approved forks get a preview. It goes on from snapshot to snapshot, and looks at
// every row.
type stages struct {
	t      *testing.T
	policy string
	files  map[string]string
	last   *Snapshot
	config *config.Config
	marks  map[string]SecretsMark // by environment, while it is live
	forks  map[string]bool        // the head commits of forks
}

// required is the line of orders in DemoPolicy with the setting.
const required = "orders: {secrets: required, "

func newStages(t *testing.T, replace ...string) *stages {
	t.Helper()
	policy := testfixture.Replace(t, testfixture.DemoPolicy, append([]string{"pullRequests: {", "pullRequests: {forks: approved, "},
		replace...)...)
	return &stages{
		t: t, policy: policy, files: map[string]string{}, last: &Snapshot{}, marks: map[string]SecretsMark{}, forks: map[string]bool{},
	}
}

// file writes a file for the next stage.
func (s *stages) file(name, content string) *stages {
	s.files[name] = content
	return s
}

// next resolves four minutes later, with the saved state.
func (s *stages) next(pulls ...PullRequest) *stages {
	s.t.Helper()
	s.files[config.PolicyFile] = s.policy
	tree := testfixture.DemoTree(s.files)
	for _, folder := range secretFolders {
		tree.Kustomizations["kustomize-base/"+folder] = true
	}
	s.config = testfixture.LoadTree(s.t, tree, nil)
	now := noon
	if !s.last.Memory.At.IsZero() {
		now = s.last.Memory.At.Add(4 * time.Minute)
	}
	facts := readAt(factsOf(pulls...), now)
	facts.ConfigReadAt = now
	s.last = Resolve(s.config, facts, restarted(s.t, s.last.Memory), now)
	for _, pr := range pulls {
		if pr.isFork() {
			s.forks[pr.HeadSHA] = true
		}
	}
	s.look()
	return s
}

// look checks that no environment with a commit from a fork has secrets, and that no mark changes.
func (s *stages) look() {
	s.t.Helper()
	marks := map[string]SecretsMark{}
	for _, row := range s.last.Rows {
		mark := row.SecretsMark()
		if last := s.marks[row.Name]; last != "" && mark != last {
			s.t.Errorf("%s was marked %q, and is marked %q now", row.Name, last, mark)
		}
		marks[row.Name] = mark
		hasFork := false
		for _, service := range row.Services {
			hasFork = hasFork || s.forks[service.Commit]
		}
		if hasFork && mark != SecretsNever {
			s.t.Errorf("%s has a commit from a fork, and is marked %q", row.Name, mark)
		}
		if (mark == SecretsAllowed) != (len(secretsOf(row)) > 0) {
			s.t.Errorf("%s is marked %q, and has %q", row.Name, mark, secretsOf(row))
		}
		if deletes := kindsDeleted(row); (mark == SecretsNever) != slices.Equal(deletes, []string{"ExternalSecret", "SealedSecret"}) {
			s.t.Errorf("%s is marked %q, and deletes %q", row.Name, mark, deletes)
		}
	}
	s.marks = marks
}

// secretsOf returns the components with secrets of a row.
func secretsOf(row Row) []string {
	var found []string
	for _, c := range row.Kustomize.Components {
		if folder, ok := strings.CutPrefix(c, "../../kustomize-base/"); ok && strings.HasSuffix(folder, "secrets") {
			found = append(found, folder)
		}
	}
	return found
}

func kindsDeleted(row Row) []string {
	var kinds []string
	for _, p := range row.Kustomize.Patches {
		if strings.Contains(p.Patch, `"$patch":"delete"`) && strings.HasSuffix(p.Target.Kind, "Secret") {
			kinds = append(kinds, p.Target.Kind)
		}
	}
	return kinds
}

// want checks the environments: name, mark, and the running services with a commit.
func (s *stages) want(lines ...string) *stages {
	s.t.Helper()
	got := []string{}
	for _, row := range s.last.Rows {
		line := row.Name + " " + string(row.SecretsMark()) + ":"
		for _, service := range row.Services {
			if service.Commit != "" {
				line += " " + service.Service + "@" + strings.TrimRight(service.Commit, "0")
			}
		}
		got = append(got, line)
	}
	if diff := cmp.Diff(append([]string{}, lines...), got); diff != "" {
		s.t.Errorf("environments (-want +got):\n%s\n%s", diff, strings.Join(reasons(s.last), "\n"))
	}
	return s
}

// wantHeld checks the rule, the reason and the remedy of a decision.
func (s *stages) wantHeld(number int, texts ...string) {
	s.t.Helper()
	for _, d := range s.last.Decisions {
		if d.Number != number {
			continue
		}
		text := string(d.Rule) + ": " + d.Reason + "; " + d.Remedy
		for _, want := range append(texts, "fork: ") {
			if !strings.Contains(text, want) {
				s.t.Errorf("the decision about %d is %q, want %q", number, text, want)
			}
		}
		return
	}
	s.t.Errorf("there is no decision about %d", number)
}

const join = "preview-with:checkout"

// own is a pull request of the repository that changes orders, fork one from a fork that changes web.
func own(edits ...func(*PullRequest)) PullRequest {
	return pull(1, append([]func(*PullRequest){headed("01"), withLabels("preview")}, edits...)...)
}

func fork(edits ...func(*PullRequest)) PullRequest {
	first := []func(*PullRequest){headed("fe"), changing("web/a.js"), by("mallory"), forked, approvedBy("bob")}
	return pull(9, append(first, edits...)...)
}

func TestOwnCodeGetsSecrets(t *testing.T) {
	t.Parallel()
	s := newStages(t).next(own()).want("shop-pr-1 allowed: orders@01")
	row := only(t, s.last)
	want := []string{"secrets", "services/web/secrets", "services/orders/secrets", "data/postgres/secrets"}
	if diff := cmp.Diff(want, secretsOf(row)); diff != "" {
		t.Errorf("components (-want +got):\n%s", diff)
	}
	if last := row.Kustomize.Components[len(row.Kustomize.Components)-1]; last != "../../kustomize-base/components/guardrails" {
		t.Errorf("the last component is %s", last)
	}
	s.next(own(headed("02"))).want("shop-pr-1 allowed: orders@02")
}

// A dataset that needs secrets comes with them.
func TestOwnCodeGetsADatasetWithSecrets(t *testing.T) {
	t.Parallel()
	s := newStages(t).file("overlays/shop-pr-1/environment.yaml", testfixture.EnvironmentYAML(
		"pullRequest: acme/shop#1\ndataset: truncated\n"))
	row := only(t, s.next(own()).last)
	for _, want := range []string{"data/postgres/datasets/truncated", "data/postgres/datasets/truncated/secrets"} {
		if !slices.Contains(below(row.Kustomize.Components), want) {
			t.Errorf("no %s in %q", want, row.Kustomize.Components)
		}
	}
}

// forkAttempts are the ways by which code from a fork could come into an environment with secrets, or secrets into an
// environment with such code.
func forkAttempts() map[string]func(*stages) {
	return map[string]func(*stages){
		"an approved pull request": func(s *stages) {
			s.next(fork()).want("shop-pr-9 never: web@fe")
		},
		"the fork is gone": func(s *stages) {
			s.next(fork(orphaned, approvedBy("bob"))).want("shop-pr-9 never: web@fe")
		},
		"a later commit is approved": func(s *stages) {
			s.next(fork()).next(fork(headed("f1"), approvedBy("bob"))).want("shop-pr-9 never: web@f1")
		},
		"a writer puts the label of a profile with all services and components": func(s *stages) {
			s.next(fork(withLabels("preview:full"))).want("shop-pr-9 never: web@fe")
		},
		"its environment file adds a component and a dataset": func(s *stages) {
			s.file("overlays/shop-pr-9/environment.yaml", testfixture.EnvironmentYAML(
				"pullRequest: acme/shop#9\ncomponents: [debug]\ndataset: truncated\nservices: {orders: {branch: main}}\n"))
			s.next(fork()).want("shop-pr-9 never: web@fe orders@5409")
			datasets := below(s.last.Rows[0].Kustomize.Components)
			if slices.Contains(datasets, "data/postgres/datasets/truncated") || !slices.Contains(datasets, "data/postgres/datasets/empty") {
				s.t.Errorf("the dataset needs secrets; components: %q", datasets)
			}
			if text := strings.Join(reasons(s.last), "\n"); !strings.Contains(text, "store postgres doesn't load dataset truncated") {
				s.t.Errorf("the decision doesn't say it: %s", text)
			}
		},
		"it joins an environment with secrets": func(s *stages) {
			s.next(own(withLabels(join))).want("checkout allowed: orders@01")
			s.next(own(withLabels(join)), fork(withLabels(join))).want("checkout allowed: orders@01")
			s.wantHeld(9, "environment checkout has secrets", `label it only "preview"`)
		},
		"it moves from its own environment to one with secrets": func(s *stages) {
			s.next(own(withLabels(join)), fork()).want("checkout allowed: orders@01", "shop-pr-9 never: web@fe")
			s.next(own(withLabels(join)), fork(withLabels(join))).want("checkout allowed: orders@01", "shop-pr-9 never: web@fe")
		},
		"both join a new environment": func(s *stages) {
			s.next(own(withLabels(join)), fork(withLabels(join))).want("checkout never: web@fe orders@01")
		},
		"secrets follow it into its environment, and it leaves": func(s *stages) {
			s.next(fork(withLabels(join))).want("checkout never: web@fe")
			s.next(own(withLabels(join)), fork(withLabels(join))).want("checkout never: web@fe orders@01")
			for range 3 {
				s.next(own(withLabels(join)), fork(withLabels()))
			}
			if mark := s.last.Rows[0].SecretsMark(); mark != SecretsNever {
				s.t.Errorf("after it left, the environment is marked %q", mark)
			}
		},
		"the holder of a slot with secrets has it": func(s *stages) {
			s.policy += "slots: on\n"
			s.file(config.SlotsFile, testfixture.SlotsYAML("slots: {bulbasaur: {holders: [alice, mallory]}}\n"))
			s.next(own()).want("bulbasaur allowed: orders@01")
			s.next(own(), fork()).want("bulbasaur allowed: orders@01")
			s.wantHeld(9, "environment bulbasaur has secrets")
		},
		"the holder of a free slot has it": func(s *stages) {
			s.policy += "slots: on\n"
			s.file(config.SlotsFile, testfixture.SlotsYAML("slots: {bulbasaur: {holders: [alice, mallory]}}\n"))
			s.next(fork()).want("bulbasaur never: web@fe")
			s.next(own(), fork()).want("bulbasaur never: web@fe orders@01")
		},
		"a new environment file names it": func(s *stages) {
			s.file(jakub, testfixture.EnvironmentYAML("services: {web: {pullRequest: 9}, orders: {branch: main}}\n"))
			s.next(fork(withLabels())).want("jakub never: web@fe orders@5409")
		},
		"the file of an environment with secrets names it": func(s *stages) {
			s.file(jakub, testfixture.EnvironmentYAML("services: {web: {branch: main}}\n")).next().want("jakub allowed: web@5409")
			s.file(jakub, testfixture.EnvironmentYAML("services: {web: {pullRequest: 9}}\n"))
			s.next(fork(withLabels())).want("jakub allowed: web@5409")
		},
		"the file of another pull request's environment names it": func(s *stages) {
			s.next(own()).want("shop-pr-1 allowed: orders@01")
			s.file("overlays/shop-pr-1/environment.yaml", testfixture.EnvironmentYAML(
				"pullRequest: acme/shop#1\nservices: {web: {pullRequest: 9}}\n"))
			s.next(own(), fork(withLabels())).want("shop-pr-1 allowed: orders@01")
		},
		"the file names another pull request later": func(s *stages) {
			s.file(jakub, testfixture.EnvironmentYAML("services: {web: {pullRequest: 9}}\n"))
			s.next(fork(withLabels())).want("jakub never: web@fe")
			s.file(jakub, testfixture.EnvironmentYAML("services: {web: {branch: main}}\n"))
			s.next(fork(withLabels())).want("jakub never: web@5409")
		},
		"its approval lapses, and a commit is approved later": func(s *stages) {
			s.next(fork()).next(fork(func(pr *PullRequest) { pr.Approvals = []Approval{} })).want("shop-pr-9 never: web@fe")
			s.next(fork(headed("f1"), approvedBy("bob"))).want("shop-pr-9 never: web@f1")
		},
		"it is adopted and closed": func(s *stages) {
			s.next(fork())
			s.file("overlays/shop-pr-9/environment.yaml", testfixture.EnvironmentYAML(
				"pullRequest: acme/shop#9\nadopted: true\nservices: {web: {sha: "+testfixture.SHA("fe")+"}}\n"))
			s.next(fork()).next().next().next().want("shop-pr-9 never: web@fe")
		},
		"its file names the commit that no branch has": func(s *stages) {
			s.file(jakub, testfixture.EnvironmentYAML("services: {web: {sha: "+testfixture.SHA("fe")+"}}\n"))
			s.next(fork(withLabels())).want()
		},
		"the label of a held member is gone, and it stays": func(s *stages) {
			s.next(fork(withLabels(join)), own(withLabels(join))).want("checkout never: web@fe orders@01")
			s.next(fork(withLabels(join), asDraft), own(withLabels(join))).want("checkout never: web@fe orders@01")
		},
		"it changes no service at first": func(s *stages) {
			s.next(fork(changing("README.md"), withLabels("preview:full"))).want("shop-pr-9 never:")
			s.next(fork(withLabels("preview:full"))).want("shop-pr-9 never: web@fe")
		},
		"it links to an environment with secrets": func(s *stages) {
			s.file("overlays/base/environment.yaml", testfixture.EnvironmentYAML("shared: true\nservices: {orders: {branch: main}}\n"))
			s.file("overlays/shop-pr-9/environment.yaml", testfixture.EnvironmentYAML(
				"pullRequest: acme/shop#9\nlinks: {orders: {environment: base}}\n"))
			s.next(fork()).want("base allowed: orders@5409", "shop-pr-9 never: web@fe")
		},
	}
}

// No path leads from code of a fork to a secret. Each attempt begins anew after a restart from the saved state.
func TestForksGetNoSecrets(t *testing.T) {
	t.Parallel()
	for name, play := range forkAttempts() {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			s := newStages(t)
			play(s)
			if len(s.last.Rows) == 0 {
				return
			}
			// A lost state comes back from the Applications with the same marks.
			var r Recovered
			for _, row := range s.last.Rows {
				r.Add(applicationOf(t, row)) // an adopted environment doesn't come back
			}
			for environment, e := range r.Environments {
				if mark := e.Row.SecretsMark(); mark != s.marks[environment] {
					t.Errorf("%s comes back marked %q, want %q", environment, mark, s.marks[environment])
				}
			}
		})
	}
}

// A service that needs secrets doesn't run without them. Where only the profile asks for it, it is linked.
func TestRequiredSecrets(t *testing.T) {
	t.Parallel()
	const held = "can't run without secrets"
	tests := map[string]func(*stages){
		"a fork changes the service": func(s *stages) {
			s.next(fork(changing("orders/a.go"))).want().wantHeld(9, held, "push the branch to the repository itself")
		},
		"a file runs it at a fork's commit": func(s *stages) {
			s.file(jakub, testfixture.EnvironmentYAML("services: {orders: {pullRequest: 9}}\n"))
			s.next(fork(changing("orders/a.go"), withLabels())).want()
		},
		"only the profile asks for the service": func(s *stages) {
			s.next(fork(withLabels("preview:full"))).want("shop-pr-9 never: web@fe")
			row := only(s.t, s.last)
			isOrders := func(l Link) bool { return slices.Contains(l.Services, "orders") }
			if !slices.ContainsFunc(row.Links, isOrders) || !strings.Contains(reasons(s.last)[0], "service orders is linked") {
				s.t.Errorf("links: %v; %v", row.Links, reasons(s.last))
			}
		},
		"an own pull request needs it": func(s *stages) {
			s.next(own(withLabels(join)), fork(withLabels(join))).want("checkout allowed: orders@01")
			s.wantHeld(9, "service orders of environment checkout can't run without secrets")
		},
		"an own pull request comes to a fork": func(s *stages) {
			s.next(fork(withLabels(join))).want("checkout never: web@fe")
			s.next(own(withLabels(join)), fork(withLabels(join))).want("checkout never: web@fe")
			s.wantHeld(1, held, "run it in another environment")
		},
		"the file of a fork's environment asks for it": func(s *stages) {
			s.file("overlays/shop-pr-9/environment.yaml", testfixture.EnvironmentYAML(
				"pullRequest: acme/shop#9\nservices: {orders: {branch: main}}\n"))
			s.next(fork()).want().wantHeld(9, held)
		},
		"own code": func(s *stages) { s.next(own()).want("shop-pr-1 allowed: orders@01") },
	}
	for name, play := range tests {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			play(newStages(t, "orders: {", required))
		})
	}
}

// The saved state of earlier versions has no origins. An own pull request that is held stays without a mark until its
// origin is known.
func TestStateWithoutOrigins(t *testing.T) {
	t.Parallel()
	joined := withLabels(join)
	s := newStages(t).next(fork(joined), own(joined))
	text, err := json.Marshal(s.last.Memory)
	if err != nil {
		t.Fatal(err)
	}
	earlier := strings.NewReplacer(`,"Origin":"own"`, "", `,"Origin":"fork"`, "").Replace(string(text))
	if earlier == string(text) {
		t.Fatal("the state has no origins")
	}
	var m Memory
	if err := json.Unmarshal([]byte(earlier), &m); err != nil {
		t.Fatal(err)
	}
	e := m.Environments["checkout"]
	e.Row.Kustomize.Patches = slices.DeleteFunc(slices.Clone(e.Row.Kustomize.Patches), func(p Patch) bool {
		return p.Target.Kind == "Namespace" || strings.HasSuffix(p.Target.Kind, "Secret")
	})
	m.Environments["checkout"] = e
	s.last, s.marks = &Snapshot{Memory: m}, map[string]SecretsMark{}
	s.next(fork(joined, asDraft), own(joined, asDraft)).want("checkout never: web@fe orders@01")
	unread := factsOf()
	delete(unread.Repositories, "acme/shop")
	row := only(t, Resolve(s.config, unread, restarted(t, m), m.At.Add(time.Minute)))
	if row.SecretsMark() != "" || len(secretsOf(row)) > 0 {
		t.Errorf("with unknown origins it is marked %q, and has %q", row.SecretsMark(), secretsOf(row))
	}
}

// Without components with secrets, rows are as before.
func TestRowsWithoutSecrets(t *testing.T) {
	t.Parallel()
	row := only(t, resolve(testfixture.LoadPolicy(t, testfixture.DemoPolicy), factsOf(pull(7))))
	if row.SecretsMark() != "" || len(secretsOf(row)) > 0 || len(kindsDeleted(row)) > 0 {
		t.Errorf("the row has secrets: %+v", row.Kustomize)
	}
}
