package preview

import "github.com/previewset/previewset/internal/config"

// Inputs are what the service's newest answer was computed from besides its configuration, and what it remembers of that
// answer: with them the same Resolve says what another configuration would be answered.
type Inputs struct {
	// Commit is the config branch's that is in force.
	Commit string
	Facts  Facts
	Memory Memory
	// Asked are the refs that were read, by repository: of others nobody knows whether they exist.
	Asked map[string]Asked
}

// Asked are the refs of one repository that the configuration in force wants to know of.
type Asked struct{ Branches, Tags, Commits []string }

// AskedRefs are the refs that the configuration wants to know of, by repository.
func AskedRefs(c *config.Config) map[string]Asked {
	all := map[string]Asked{}
	for _, name := range c.Repositories() {
		w := Wanted(c, name)
		all[name] = Asked{Branches: w.Branches, Tags: w.Tags, Commits: w.Commits}
	}
	return all
}
