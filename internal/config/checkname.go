package config

import (
	"fmt"
	"path"
	"slices"
	"strings"
)

// NameProblem says why an environment made by hand, or a slot, can't have a name, or "". What only the service knows
// (which namespaces are its own and Argo CD's, which Applications others have) it can't say.
func (c *Config) NameProblem(name string) string {
	if why := c.Policy.NameProblem(name); why != "" {
		return why
	}
	namespace := c.Policy.NamespacePrefix + name
	for _, p := range slices.Concat(c.Policy.ProtectedNamespaces, []string{c.Policy.Baseline.Namespace}) {
		if match, err := path.Match(p, namespace); err == nil && match {
			return fmt.Sprintf("its namespace would be %s, which %q protects", namespace, p)
		}
	}
	return ""
}

// Nearest is the one of the names that somebody who wrote another most likely meant, or "".
func Nearest(word string, names []string) string {
	best, least := "", 3 // further away it is another word
	for _, name := range slices.Sorted(slices.Values(names)) {
		if d := distance(strings.ToLower(word), strings.ToLower(name)); d < least {
			best, least = name, d
		}
	}
	return best
}
