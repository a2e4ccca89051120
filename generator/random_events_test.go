package generator_test

import (
	"encoding/json"
	"maps"
	"net/http"
	"slices"
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

func (p *play) clockJumps() {
	jump := pick(p, -48*time.Hour, -time.Hour, 3*time.Hour, 400*24*time.Hour)
	p.jump.Add(int64(jump))
	p.tell("the clock jumps by %s", jump)
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
