package generator

import (
	"net/url"
	"strings"

	"github.com/previewset/previewset/internal/preview"
)

// place is what stands at a host of ours. What is shown of it is the snapshot's, never what a request says.
type place struct {
	// name is the environment's; empty where there is none, live or not.
	name string
	// row is nil where it isn't live.
	row      *preview.Row
	decision preview.Decision
}

// places are all hosts of a snapshot that something is known about.
type places struct {
	domain string // empty where configuration was never read
	hosts  map[string]*place
	// public are the services that have hosts of their own, where they run.
	public []string
}

// places are made when the first visit asks: most snapshots are never visited.
func (s *served) visited() *places {
	s.visits.Do(func() { s.places = newPlaces(s) })
	return s.places
}

func newPlaces(s *served) *places {
	p := &places{hosts: map[string]*place{}}
	live := make(map[string]*place, len(s.snapshot.Rows))
	for i := range s.snapshot.Rows {
		row := &s.snapshot.Rows[i]
		at := &place{name: row.Name, row: row}
		live[row.Name] = at
		if u, err := url.Parse(row.URL); err == nil && u.Hostname() != "" {
			p.hosts[u.Hostname()] = at
		}
		for _, host := range s.snapshot.Memory.Environments[row.Name].Hosts {
			p.hosts[strings.ToLower(host)] = at
		}
	}
	if s.inputs.config != nil {
		p.domain = strings.ToLower(s.inputs.config.Policy.Domain)
		for _, service := range s.inputs.config.Policy.Services {
			if service.Public {
				p.public = append(p.public, service.Name+"-")
			}
		}
	}
	for _, d := range s.snapshot.Decisions {
		p.decided(live, d)
	}
	return p
}

// decided notes a decision: of a live environment the one by which it is, else where it would be. Held comes before gone,
// because it is what can be mended.
func (p *places) decided(live map[string]*place, d preview.Decision) {
	if at := live[d.Environment]; at != nil {
		if at.decision.Outcome == "" || d.Outcome != preview.Held {
			at.decision = d
		}
		return
	}
	if d.Environment == "" || p.domain == "" {
		return
	}
	host := strings.ToLower(d.Environment + "." + p.domain)
	if at := p.hosts[host]; at == nil || (at.row == nil && at.decision.Outcome == preview.Gone) {
		p.hosts[host] = &place{name: d.Environment, decision: d}
	}
}

// at is what stands at a request's host. ok is false where that isn't ours.
func (p *places) at(host string) (at place, ok bool) {
	host = hostName(host)
	if known := p.hosts[host]; known != nil {
		return *known, true
	}
	for _, service := range p.public {
		if main, ok := strings.CutPrefix(host, service); ok && p.hosts[main] != nil && p.hosts[main].row == nil {
			return *p.hosts[main], true
		}
	}
	return place{}, p.domain != "" && (host == p.domain || strings.HasSuffix(host, "."+p.domain))
}

// hostName is a Host header without port, case and the root's dot.
func hostName(host string) string {
	if i := strings.LastIndexByte(host, ':'); i >= 0 {
		host = host[:i]
	}
	return strings.TrimSuffix(strings.ToLower(host), ".")
}
