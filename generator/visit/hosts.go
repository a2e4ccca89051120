package visit

import (
	"net/url"
	"strings"

	"github.com/previewset/previewset/generator/answer"
	"github.com/previewset/previewset/internal/preview"
)

// hostEntry is the environment at a host.
type hostEntry struct {
	name     string       // empty if there is no such environment
	row      *preview.Row // nil if the environment isn't live
	decision preview.Decision
}

// hosts are the known hosts of a snapshot.
type hosts struct {
	of      *answer.Published
	domain  string // empty if the configuration was never read
	entries map[string]*hostEntry
	// publicPrefixes are the prefixes of hosts of public services: "<service>-".
	publicPrefixes []string
}

func newHosts(p *answer.Published) *hosts {
	h := &hosts{of: p, entries: map[string]*hostEntry{}}
	live := h.addLive(p)
	if p.Config != nil {
		h.domain = strings.ToLower(p.Config.Policy.Domain)
		for _, service := range p.Config.Policy.Services {
			if service.Public {
				h.publicPrefixes = append(h.publicPrefixes, service.Name+"-")
			}
		}
	}
	for _, d := range p.Snapshot.Decisions {
		h.addDecision(live, d)
	}
	return h
}

// addLive adds the hosts of live environments, and returns their entries by name.
func (h *hosts) addLive(p *answer.Published) map[string]*hostEntry {
	live := make(map[string]*hostEntry, len(p.Snapshot.Rows))
	for i := range p.Snapshot.Rows {
		row := &p.Snapshot.Rows[i]
		entry := &hostEntry{name: row.Name, row: row}
		live[row.Name] = entry
		if u, err := url.Parse(row.URL); err == nil && u.Hostname() != "" {
			h.entries[u.Hostname()] = entry
		}
		for _, host := range p.Snapshot.Memory.Environments[row.Name].Hosts {
			h.entries[strings.ToLower(host)] = entry
		}
	}
	return live
}

// addDecision adds a decision. A live environment gets the decision that keeps it live. An environment that isn't live
// gets an entry at its future host; a held decision replaces a gone one, because a user can fix its cause.
func (h *hosts) addDecision(live map[string]*hostEntry, d preview.Decision) {
	if entry := live[d.Environment]; entry != nil {
		if entry.decision.Outcome == "" || d.Outcome != preview.Held {
			entry.decision = d
		}
		return
	}
	if d.Environment == "" || h.domain == "" {
		return
	}
	host := strings.ToLower(d.Environment + "." + h.domain)
	if entry := h.entries[host]; entry == nil || (entry.row == nil && entry.decision.Outcome == preview.Gone) {
		h.entries[host] = &hostEntry{name: d.Environment, decision: d}
	}
}

// find returns the entry of a Host header. ok is false if the host isn't ours.
func (h *hosts) find(header string) (entry hostEntry, ok bool) {
	host := hostName(header)
	if known := h.entries[host]; known != nil {
		return *known, true
	}
	for _, prefix := range h.publicPrefixes {
		if main, ok := strings.CutPrefix(host, prefix); ok && h.entries[main] != nil && h.entries[main].row == nil {
			return *h.entries[main], true
		}
	}
	return hostEntry{}, h.domain != "" && (host == h.domain || strings.HasSuffix(host, "."+h.domain))
}

// hostName returns a Host header in lower case, without port and final dot.
func hostName(header string) string {
	if i := strings.LastIndexByte(header, ':'); i >= 0 {
		header = header[:i]
	}
	return strings.TrimSuffix(strings.ToLower(header), ".")
}
