package generator_test

import (
	"fmt"
	"maps"
	"slices"
	"strings"
	"time"

	"github.com/previewset/previewset/internal/githubtest"
)

// opensUnkept opens what can't be remembered. Afterwards the service begins again, while GitHub can't be read.
func (p *play) opensUnkept() {
	l := p.places[p.number%len(p.places)]
	l.open = l.repo.Open(githubtest.PullRequest{Author: "alice", Labels: []string{"preview"}, Files: []githubtest.File{{Name: "web/index.html"}}})
	p.tell("%s#%d is opened with a label", l.key, l.open)
	p.next = func() {
		p.inject(githubtest.Fault{Match: `/pulls\?`, Status: 500})
		p.restart = func() { p.tell("restart"); p.process.stop(); p.begin() }
	}
}

// someLoseTheirLabel takes the label off one or two that have an environment.
func (p *play) someLoseTheirLabel() {
	for _, name := range slices.Sorted(maps.Keys(p.live))[:min(len(p.live), 1+p.IntN(2))] {
		l := p.live[name]
		l.place.repo.Edit(l.number, func(pr *githubtest.PullRequest) { pr.Labels = nil })
		p.tell("%s#%d loses its label", l.place.key, l.number)
	}
}

func (p *play) opens(l *place) {
	labels := pick(p, nil, []string{"preview"}, []string{"preview"}, []string{"deploy"}, []string{"Preview:full"})
	l.open = l.repo.Open(githubtest.PullRequest{Author: pick(p, "alice", "bob"), Labels: labels, Files: p.files()})
}

func (p *play) files() []githubtest.File {
	return pick(p, []githubtest.File{{Name: "web/index.html"}}, []githubtest.File{{Name: "orders/main.go"}, {Name: "go.mod"}}, []githubtest.File{{Name: "README.md", Previous: "web/README.md", Status: "renamed"}})
}

func (p *play) pullRequestChanges() {
	l := pick(p, p.places...)
	n := 1 + p.IntN(l.open)
	var what string
	switch p.IntN(11) {
	case 10:
		l.repo.Edit(n, func(pr *githubtest.PullRequest) { pr.Draft = !pr.Draft })
		what = "is a draft, or no more"
	case 0:
		what = "closes"
		l.repo.Close(n)
	case 1:
		what = "is merged"
		l.repo.Merge(n)
	case 2:
		what = "opens again"
		l.repo.Reopen(n)
	case 3, 4:
		what = "gets a push"
		l.repo.Push(n, p.files()...)
	case 5:
		p.opens(l)
		n, what = l.open, "is opened"
	default:
		labels := pick(p, nil, []string{"preview"}, []string{"preview"}, []string{"Preview", "bug"}, []string{"deploy"}, []string{"preview", "deploy"}, []string{"preview:full"})
		what = fmt.Sprintf("is labelled %q", labels)
		l.repo.Edit(n, func(pr *githubtest.PullRequest) { pr.Labels = slices.Clone(labels) })
	}
	p.tell("%s#%d %s", l.key, n, what)
}

// manyChange is what happens to a whole repository at once.
func (p *play) manyChange() {
	l := pick(p, p.places...)
	from, to := "preview", "deploy"
	switch p.IntN(4) {
	case 0:
		l.repo.DeleteLabel(from)
		p.tell("the label %s of %s is deleted", from, l.key)
	case 1:
		l.repo.RenameLabel(from, to)
		p.tell("the label %s of %s is renamed %s", from, l.key, to)
	case 2:
		l.repo.RenameLabel(to, from)
		p.tell("the label %s of %s is renamed %s", to, l.key, from)
	default:
		for n := 1; n <= l.open; n++ {
			l.repo.Edit(n, func(pr *githubtest.PullRequest) { pr.Labels = []string{from} })
		}
		p.tell("all of %s are labelled %s", l.key, from)
	}
}

// moves is what happens to a repository's name.
func (p *play) moves() {
	l := pick(p, p.places...)
	switch {
	case l.heir == nil && l.name != l.key && p.IntN(2) == 0 && !p.mayBeWithout(l):
		l.heir = p.hub.AddRepository(l.key)
		for range p.IntN(4) {
			l.heir.Open(githubtest.PullRequest{Labels: pick(p, nil, []string{"preview"})})
		}
		p.tell("somebody else's repository has the name %s", l.key)
	case l.name != l.key:
		p.comesHome(l)
	case p.IntN(3) == 0:
		l.private = !l.private
		l.repo.SetPrivate(l.private)
		p.tell("%s is private: %v", l.key, l.private)
	default:
		l.name = pick(p, l.key+"-renamed", strings.Replace(l.key, "acme/", "umbrella/", 1))
		l.repo.Rename(l.name)
		p.tell("%s is %s", l.key, l.name)
	}
}

// mayBeWithout says whether configuration may not name a repository. Whose name it was at first isn't remembered then.
func (p *play) mayBeWithout(l *place) bool {
	for s := range p.inForce {
		if s.without == l.key {
			return true
		}
	}
	head := p.head()
	return head != nil && head.without == l.key
}

func (p *play) comesHome(l *place) {
	if l.heir != nil {
		l.heir.Delete()
		l.heir = nil
	}
	if l.name != l.key {
		l.repo.Rename(l.key)
		l.name = l.key
		p.tell("%s has its name again", l.key)
	}
}

// breaks makes GitHub fail for a kind of request of one repository or of all.
func (p *play) breaks() {
	where := `GET /(repos/[^/]+/[^/]+|repositories/\d+)`
	if p.IntN(3) > 0 {
		l := pick(p, p.places...)
		where = fmt.Sprintf(`GET /(repos/%s|repositories/%d)`, l.key, l.repo.ID)
	}
	what := pick(p, ``, `/pulls\?`, `/pulls\?.*[?&]page=1$`, `/pulls\?.*[?&]page=2$`, `/pulls/\d+$`, `/pulls/\d+/files`, `/git/`)
	f := pick(p,
		githubtest.Fault{Status: 500}, githubtest.Fault{Status: 502, Body: "<html>Unicorn!</html>"}, githubtest.Fault{Status: 403}, githubtest.Fault{Status: 404},
		githubtest.Fault{Kind: githubtest.CutOff}, githubtest.Fault{Kind: githubtest.NextLinkMissing}, githubtest.Fault{Delay: 20 * time.Second}, githubtest.Fault{Delay: 4 * time.Second},
		githubtest.Fault{Kind: githubtest.SecondaryLimit}, githubtest.Fault{Kind: githubtest.RateLimited},
		githubtest.Fault{Status: 200, Body: "{}"}, githubtest.Fault{Status: 200, Body: "null"}, githubtest.Fault{Status: 200, Body: `[{"number":`}, githubtest.Fault{Status: 200, Body: "[]"},
	)
	switch {
	case f.Kind == githubtest.SecondaryLimit, f.Kind == githubtest.RateLimited:
		where, what = "", "" // whom of several parallel requests it hits must not depend on chance
	case f.Body == "[]":
		what = `/pulls\?` // GitHub sometimes shows fewer than there are
	}
	f.Match = where + what
	p.inject(f)
}

func (p *play) inject(f githubtest.Fault) {
	p.tell("GitHub fails: %+v", f)
	p.hub.Inject(f)
	p.faults++
	// Without memory and cluster nobody knows better, nor what a pull request changes.
	p.lying = p.lying || f.Body == "[]" || strings.HasSuffix(f.Match, "/files")
	p.lies = p.lies || p.lying
}

func (p *play) heal() {
	p.hub.ClearFaults()
	p.faults, p.lying = 0, false
	p.disk.full.Store(false)
	for _, l := range p.places {
		p.comesHome(l)
		if l.private {
			l.private = false
			l.repo.SetPrivate(false)
		}
	}
	p.argocd.set(false)
	p.tell("everything of GitHub's and the cluster's can be read")
}
