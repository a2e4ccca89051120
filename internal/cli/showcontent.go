package cli

import (
	"slices"
	"strings"

	"github.com/previewset/previewset/internal/preview"
)

// pullRequestsOf returns the pull requests of an environment with several, or with a name of its own.
func pullRequestsOf(row preview.Row) string {
	for _, line := range row.Info {
		if line.Name != "Pull requests" {
			continue
		}
		var names []string
		for text := range strings.FieldsSeq(line.Value) {
			name, _, _ := strings.Cut(text, ":") // an ID follows
			names = append(names, name)
		}
		return strings.Join(names, ", ")
	}
	return ""
}

// handoverOf returns the services with workloads that Argo CD leaves alone.
func handoverOf(row preview.Row) []string {
	var names []string
	for _, d := range row.IgnoreDifferences {
		if d.Name != "" && !slices.Contains(names, d.Name) {
			names = append(names, d.Name)
		}
	}
	return names
}
