package preview

import "github.com/previewset/previewset/internal/config"

// Inputs are what the newest snapshot was made from, besides the configuration. With them, Resolve can compute the
// snapshot of another configuration.
type Inputs struct {
	// Commit is the commit of the config branch in force.
	Commit string
	Facts  Facts
	Memory Memory
	// Asked are the refs that were read, by repository. It is unknown whether other refs exist.
	Asked map[string]Asked
}

// Asked are the refs of one repository that the configuration in force needs.
type Asked struct{ Branches, Tags, Commits []string }

// AskedRefs returns the refs that a configuration needs, by repository.
func AskedRefs(c *config.Config) map[string]Asked {
	all := map[string]Asked{}
	for _, name := range c.Repositories() {
		w := Wanted(c, name)
		all[name] = Asked{Branches: w.Branches, Tags: w.Tags, Commits: w.Commits}
	}
	return all
}
