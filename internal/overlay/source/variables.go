package source

import (
	"regexp"
	"slices"
	"strings"
)

var secretVariable = regexp.MustCompile(`\$\(([A-Z][A-Z0-9_]*_(PASSWORD|USERNAME))\)`)

// ParseVariables returns the variables of a store with this annotation. Those of the Secret come first, because Kubernetes
// fills in only earlier ones.
func ParseVariables(store, text string) []Variable {
	var secrets, variables []Variable
	for line := range strings.Lines(text) {
		name, value, ok := strings.Cut(strings.TrimSpace(line), "=")
		if !ok {
			continue
		}
		for _, m := range secretVariable.FindAllStringSubmatch(value, -1) {
			v := Variable{Name: m[1], Secret: store, Key: strings.ToLower(m[2])}
			if !slices.Contains(secrets, v) {
				secrets = append(secrets, v)
			}
		}
		variables = append(variables, Variable{Name: name, Value: value})
	}
	return append(secrets, variables...)
}
