package generator_test

import (
	"fmt"
	"maps"
	"net/http"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/previewset/previewset/generator/testworld"
	"github.com/previewset/previewset/internal/githubtest"
)

// advance says what configuration may be in force now; sure that everything was read.
func (p *play) advance(sure bool) {
	head := p.head()
	if head != nil {
		if sure {
			clear(p.inForce)
			p.loaded = true
		}
		p.inForce[*head] = true
	}
	p.sure = sure
	for _, l := range p.live {
		p.note(l)
		if !sure {
			continue
		}
		labels := p.truth(l).Labels
		clear(l.seen)
		for _, label := range both {
			l.seen[label] = has(labels, label)
		}
		if head != nil && has(labels, head.label) {
			clear(l.asked)
			l.asked[head.label] = true
		}
	}
}

// note adds the labels that the service may read now.
func (p *play) note(l *live) {
	labels := p.truth(l).Labels
	for _, label := range both {
		l.seen[label] = l.seen[label] || has(labels, label)
		for s := range p.inForce {
			if s.label == label && l.seen[label] {
				l.asked[label] = true
			}
		}
	}
}

var both = []string{"preview", "deploy"}

// head are the settings that the config branch has, if it has any.
func (p *play) head() *settings {
	if p.removed {
		return nil
	}
	ref, err := p.branch.git.Storer.Reference(configRef)
	if err != nil {
		p.t.Fatal(err)
	}
	i := slices.IndexFunc(p.branch.commits, func(c commit) bool { return c.hash == ref.Hash() })
	return p.branch.commits[i].settings
}

func (p *play) truth(l *live) githubtest.PullRequest {
	pr, _ := l.place.repo.PullRequest(l.number)
	return pr
}

// has says whether one of the labels is this one, with a profile or without.
func has(labels []string, label string) bool {
	return slices.ContainsFunc(labels, func(l string) bool {
		l = strings.ToLower(l)
		return l == label || strings.HasPrefix(l, label+":")
	})
}

// all says whether a pull request has every label of a set.
func all(pr githubtest.PullRequest, labels map[string]bool) bool {
	for l, asked := range labels {
		if asked && !has(pr.Labels, l) {
			return false
		}
	}
	return len(labels) > 0
}

// due says whether an environment must not vanish now, whatever else is the case.
func (p *play) due(name string, l *live) bool {
	pr := p.truth(l)
	if pr.State != "open" || p.may[name] || l.shaky {
		return false
	}
	if p.lost && p.without { // it is a beginning: what stands there is what would get a preview today
		head := p.head()
		return !pr.Draft && head != nil && head.without != l.place.key && has(pr.Labels, head.label) && !p.lies
	}
	labels := map[string]bool{}
	for s := range p.inForce {
		labels[s.label] = true
	}
	return all(pr, labels) || all(pr, l.asked)
}

func (p *play) ask() testworld.Response {
	return over(p.t, p.process.private, http.MethodPost, testworld.ParamsPath, testworld.ParamsBody, map[string]string{"Authorization": "Bearer " + testworld.ArgoToken})
}

// check asks as Argo CD does, and compares with the answer before.
func (p *play) check() {
	p.t.Helper()
	busy := p.hub.open.Load() > 0
	a := p.ask()
	if a.Code != http.StatusOK {
		p.tell("%d %s", a.Code, a.Message(p.t))
		if p.answered {
			p.fail("an answer is no answer any more: %d %s", a.Code, a.Body)
		}
		return
	}
	if a.Body != p.body || p.failed {
		p.body, p.rows = a.Body, a.Rows(p.t)
	}
	rows := p.rows
	p.argocd.answered(rows)
	was := p.live
	p.live = map[string]*live{}
	for _, name := range p.names(rows) {
		p.live[name] = p.found(name, was[name])
	}
	went := 0
	for _, name := range slices.Sorted(maps.Keys(was)) {
		l := was[name]
		if p.live[name] != nil {
			l.shaky = busy && (l.shaky || !p.due(name, l))
			continue
		}
		if p.due(name, l) {
			p.fail("%s vanished, though its pull request is open and labelled %q", name, p.truth(l).Labels)
		}
		if p.truth(l).State == "open" && !p.may[name] && !p.lost {
			went++
		}
	}
	p.checkStates(was)
	p.brakeHolds(went)
	p.answered, p.lost, p.asked = true, false, time.Now()
	p.tell("  live: %v", slices.Sorted(maps.Keys(p.live)))
	if !busy && !p.disk.full.Load() {
		clear(p.may)
	}
	if p.sure && !busy {
		p.isExact()
	}
}

// departure are environments that went for want of a label, and the span in which they did.
type departure struct {
	after time.Time
	n     int
}

// brakeHolds: within ten minutes no more go for want of a label than may.
func (p *play) brakeHolds(went int) {
	p.t.Helper()
	if went > 0 {
		p.went = append(p.went, departure{after: p.asked, n: went})
	}
	p.most = max(p.most, p.atOnce())
	sum := 0
	for _, d := range p.went {
		if time.Since(d.after) < 10*time.Minute {
			sum += d.n
		}
	}
	if sum > p.most {
		p.fail("%d lost their preview within ten minutes with their label, more than %d", sum, p.most)
	}
	if len(p.went) == 0 || time.Since(p.went[len(p.went)-1].after) > 10*time.Minute {
		p.went, p.most = nil, p.atOnce()
	}
}

// isExact compares with what is to be, where everything was read and it is known what configuration is in force.
func (p *play) isExact() {
	p.t.Helper()
	if !p.loaded || len(p.inForce) != 1 {
		return
	}
	var s settings
	for s = range p.inForce {
		break
	}
	want := p.wanted(s)
	for _, name := range slices.Sorted(maps.Keys(want)) {
		if p.live[name] == nil {
			p.fail("%s has no preview, though all was read", name)
		}
	}
	withheld := p.withheld()
	for name, l := range p.live {
		if pr := p.truth(l); want[name] == "" && !slices.Contains(withheld, name) && (!pr.Draft || pr.State != "open" || !has(pr.Labels, s.label)) {
			p.fail("%s has a preview and isn't withheld, though its pull request is %s and labelled %q, and all was read", name, pr.State, pr.Labels)
		}
	}
}

// wanted are the environments that are to be, and the commits that they are at.
func (p *play) wanted(s settings) map[string]string {
	want := map[string]string{}
	for _, l := range p.places {
		for n := 1; n <= l.open; n++ {
			pr, _ := l.repo.PullRequest(n)
			if pr.State == "open" && !pr.Draft && has(pr.Labels, s.label) && s.without != l.key {
				want[fmt.Sprintf("%s-pr-%d", strings.TrimPrefix(l.key, "acme/"), n)] = pr.HeadSHA
			}
		}
	}
	return want
}

// found is an environment that was answered, and maybe was before.
func (p *play) found(name string, was *live) *live {
	if was != nil {
		return was
	}
	i := strings.LastIndex(name, "-pr-")
	number, err := strconv.Atoi(name[max(0, i)+len("-pr-"):])
	at := slices.IndexFunc(p.places, func(l *place) bool { return i > 0 && l.key == "acme/"+name[:i] })
	if err != nil || at < 0 || number > p.places[at].open {
		p.fail("environment %s is nobody's", name)
		return &live{place: p.places[0], number: 1}
	}
	l := &live{place: p.places[at], number: number, asked: map[string]bool{}, seen: map[string]bool{}}
	p.note(l)
	for s := range p.inForce {
		l.asked[s.label] = true
	}
	return l
}

// atOnce is how many may lose their label at once by any configuration that may be in force.
func (p *play) atOnce() int {
	most := 0
	for s := range p.inForce {
		n := s.atOnce
		if n == 0 {
			n = 10
		}
		most = max(most, n)
	}
	return most
}

// names are those of the rows, which are sorted, each once, and whole.
func (p *play) names(rows []map[string]any) []string {
	p.t.Helper()
	names := []string{}
	for _, r := range rows {
		name, _ := r["name"].(string)
		if len(names) > 0 && names[len(names)-1] >= name {
			p.fail("%s comes after %s", name, names[len(names)-1])
		}
		if r["namespace"] != "preview-"+name || r["revision"] == "" || r["head_sha"] == "" {
			p.fail("the row of %s lacks something: %v", name, r)
		}
		if first := p.branch.commits[0].hash.String(); !p.everLost && r["revision"] != first {
			p.fail("%s is at %v of the config branch, though nothing that it is made of has changed since %s", name, r["revision"], first)
		}
		names = append(names, name)
	}
	return names
}
