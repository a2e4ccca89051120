package preview

import (
	"maps"
	"slices"
	"strings"

	"github.com/previewset/previewset/internal/config"
)

// size returns the size of the environment's profile. It is empty for a profile without one.
func (c *composer) size() config.Size {
	return c.Policy.Sizes[c.Policy.Profiles[c.plan.Profile].Size]
}

// addContainers gives the running services the resources of the environment's size, and the variables of its file. The
// patches only have values of the configuration.
func (c *composer) addContainers() {
	size := c.size()
	for _, s := range c.Policy.Services {
		if _, runs := c.plan.Run[s.Name]; !runs {
			continue
		}
		container := map[string]any{"name": s.MainContainer()}
		resources := map[string]any{}
		if len(size.Requests) > 0 {
			resources["requests"] = size.Requests
		}
		if len(size.Limits) > 0 {
			resources["limits"] = size.Limits
		}
		if len(resources) > 0 {
			container["resources"] = resources
		}
		if env := variables(c.plan.Env[s.Name]); len(env) > 0 {
			container["env"] = env
		}
		if len(container) > 1 {
			c.patchContainer(s.Name, container)
		}
	}
}

// variables are the entries of a container, by name.
func variables(env map[string]string) []any {
	list := make([]any, 0, len(env))
	for _, name := range slices.Sorted(maps.Keys(env)) {
		list = append(list, map[string]string{"name": name, "value": env[name]})
	}
	return list
}

// patchContainer changes a container of a service's workloads.
func (c *composer) patchContainer(service string, container map[string]any) {
	for _, kind := range []string{"Deployment", "StatefulSet"} {
		c.addPatch(Target{Kind: kind, LabelSelector: config.ImageOfLabel + "=" + service}, map[string]any{
			"apiVersion": "apps/v1", "kind": kind, "metadata": map[string]string{"name": "any"},
			"spec": map[string]any{"template": map[string]any{"spec": map[string]any{"containers": []any{container}}}},
		})
	}
}

// addQuota sets the values of the environment's size in ResourceQuota guardrails.
func (c *composer) addQuota() {
	quota := c.size().Quota
	if len(quota) == 0 {
		return
	}
	var operations []any
	for _, name := range slices.Sorted(maps.Keys(quota)) {
		operations = append(operations, map[string]any{
			"op": "add", "path": "/spec/hard/" + escapePointer.Replace(name), "value": quota[name],
		})
	}
	c.addPatch(Target{Kind: "ResourceQuota", Name: config.Guardrails}, operations)
}

// escapePointer escapes a key for a JSON pointer.
var escapePointer = strings.NewReplacer("~", "~0", "/", "~1")
