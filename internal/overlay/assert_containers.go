package overlay

import (
	"fmt"
	"path"
	"slices"

	"github.com/previewset/previewset/internal/config"
	"github.com/previewset/previewset/internal/overlay/manifest"
	"github.com/previewset/previewset/internal/preview"
)

// assertContainers checks that the size and the variables of an environment reach the containers of its services, and
// replace no variable that comes from a Secret or ConfigMap.
func (b *buildCheck) assertContainers(policy *config.Policy, p preview.Plan) {
	size := policy.Sizes[policy.Profiles[p.Profile].Size]
	for i := range policy.Services {
		s := &policy.Services[i]
		env, isSized := p.Env[s.Name], len(size.Requests)+len(size.Limits) > 0
		if _, runs := p.Run[s.Name]; !runs || len(env) == 0 && !isSized {
			continue
		}
		file, at := policyFile, "services."+s.Name
		if len(env) > 0 {
			file, at = path.Join(b.title, environmentFile), "services."+s.Name+".env" // only these examples have variables
		}
		workloads := workloadsOf(b.objects, s.Name)
		if len(workloads) == 0 {
			b.addProblem(file, fmt.Sprintf("%s: no Deployment or StatefulSet has the label %s: %s, so no size and no variable "+
				"reaches it", at, config.ImageOfLabel, s.Name), "label the workloads of the service")
		}
		for _, o := range workloads {
			assertContainer(b, file, at, s, o, env)
		}
	}
}

// workloadsOf returns the workloads with the label of a service.
func workloadsOf(objects []manifest.Object, service string) []manifest.Object {
	var found []manifest.Object
	for _, o := range objects {
		isWorkload := o.Kind == "Deployment" || o.Kind == "StatefulSet"
		if isWorkload && o.Labels[config.ImageOfLabel] == service {
			found = append(found, o)
		}
	}
	return found
}

func assertContainer(b *buildCheck, file, at string, s *config.Service, o manifest.Object, env map[string]string) {
	name := s.MainContainer()
	containers := o.Items("spec", "template", "spec", "containers")
	i := slices.IndexFunc(containers, func(c manifest.Object) bool { return c.Text("name") == name && c.Text("image") != "" })
	if i < 0 {
		b.addProblem(file, fmt.Sprintf("%s: %s has no container %s", at, o, name),
			"write the container's name into services."+s.Name+".container of "+policyFile)
		return
	}
	for _, e := range containers[i].Items("env") {
		if _, isReplaced := env[e.Text("name")]; !isReplaced || e.At("valueFrom") == nil {
			continue
		}
		b.addProblem(file, fmt.Sprintf("%s.%s: the variable comes from a Secret or ConfigMap of %s, and can't be replaced",
			at, e.Text("name"), o), "remove it")
	}
}
