package cluster

import (
	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
	"k8s.io/apimachinery/pkg/types"

	"github.com/previewset/previewset/internal/preview"
)

// setsWithPlugin returns the UIDs of the ApplicationSets with a plugin generator.
func setsWithPlugin(sets []unstructured.Unstructured) map[types.UID]bool {
	uids := map[types.UID]bool{}
	for i := range sets {
		if len(pluginsOf(&sets[i])) > 0 {
			uids[sets[i].GetUID()] = true
		}
	}
	return uids
}

// pluginsOf returns the plugin generators of an ApplicationSet; none if Argo CD couldn't use it.
func pluginsOf(set *unstructured.Unstructured) []preview.Plugin {
	generators, _, err := unstructured.NestedFieldNoCopy(set.Object, "spec", "generators")
	if err != nil {
		return nil
	}
	return pluginsIn(set.GetName(), generators)
}

// pluginsIn returns the plugin generators in a generator or list of generators, at any depth of matrix and merge.
func pluginsIn(set string, v any) []preview.Plugin {
	var found []preview.Plugin
	switch v := v.(type) {
	case []any:
		for _, e := range v {
			found = append(found, pluginsIn(set, e)...)
		}
	case map[string]any:
		for _, key := range []string{"matrix", "merge", "generators"} {
			found = append(found, pluginsIn(set, v[key])...)
		}
		if plugin, ok := v["plugin"].(map[string]any); ok {
			configMap, _, _ := unstructured.NestedString(plugin, "configMapRef", "name")
			parameters, _, _ := unstructured.NestedMap(plugin, "input", "parameters")
			found = append(found, preview.Plugin{ApplicationSet: set, ConfigMap: configMap, Parameters: parameters})
		}
	}
	return found
}
