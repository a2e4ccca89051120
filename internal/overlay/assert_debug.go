package overlay

import (
	"fmt"
	"slices"

	"github.com/previewset/previewset/internal/config"
	"github.com/previewset/previewset/internal/overlay/manifest"
	"github.com/previewset/previewset/internal/preview"
)

// debugExamples returns an environment with the debuggers of all services, if some have one and no folder has the name
// of the component.
func debugExamples(r *Repo, c *config.Config) []example {
	hasDebugger := func(s config.Service) bool { return s.Debug != nil }
	isFolder := slices.Contains(r.optionalComponents(), config.DebugComponent)
	if isFolder || !slices.ContainsFunc(c.Policy.Services, hasDebugger) {
		return nil
	}
	p := planOf(serviceNames(c.Policy))
	p.Components = []string{config.DebugComponent}
	return []example{{title: "component " + config.DebugComponent, plan: p}}
}

// assertDebug checks that the debugger of each service is in its workload, and that its port is on its Service.
func (b *buildCheck) assertDebug(policy *config.Policy, p preview.Plan) {
	if !slices.Contains(p.Components, config.DebugComponent) {
		return
	}
	for _, s := range policy.Services {
		if _, runs := p.Run[s.Name]; !runs || s.Debug == nil {
			continue
		}
		at := "services." + s.Name + ".debug"
		isWorkload := func(o manifest.Object) bool {
			return o.Name == s.Name && (o.Kind == "Deployment" || o.Kind == "StatefulSet")
		}
		i := slices.IndexFunc(b.objects, isWorkload)
		if i < 0 {
			b.addProblem(policyFile, fmt.Sprintf("%s: no Deployment or StatefulSet is called %s", at, s.Name),
				"give the service's workload its name, or remove debug")
			continue
		}
		isContainer := func(c manifest.Object) bool { return c.Text("name") == s.Debug.Container && c.Text("image") != "" }
		if !slices.ContainsFunc(b.objects[i].Items("spec", "template", "spec", "containers"), isContainer) {
			b.addProblem(policyFile, fmt.Sprintf("%s: %s has no container %s", at, b.objects[i], s.Debug.Container),
				"write the container's name into container there")
		}
		isUnnamed := func(port manifest.Object) bool { return port.Text("name") == "" }
		service := b.findObject("Service", s.Name)
		if service != nil && slices.ContainsFunc(service.Items("spec", "ports"), isUnnamed) {
			b.addProblem(policyFile, fmt.Sprintf("%s: the port of %s has no name, and a Service with several ports needs names",
				at, service), "name its port, for example http")
		}
	}
}
