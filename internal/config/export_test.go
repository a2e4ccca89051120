package config

// What the tests, which are a package of their own, need of the inside.
var (
	FieldsOf = fieldsOf
	IsHidden = isHidden
	SomeOf   = someOf
)

// Bounds that tests reach.
const (
	MaxEnvironments = maxEnvironments
	MaxPrefix       = maxPrefix
	MaxProblems     = maxProblems
	MaxServiceName  = maxServiceName
)

// RepositoryProblems returns the problems that a policy has with the names of its repositories.
func RepositoryProblems(p *Policy) Problems {
	d := &decoder{}
	(&validator{decoder: d, cfg: &Config{Policy: p}}).validateRepositories()
	return d.problems
}
