package preview

import (
	"fmt"
	"slices"

	"github.com/previewset/previewset/internal/config"
)

// debugPort is the name of the debugger's port, of the container and of the Service.
const debugPort = "debug"

// addDebuggers starts the running services with their remote debuggers, if the environment has component debug. The
// debugger listens on the loopback address of its Pod: kubectl port-forward reaches it, and no other Pod does. A program
// that stands at a breakpoint answers no probe, so there are none. With one replica each request reaches the debugger.
func (c *composer) addDebuggers() {
	if !slices.Contains(c.plan.Components, config.DebugComponent) {
		return
	}
	for _, s := range c.Policy.Services {
		if _, runs := c.plan.Run[s.Name]; !runs || s.Debug == nil {
			continue
		}
		for _, kind := range []string{"Deployment", "StatefulSet"} {
			c.addPatch(Target{Kind: kind, Name: s.Name}, map[string]any{
				"apiVersion": "apps/v1", "kind": kind, "metadata": map[string]string{"name": s.Name},
				"spec": map[string]any{"replicas": 1, "template": map[string]any{"spec": map[string]any{
					"containers": []any{debuggedContainer(s.Debug)},
				}}},
			})
		}
		c.addPatch(Target{Kind: "HorizontalPodAutoscaler", Name: s.Name}, []map[string]any{
			{"op": "add", "path": "/spec/minReplicas", "value": 1}, {"op": "add", "path": "/spec/maxReplicas", "value": 1},
		})
		c.addPatch(Target{Kind: "Service", Name: s.Name}, map[string]any{
			"apiVersion": "v1", "kind": "Service", "metadata": map[string]string{"name": s.Name},
			"spec": map[string]any{"ports": []any{map[string]any{
				"name": debugPort, "port": s.Debug.Port, "targetPort": debugPort, "protocol": "TCP",
			}}},
		})
	}
}

// debuggedContainer is a strategic merge patch: null removes a field.
func debuggedContainer(d *config.Debug) map[string]any {
	container := map[string]any{
		"name":          d.Container,
		"livenessProbe": nil, "readinessProbe": nil, "startupProbe": nil,
		"ports": []any{map[string]any{"name": debugPort, "containerPort": d.Port, "protocol": "TCP"}},
	}
	variable := func(name, value string) { container["env"] = []any{map[string]string{"name": name, "value": value}} }
	switch d.Language {
	case "node":
		variable("NODE_OPTIONS", fmt.Sprintf("--inspect=127.0.0.1:%d", d.Port))
	case "jvm":
		variable("JAVA_TOOL_OPTIONS", fmt.Sprintf(
			"-agentlib:jdwp=transport=dt_socket,server=y,suspend=n,address=127.0.0.1:%d", d.Port))
	default:
		container["command"], container["args"] = d.Command, nil
	}
	return container
}
