package generator_test

import (
	"encoding/json"
	"fmt"
	"maps"
	"net/http"
	"slices"
	"strings"
	"testing/synctest"
	"time"

	"github.com/previewset/previewset/generator/testworld"
	"github.com/previewset/previewset/internal/githubtest"
)

// event lets one thing happen.
func (p *play) event() {
	switch p.IntN(29) {
	case 0, 1, 2, 3, 4, 5, 6:
		p.pullRequestChanges()
	case 7:
		p.manyChange()
	case 8, 9:
		p.moves()
	case 10, 11, 12, 13:
		p.breaks()
	case 14, 15:
		p.heal()
	case 16, 17, 18:
		p.configChanges()
	case 19:
		p.inOutage()
		p.restart = func() { p.tell("restart"); p.process.stop(); p.begin() }
	case 20:
		p.inOutage()
		p.restart = p.loseMemory
	case 21:
		p.confirmSome()
	case 22:
		p.someLoseTheirLabel()
		p.next = func() { p.clockJumps(); p.someLoseTheirLabel() }
	case 23:
		broken := p.IntN(2) == 0
		p.argocd.set(broken)
		p.tell("the cluster can't be read: %v", broken)
	case 24, 25, 26, 27:
		p.lifeChanges()
	default:
		full := p.IntN(2) == 0
		p.disk.full.Store(full)
		p.tell("the disk is full: %v", full)
		if full {
			p.next = p.opensUnkept
		}
	}
}

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

func (p *play) clockJumps() {
	jump := pick(p, -48*time.Hour, -time.Hour, 3*time.Hour, 400*24*time.Hour)
	p.jump.Add(int64(jump))
	p.tell("the clock jumps by %s", jump)
}

// someLoseTheirLabel takes the label off one or two that have an environment.
func (p *play) someLoseTheirLabel() {
	for _, name := range slices.Sorted(maps.Keys(p.live))[:min(len(p.live), 1+p.IntN(2))] {
		l := p.live[name]
		l.place.repo.Edit(l.number, func(pr *githubtest.PullRequest) { pr.Labels = nil })
		p.tell("%s#%d loses its label", l.place.key, l.number)
	}
}

// inOutage lets what follows meet a GitHub that fails, as it often does.
func (p *play) inOutage() {
	if p.IntN(2) == 0 {
		return
	}
	p.heal()
	switch {
	case p.places[2].open > 100 && p.IntN(2) == 0:
		p.inject(githubtest.Fault{Match: `/pulls\?`, Kind: githubtest.NextLinkMissing})
	case p.IntN(3) == 0:
		p.inject(githubtest.Fault{Match: `/pulls\?`, Status: 200, Body: "[]"})
		p.inject(githubtest.Fault{Match: `/pulls/\d+$`, Status: 500})
	case p.IntN(2) == 0:
		p.inject(pick(p, githubtest.Fault{Match: `/pulls\?`, Status: 500}, githubtest.Fault{Match: `/pulls\?`, Status: 200, Body: "null"}, githubtest.Fault{Match: `/pulls\?`, Kind: githubtest.CutOff}))
	default:
		p.breaks()
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

func (p *play) configChanges() {
	s := &p.settings
	switch p.IntN(10) {
	case 0:
		p.tell("the config branch is broken")
		p.push("nonsense: [\n", nil, false)
	case 1:
		p.tell("the config branch is emptied")
		p.push("", nil, p.IntN(2) == 0)
	case 2:
		p.tell("the config branch is gone")
		if !p.removed {
			p.branch.remove()
			p.hub.Repository("acme/previews").DeleteBranch("main")
		}
		p.removed = true
	case 3:
		c := pick(p, p.branch.commits...)
		if c.settings != nil {
			p.namesIts(c.settings.without)
		}
		p.tell("the config branch is force-pushed to an older commit: %+v", c.settings)
		p.branch.set(c.hash)
		p.removed = false
		p.hub.Repository("acme/previews").SetBranch("main", c.hash.String())
	case 4:
		s.label = pick(p, both...)
		p.tell("the config branch is force-pushed to an unrelated commit: %+v", *s)
		p.push(s.policy(), s, true)
	default:
		switch p.IntN(5) {
		case 0, 1:
			s.label = pick(p, both...)
		case 2, 3:
			s.without = pick(p, "", "acme/shop", "acme/mailer")
		default:
			s.atOnce = pick(p, 0, 2, 2)
		}
		p.tell("the config branch says %+v", *s)
		p.push(s.policy(), s, false)
	}
}

// push writes a commit to the config branch. Settings are nil where nobody can use it.
func (p *play) push(policy string, s *settings, orphan bool) {
	p.t.Helper()
	if s != nil {
		c := *s
		s = &c
		p.namesIts(s.without)
	}
	p.branch.write(policy, s, orphan)
	p.removed = false
	p.hub.Repository("acme/previews").SetBranch("main", p.branch.commits[len(p.branch.commits)-1].hash.String())
}

// namesIts gives a repository its name back before configuration names it no more: see mayBeWithout.
func (p *play) namesIts(key string) {
	for _, l := range p.places {
		if l.key == key && l.heir != nil {
			p.comesHome(l)
		}
	}
}

// loseMemory restarts without. A name of which no environment tells whose it was belongs to its first repository then.
func (p *play) loseMemory() {
	for _, l := range p.places {
		tells := func(e *live) bool { return e.place == l }
		if l.heir != nil && (p.without || !slices.ContainsFunc(slices.Collect(maps.Values(p.live)), tells)) {
			p.comesHome(l)
		}
	}
	how := p.IntN(3)
	p.tell("restart with memory %s", []string{"lost", "cut off", "garbage"}[how])
	p.process.stop()
	spoil(p.t, string(p.disk.File), how)
	p.lost, p.everLost, p.went = true, true, nil
	p.begin()
}

// confirmSome lets one or all go that are withheld.
func (p *play) confirmSome() {
	if !p.answered || p.restart != nil {
		return
	}
	names := p.withheld()
	if len(names) == 0 {
		return
	}
	if p.IntN(2) == 0 {
		names = []string{pick(p, names...)}
	}
	p.restart = func() { p.confirm(names) }
}

func (p *play) confirm(names []string) {
	p.t.Helper()
	p.tell("confirmed: %v", names)
	body, err := json.Marshal(map[string][]string{"environments": names})
	if err != nil {
		p.t.Fatal(err)
	}
	a := over(p.t, p.process.private, http.MethodPost, "/api/v1/confirm", string(body), map[string]string{"Authorization": "Bearer " + testworld.APIToken})
	if a.Code != http.StatusAccepted {
		p.fail("confirming %v is answered %d %s", names, a.Code, a.Body)
	}
	for _, n := range names {
		p.may[n] = true
	}
	synctest.Wait()
}

// deliver is the network between GitHub and the service: webhooks arrive, once or twice, in any order, late or never.
func (p *play) deliver() {
	var now []githubtest.Delivery
	for _, d := range p.hub.Deliveries() {
		if d.ID > p.delivered {
			p.delivered = d.ID
			now = append(now, d)
		}
	}
	if len(now) > 10 {
		p.Shuffle(len(now), func(i, j int) { now[i], now[j] = now[j], now[i] })
		now = now[:3]
	}
	if p.IntN(4) == 0 {
		now, p.late = append(now, p.late...), nil
	}
	p.Shuffle(len(now), func(i, j int) { now[i], now[j] = now[j], now[i] })
	for _, d := range now {
		switch p.IntN(10) {
		case 0, 1, 2:
			p.tell("webhook %s is lost", d.Event)
		case 3:
			p.tell("webhook %s is late", d.Event)
			p.late = append(p.late, d)
		case 4, 5:
			p.send(d)
			p.send(d)
		default:
			p.send(d)
		}
	}
}

func (p *play) send(d githubtest.Delivery) {
	p.t.Helper()
	p.tell("webhook %s arrives", d.Event)
	a := over(p.t, p.process.public, http.MethodPost, "/webhooks/github", string(d.Body), map[string]string{
		"X-GitHub-Event": d.Event, "X-GitHub-Delivery": d.GUID, "X-Hub-Signature-256": testworld.Sign("hush", string(d.Body)),
	})
	if a.Code != http.StatusAccepted {
		p.fail("a webhook is answered %d %s", a.Code, a.Body)
	}
	synctest.Wait()
}
