package generator_test

import (
	"fmt"
	"maps"
	"slices"
	"strings"
	"time"

	"github.com/previewset/previewset/internal/githubtest"
)

// openUnsaved opens a pull request while the disk is full. Then the generator restarts while GitHub can't be read.
func (sim events) openUnsaved() {
	l := sim.repositories[sim.number%len(sim.repositories)]
	l.opened = l.repo.Open(
		githubtest.PullRequest{Author: "alice", Labels: []string{"preview"}, Files: []githubtest.File{{Name: "web/index.html"}}},
	)
	sim.logf("%s#%d is opened with a label", l.key, l.opened)
	sim.atNextStep = func() {
		sim.inject(githubtest.Fault{Match: `/pulls\?`, Status: 500})
		sim.atStepEnd = func() { sim.logf("restart"); sim.process.stop(); sim.startService() }
	}
}

// removeLabels removes the labels of one or two pull requests with an environment.
func (sim events) removeLabels() {
	for _, name := range slices.Sorted(maps.Keys(sim.environments))[:min(len(sim.environments), 1+sim.IntN(2))] {
		l := sim.environments[name]
		l.repository.repo.Edit(l.number, func(pr *githubtest.PullRequest) { pr.Labels = nil })
		sim.logf("%s#%d loses its label", l.repository.key, l.number)
	}
}

func (sim events) openPullRequest(l *trackedRepository) {
	labels := pick(sim.simulation, nil, []string{"preview"}, []string{"preview"}, []string{"deploy"}, []string{"Preview:full"})
	l.opened = l.repo.Open(githubtest.PullRequest{Author: pick(sim.simulation, "alice", "bob"), Labels: labels, Files: sim.randomFiles()})
}

func (sim events) randomFiles() []githubtest.File {
	return pick(
		sim.simulation, []githubtest.File{{Name: "web/index.html"}},
		[]githubtest.File{{Name: "orders/main.go"}, {Name: "go.mod"}},
		[]githubtest.File{{Name: "README.md", Previous: "web/README.md", Status: "renamed"}},
	)
}

func (sim events) changePullRequest() {
	l := pick(sim.simulation, sim.repositories...)
	n := 1 + sim.IntN(l.opened)
	var what string
	switch sim.IntN(11) {
	case 10:
		l.repo.Edit(n, func(pr *githubtest.PullRequest) { pr.Draft = !pr.Draft })
		what = "becomes a draft or ready for review"
	case 0:
		what = "closes"
		l.repo.Close(n)
	case 1:
		what = "is merged"
		l.repo.Merge(n)
	case 2:
		what = "is reopened"
		l.repo.Reopen(n)
	case 3, 4:
		what = "gets a new commit"
		l.repo.Push(n, sim.randomFiles()...)
	case 5:
		sim.openPullRequest(l)
		n, what = l.opened, "is opened"
	default:
		labels := pick(
			sim.simulation, nil, []string{"preview"}, []string{"preview"}, []string{"Preview", "bug"}, []string{"deploy"},
			[]string{"preview", "deploy"}, []string{"preview:full"},
		)
		what = fmt.Sprintf("is labelled %q", labels)
		l.repo.Edit(n, func(pr *githubtest.PullRequest) { pr.Labels = slices.Clone(labels) })
	}
	sim.logf("%s#%d %s", l.key, n, what)
}

// changeManyPullRequests changes labels of a whole repository.
func (sim events) changeManyPullRequests() {
	l := pick(sim.simulation, sim.repositories...)
	from, to := "preview", "deploy"
	switch sim.IntN(5) {
	case 4:
		for n := 1; n <= l.opened; n++ {
			l.repo.Edit(n, func(pr *githubtest.PullRequest) { pr.Labels = nil })
		}
		sim.logf("a script removes all labels of %s, one by one", l.key)
	case 0:
		defer sim.noteDeletedLabel(l, from)()
		l.repo.DeleteLabel(from)
		sim.logf("the label %s of %s is deleted", from, l.key)
	case 1:
		defer sim.noteDeletedLabel(l, from)()
		l.repo.RenameLabel(from, to)
		sim.logf("the label %s of %s is renamed %s", from, l.key, to)
	case 2:
		defer sim.noteDeletedLabel(l, to)()
		l.repo.RenameLabel(to, from)
		sim.logf("the label %s of %s is renamed %s", to, l.key, from)
	default:
		for n := 1; n <= l.opened; n++ {
			l.repo.Edit(n, func(pr *githubtest.PullRequest) { pr.Labels = []string{from} })
		}
		sim.logf("all of %s are labelled %s", l.key, from)
	}
}

// moveRepository changes a repository's name or visibility. After lost state, no other repository takes its name before
// the generator has answered: until then it may not know the first owner. See loseState.
func (sim events) moveRepository() {
	l := pick(sim.simulation, sim.repositories...)
	switch {
	case !sim.stateLost && l.namesake == nil && l.name != l.key && sim.IntN(2) == 0 && !sim.mayBeUnconfigured(l):
		l.namesake = sim.hub.AddRepository(l.key)
		for range sim.IntN(4) {
			l.namesake.Open(githubtest.PullRequest{Labels: pick(sim.simulation, nil, []string{"preview"})})
		}
		sim.logf("another repository takes the name %s", l.key)
	case l.name != l.key:
		sim.restoreName(l)
	case sim.IntN(3) == 0:
		l.private = !l.private
		l.repo.SetPrivate(l.private)
		sim.logf("repository %s is private: %v", l.key, l.private)
	default:
		l.name = pick(sim.simulation, l.key+"-renamed", strings.Replace(l.key, "acme/", "umbrella/", 1))
		l.repo.Rename(l.name)
		sim.logf("repository %s is renamed to %s", l.key, l.name)
	}
}

// mayBeUnconfigured says whether the configuration in force may lack a repository. Then the generator doesn't keep its
// identity.
func (sim events) mayBeUnconfigured(l *trackedRepository) bool {
	for s := range sim.inForce {
		if s.unconfigured == l.key {
			return true
		}
	}
	head := sim.headSettings()
	return head != nil && head.unconfigured == l.key
}

func (sim events) restoreName(l *trackedRepository) {
	if l.namesake != nil {
		l.namesake.Delete()
		l.namesake = nil
	}
	if l.name != l.key {
		l.repo.Rename(l.key)
		l.name = l.key
		sim.logf("repository %s has its name again", l.key)
	}
}

// breakGitHub makes GitHub fail for one kind of request, of one or all repositories.
func (sim events) breakGitHub() {
	where := `GET /(repos/[^/]+/[^/]+|repositories/\d+)`
	if sim.IntN(3) > 0 {
		l := pick(sim.simulation, sim.repositories...)
		where = fmt.Sprintf(`GET /(repos/%s|repositories/%d)`, l.key, l.repo.ID)
	}
	what := pick(sim.simulation, ``, `/pulls\?`, `/pulls\?.*[?&]page=1$`, `/pulls\?.*[?&]page=2$`, `/pulls/\d+$`, `/pulls/\d+/files`, `/git/`)
	f := pick(
		sim.simulation,
		githubtest.Fault{
			Status: 500,
		},
		githubtest.Fault{Status: 502, Body: "<html>Unicorn!</html>"},
		githubtest.Fault{Status: 403},
		githubtest.Fault{Status: 404},
		githubtest.Fault{
			Kind: githubtest.CutOff,
		},
		githubtest.Fault{Kind: githubtest.NextLinkMissing},
		githubtest.Fault{Delay: 20 * time.Second},
		githubtest.Fault{Delay: 4 * time.Second},
		githubtest.Fault{Kind: githubtest.SecondaryLimit},
		githubtest.Fault{Kind: githubtest.RateLimited},
		githubtest.Fault{Status: 200, Body: "{}"},
		githubtest.Fault{Status: 200, Body: "null"},
		githubtest.Fault{Status: 200, Body: `[{"number":`},
		githubtest.Fault{Status: 200, Body: "[]"},
	)
	switch {
	case f.Kind == githubtest.SecondaryLimit, f.Kind == githubtest.RateLimited:
		where, what = "", "" // which of several parallel requests fails must not depend on scheduling
	case f.Body == "[]":
		what = `/pulls\?` // GitHub's lists are sometimes incomplete
	}
	f.Match = where + what
	sim.inject(f)
}

func (sim events) inject(f githubtest.Fault) {
	sim.logf("GitHub fails: %+v", f)
	sim.hub.Inject(f)
	sim.faults++
	// Without saved state and cluster the generator can't know that such an answer is wrong.
	sim.hiding = sim.hiding || f.Body == "[]" || strings.HasSuffix(f.Match, "/files")
	sim.hidden = sim.hidden || sim.hiding
}

func (sim events) repairAll() {
	sim.hub.ClearFaults()
	sim.faults, sim.hiding = 0, false
	sim.disk.full.Store(false)
	for _, l := range sim.repositories {
		sim.restoreName(l)
		if l.private {
			l.private = false
			l.repo.SetPrivate(false)
		}
	}
	sim.argocd.setBroken(false)
	sim.logf("GitHub and the cluster are repaired")
}
