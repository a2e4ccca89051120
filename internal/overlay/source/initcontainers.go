package source

import (
	"fmt"
	"slices"

	"github.com/previewset/previewset/internal/overlay/manifest"
)

// migrate is the name of the init container that runs the command for migrations.
const migrate = "migrate"

// addInitContainers adds the init containers that wait for stores before those of the manifests, and the migration
// after them. Kustomize puts the containers of a patch first, so the patch names all of them in their order.
func addInitContainers(a *adaption, o Object, pod manifest.Object, spec fields) error {
	if !hasImage(pod, a.selected.Image) {
		return nil
	}
	own, changed := pod.Items("initContainers"), listAt(spec, "initContainers")
	var list []any
	for _, s := range a.options.Stores {
		wait := s.Wait()
		if slices.ContainsFunc(own, func(c manifest.Object) bool { return c.Text("name") == wait["name"] }) {
			continue
		}
		if s.Port == 0 {
			return fmt.Errorf("store %s has no Service %s with a port, so %s can't wait for it\n"+
				"add the Service to kustomize-base/data/%s", s.Name, s.Name, o, s.Name)
		}
		list = append(list, wait)
	}
	if len(list) == 0 && len(a.options.Migrate) == 0 {
		return nil // the order stays
	}
	for _, c := range own {
		list = append(list, patchOf(c, changed))
	}
	migration, err := migrationOf(a, o, pod, listAt(spec, "containers"))
	if err != nil {
		return err
	}
	if migration != nil {
		list = append(list, migration)
	}
	if len(list) == 0 {
		return nil
	}
	spec["initContainers"] = list
	return nil
}

func listAt(spec fields, key string) []any {
	list, _ := spec[key].([]any)
	return list
}

// patchOf returns the patch of a container. It has only the name where nothing changes.
func patchOf(c manifest.Object, changed []any) map[string]any {
	for _, item := range changed {
		if patch, ok := item.(map[string]any); ok && patch["name"] == c.Text("name") {
			return patch
		}
	}
	return map[string]any{"name": c.Text("name")}
}

// migrationOf returns the init container that runs the command for migrations. It is as the first container with the
// service's image is after its patch, without what only a server needs. It is nil without a command, and in a Job that
// migrates by itself, such as a chart's hook.
func migrationOf(a *adaption, o Object, pod manifest.Object, changed []any) (map[string]any, error) {
	if len(a.options.Migrate) == 0 {
		return nil, nil //nolint:nilnil // most services have no migration
	}
	containers := pod.Items("containers")
	for _, c := range slices.Concat(pod.Items("initContainers"), containers) {
		switch {
		case c.Text("name") != migrate:
		case o.Kind == "Job":
			return nil, nil //nolint:nilnil // as above
		default:
			return nil, fmt.Errorf("%s has a container %s already\nremove --migrate, or rename the container in the manifests",
				o, migrate)
		}
	}
	i := slices.IndexFunc(containers, func(c manifest.Object) bool {
		return ImageName(c.Text("image")) == a.selected.Image
	})
	c := containers[i]
	adapted := merged(c.Fields, patchOf(c, changed))
	container := map[string]any{"name": migrate, "image": c.Text("image"), "command": asAny(a.options.Migrate)}
	for _, key := range []string{"imagePullPolicy", "resources", "securityContext", "volumeMounts", "workingDir"} {
		if value, ok := adapted[key]; ok {
			container[key] = value
		}
	}
	if env := completeEnv(a, c); len(env) > 0 {
		container["env"] = env
	}
	if from, _ := a.renamer.inList(c.Items("envFrom"), map[string][]string{
		"ConfigMap": {"configMapRef", "name"}, "Secret": {"secretRef", "name"},
	}); len(from) > 0 {
		container["envFrom"] = from
	}
	return container, nil
}

// completeEnv returns the variables of a container, with those of the stores first: they replace variables of the same
// names.
func completeEnv(a *adaption, c manifest.Object) []any {
	var env []any
	isSet := map[string]bool{}
	for _, s := range a.options.Stores {
		env = append(env, s.Env()...)
		for _, v := range s.Variables {
			isSet[v.Name] = true
		}
	}
	own, _ := a.renamer.inList(c.Items("env"), map[string][]string{
		"ConfigMap": {"valueFrom", "configMapKeyRef", "name"}, "Secret": {"valueFrom", "secretKeyRef", "name"},
	})
	for _, item := range own {
		if v, ok := item.(map[string]any); ok && !isSet[fmt.Sprint(v["name"])] {
			env = append(env, v)
		}
	}
	return env
}
