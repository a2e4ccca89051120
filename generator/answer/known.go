package answer

import (
	"fmt"
	"maps"
	"slices"
	"strings"

	"github.com/previewset/previewset/internal/config"
	"github.com/previewset/previewset/internal/preview"
)

// known are the values, in lower case, that a filter may name for an input parameter. The owner is free: any GitHub
// user can become one.
type known map[string]map[string]bool

// sourceValues are the values of the parameter "source".
var sourceValues = map[string]bool{
	string(preview.FromPullRequest): true, string(preview.FromFile): true, string(preview.FromSlot): true,
}

// NoteKnown notes the known values of a snapshot: those of the configuration and of its environments, and those of the
// last snapshot. So a value stays known after its last environment, and Argo CD learns that this one is gone.
func (p *Published) NoteKnown(last *Published) {
	profiles, repositories := map[string]bool{}, map[string]bool{}
	if last != nil {
		maps.Copy(profiles, last.known["profile"])
		maps.Copy(repositories, last.known["repository"])
	}
	if p.Config != nil {
		for name := range p.Config.Policy.Profiles {
			profiles[name] = true
		}
		for _, name := range p.Config.Repositories() {
			repositories[name] = true
			if full := p.Facts.Repositories[name].FullName; full != "" { // "" before the first read
				repositories[strings.ToLower(full)] = true
			}
		}
	}
	for i := range p.Snapshot.Rows {
		profiles[strings.ToLower(p.Snapshot.Rows[i].Profile)] = true
		for _, name := range RepositoryNames(p.Snapshot, p.Snapshot.Rows[i]) {
			repositories[strings.ToLower(name)] = true
		}
	}
	p.known = known{"source": sourceValues, "profile": profiles, "repository": repositories}
}

// CheckFilter refuses a filter with a value that neither the configuration nor an environment has. Its answer would be
// empty, and Argo CD would delete every Application of the ApplicationSet.
func (p *Published) CheckFilter(f Filter) error {
	for _, key := range slices.Sorted(maps.Keys(f)) {
		values := p.known[key]
		for _, v := range f[key] {
			if values != nil && !values[strings.ToLower(v)] {
				names := maps.Clone(values)
				delete(names, "") // rows without the value
				return fmt.Errorf(
					"input parameter %q: no configuration has %q; %s", key, config.Printable(v), config.KnownNames(names),
				)
			}
		}
	}
	return nil
}
