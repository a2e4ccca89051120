package config

import (
	"slices"

	"github.com/bmatcuk/doublestar/v4"
)

// Get returns the service of that name, or nil.
func (s Services) Get(name string) *Service {
	for i := range s {
		if s[i].Name == name {
			return &s[i]
		}
	}
	return nil
}

// isCalled reports whether another service calls a service.
func (s Services) isCalled(name string) bool {
	return slices.ContainsFunc(s, func(other Service) bool { return slices.Contains(other.Calls, name) })
}

// Matches reports whether any of the changed paths matches one of the service's patterns.
func (s *Service) Matches(paths []string) bool {
	for _, pattern := range s.Paths {
		for _, p := range paths {
			if doublestar.MatchUnvalidated(pattern, p) {
				return true
			}
		}
	}
	return false
}

// Refs returns the refs that a service may run at: its default, and those of environment files.
func (c *Config) Refs(s *Service) []Ref {
	var refs []Ref
	if s.Default != nil {
		refs = append(refs, *s.Default)
	}
	for _, e := range c.Environments {
		if ref, ok := e.RefOf(s.Name); ok {
			refs = append(refs, ref)
		}
	}
	return refs
}
