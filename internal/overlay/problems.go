package overlay

import (
	"cmp"
	"fmt"
	"slices"
	"strings"

	"github.com/previewset/previewset/internal/config"
)

// mergeProblems merges equal problems of several builds into one, and sorts all by file and line.
func mergeProblems(problems config.Problems) config.Problems {
	type key struct {
		file, message string
		line          int
	}
	var order []key
	first, titles := map[key]config.Problem{}, map[key][]string{}
	for _, p := range problems {
		k := key{p.File, p.Message, p.Line}
		if _, ok := first[k]; !ok {
			first[k] = p
			order = append(order, k)
		}
		if !slices.Contains(titles[k], p.Path) {
			titles[k] = append(titles[k], p.Path)
		}
	}
	var found config.Problems
	for _, k := range order {
		p := first[k]
		p.Path = joinTitles(titles[k])
		found = append(found, p)
	}
	slices.SortStableFunc(found, func(a, b config.Problem) int {
		return cmp.Or(strings.Compare(a.File, b.File), cmp.Compare(a.Line, b.Line))
	})
	return found
}

func joinTitles(titles []string) string {
	if len(titles) == 1 {
		return titles[0]
	}
	return fmt.Sprintf("%s and %d more", titles[0], len(titles)-1)
}

// inFirstFile moves equal problems of several files to the first of these files. Most objects come from kustomize-base,
// and are in all overlays.
func inFirstFile(problems config.Problems) config.Problems {
	first := map[string]string{}
	for i, p := range problems {
		if file, ok := first[p.Message]; ok {
			problems[i].File = file
			continue
		}
		first[p.Message] = p.File
	}
	return problems
}
