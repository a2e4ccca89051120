package helmchart

import (
	"encoding/json"
	"slices"
	"strings"

	"helm.sh/helm/v3/pkg/chart"
)

// hasRemoteSchema reports whether the schema of a chart's values, or of a subchart's values, refers to another
// document. Such a schema isn't used, because validation would fetch that document.
func hasRemoteSchema(c *chart.Chart) bool {
	var schema any
	// A schema that isn't JSON is used, so that validation reports the mistake.
	return json.Unmarshal(c.Schema, &schema) == nil && refersElsewhere(schema) ||
		slices.ContainsFunc(c.Dependencies(), hasRemoteSchema)
}

func refersElsewhere(node any) bool {
	switch node := node.(type) {
	case []any:
		return slices.ContainsFunc(node, refersElsewhere)
	case map[string]any:
		for key, value := range node {
			if text, ok := value.(string); ok && isRemoteReference(key, text) || refersElsewhere(value) {
				return true
			}
		}
	}
	return false
}

// isRemoteReference reports whether a keyword names another document. The validator has the usual metaschemas built in.
func isRemoteReference(key, value string) bool {
	switch key {
	case "$ref", "$dynamicRef", "$recursiveRef":
		return !strings.HasPrefix(value, "#")
	case "$schema":
		_, address, _ := strings.Cut(value, "://")
		return !strings.HasPrefix(address, "json-schema.org/")
	}
	return false
}
