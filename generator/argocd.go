package generator

import (
	"context"
	"crypto/sha256"
	"encoding/json"
	"fmt"
	"hash"
	"maps"
	"slices"
	"strings"
	"sync"
	"time"

	"github.com/previewset/previewset/internal/preview"
)

// ownConfigMap is the plugin ConfigMap that appsets/ installs.
const ownConfigMap = "preview-generator"

// tellArgoCD makes each ApplicationSet ask again whose answer is another than when it was last told; after a start all of
// them, because while the service was away they may have got an error, and would wait for minutes. Others are left alone.
func (g *Generator) tellArgoCD(ctx context.Context, s *served) {
	if g.opts.Cluster == nil {
		return
	}
	if g.state.told == nil {
		g.state.told = map[string][sha256.Size]byte{}
	}
	for name, answer := range g.answers(s) {
		if g.state.told[name] == answer {
			continue
		}
		err := g.opts.Cluster.Refresh(ctx, name)
		g.metrics.argocd.WithLabelValues(outcome(err == nil)).Inc()
		if err != nil {
			g.opts.Logger.Error("ApplicationSet can't be refreshed; it asks by itself later", "application_set", name, "error", err)
			continue // and again with the next snapshot
		}
		g.opts.Logger.Info("ApplicationSet told to ask again", "application_set", name)
		g.state.told[name] = answer
		g.state.unheard[name] = unheard{since: s.number, told: g.opts.Now()}
	}
}

// unheard is an ApplicationSet that was told to ask for the snapshot with the number since, or a newer one.
type unheard struct {
	since, again int
	told         time.Time
}

const (
	// askAgain is how long an ApplicationSet that was told to ask has for it, at least.
	askAgain = 5 * time.Second
	// asksAgain bounds how often it is told once more.
	asksAgain = 3
)

// tellAgain tells those once more that haven't asked since: Argo CD takes the annotation away when it has reconciled the
// ApplicationSet, also where that began before the annotation came.
func (g *Generator) tellAgain(ctx context.Context) {
	for name, u := range g.state.unheard {
		if g.callers.got(name) >= u.since || u.again == asksAgain {
			delete(g.state.unheard, name)
			continue
		}
		if g.opts.Now().Sub(u.told) < askAgain {
			continue
		}
		u.again, u.told = u.again+1, g.opts.Now()
		g.state.unheard[name] = u
		err := g.opts.Cluster.Refresh(ctx, name)
		g.metrics.argocd.WithLabelValues(outcome(err == nil)).Inc()
		g.opts.Logger.Warn("ApplicationSet didn't ask; told again", "application_set", name, "error", err)
	}
}

// answers are what the ApplicationSets that ask this service are answered, as hashes.
func (g *Generator) answers(s *served) map[string][sha256.Size]byte {
	sums := map[string]hash.Hash{}
	for _, p := range g.ownPlugins() {
		f, _, err := pluginFilter(p)
		if err != nil {
			continue // it gets a 400 that says so
		}
		body, err := s.answer(f)
		if err != nil {
			continue
		}
		if sums[p.ApplicationSet] == nil {
			sums[p.ApplicationSet] = sha256.New()
		}
		_, _ = sums[p.ApplicationSet].Write(body) // a hash takes everything
	}
	answers := map[string][sha256.Size]byte{}
	for name, sum := range sums {
		answers[name] = [sha256.Size]byte(sum.Sum(nil))
	}
	return answers
}

// ownPlugins are the plugin generators that ask this service: those with the ConfigMap that is installed with it, or with
// one of an ApplicationSet that has asked already.
func (g *Generator) ownPlugins() []preview.Plugin {
	own := map[string]bool{ownConfigMap: true}
	all := g.state.facts.Cluster.Plugins
	for _, p := range all {
		if g.callers.has(p.ApplicationSet) {
			own[p.ConfigMap] = true
		}
	}
	return slices.DeleteFunc(slices.Clone(all), func(p preview.Plugin) bool { return !own[p.ConfigMap] })
}

// callers remembers who has asked, up to a bound, and the number of the snapshot that they last got: names are all that a
// request says.
type callers struct {
	mu      sync.Mutex
	numbers map[string]int
}

const maxCallers = 1000

func (c *callers) add(name string, number int) {
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.numbers == nil {
		c.numbers = map[string]int{}
	}
	if _, known := c.numbers[name]; known || (len(c.numbers) < maxCallers && len(name) <= 253) {
		c.numbers[name] = max(c.numbers[name], number)
	}
}

// got is the number of the snapshot that an ApplicationSet last got; 0 where it has asked in vain only.
func (c *callers) got(name string) int {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.numbers[name]
}

func (c *callers) has(name string) bool {
	c.mu.Lock()
	defer c.mu.Unlock()
	_, known := c.numbers[name]
	return known
}

// pluginFilter is what a plugin generator asks for, or more than that where open: in a matrix other generators fill parameters
// in, and nobody here knows with what.
func pluginFilter(p preview.Plugin) (f filter, open bool, err error) {
	raw := map[string]json.RawMessage{}
	for key, value := range p.Parameters {
		if raw[key], err = json.Marshal(value); err != nil {
			return nil, false, err
		}
	}
	if f, err = parseFilter(raw); err != nil {
		return nil, false, err
	}
	for key, wanted := range f {
		if slices.ContainsFunc(wanted, func(w string) bool { return strings.Contains(w, "{{") }) {
			delete(f, key)
			open = true
		}
	}
	return f, open, nil
}

// overlaps says which environments two ApplicationSets are both answered: each would make the same Application.
func (g *Generator) overlaps(s *preview.Snapshot) []string {
	filters := map[string][]filter{}
	for _, p := range g.ownPlugins() {
		if f, open, err := pluginFilter(p); err == nil && !open {
			filters[p.ApplicationSet] = append(filters[p.ApplicationSet], f)
		}
	}
	sets := slices.Sorted(maps.Keys(filters))
	first := map[string]preview.Row{}
	for i, a := range sets {
		for _, b := range sets[i+1:] {
			for _, r := range s.Rows {
				if anyMatches(filters[a], s, r) && anyMatches(filters[b], s, r) {
					first[a+" and "+b] = r
					break
				}
			}
		}
	}
	var problems []string
	for _, pair := range slices.Sorted(maps.Keys(first)) {
		problems = append(problems, fmt.Sprintf("ApplicationSets %s both get environment %s; make their input parameters exclude each other", pair, first[pair].Name))
	}
	return problems
}

func anyMatches(filters []filter, s *preview.Snapshot, r preview.Row) bool {
	return slices.ContainsFunc(filters, func(f filter) bool { return f.matches(s, r) })
}
