package clusterrules

import (
	"fmt"

	appsv1 "k8s.io/api/apps/v1"
	corev1 "k8s.io/api/core/v1"
	"k8s.io/apimachinery/pkg/util/validation"
	"k8s.io/apimachinery/pkg/util/validation/field"
)

// claimNames returns the names of the claims that a StatefulSet adds to its Pods' volumes.
func (o Object) claimNames() []string {
	var names []string
	if w, ok := o.typed.(*appsv1.StatefulSet); ok {
		for _, c := range w.Spec.VolumeClaimTemplates {
			names = append(names, c.Name)
		}
	}
	return names
}

// invalidPod returns the errors in a Pod; claims are volumes that the Pod's workload adds.
func invalidPod(t template, claims []string) field.ErrorList {
	spec := field.NewPath(t.field)
	volumes := map[string]bool{}
	for _, name := range claims {
		volumes[name] = true
	}
	var errs field.ErrorList
	for i, v := range t.spec.Volumes {
		path := spec.Child("volumes").Index(i)
		if volumes[v.Name] {
			errs = append(errs, field.Duplicate(path.Child("name"), v.Name))
		}
		errs = append(errs, invalidName(v.Name, path)...)
		volumes[v.Name] = true
	}
	if len(t.spec.Containers) == 0 {
		errs = append(errs, field.Required(spec.Child("containers"), ""))
	}
	names := map[string]bool{}
	for list, containers := range map[string][]corev1.Container{
		"initContainers": t.spec.InitContainers, "containers": t.spec.Containers,
	} {
		for i := range containers {
			path := spec.Child(list).Index(i)
			if names[containers[i].Name] {
				errs = append(errs, field.Duplicate(path.Child("name"), containers[i].Name))
			}
			names[containers[i].Name] = true
			errs = append(errs, invalidContainer(&containers[i], path, volumes)...)
		}
	}
	return errs
}

func invalidName(name string, path *field.Path) field.ErrorList {
	if name == "" {
		return field.ErrorList{field.Required(path.Child("name"), "")}
	}
	var errs field.ErrorList
	for _, message := range validation.IsDNS1123Label(name) {
		errs = append(errs, field.Invalid(path.Child("name"), name, message))
	}
	return errs
}

func invalidContainer(c *corev1.Container, path *field.Path, volumes map[string]bool) field.ErrorList {
	errs := invalidName(c.Name, path)
	if c.Image == "" {
		errs = append(errs, field.Required(path.Child("image"), ""))
	}
	for i, e := range c.Env {
		env := path.Child("env").Index(i)
		if e.Name == "" {
			errs = append(errs, field.Required(env.Child("name"), ""))
		}
		if e.Value != "" && e.ValueFrom != nil {
			errs = append(errs, field.Invalid(env.Child("valueFrom"), "", "may not be specified when `value` is not empty"))
		}
	}
	errs = append(errs, invalidContainerPorts(c.Ports, path.Child("ports"))...)
	errs = append(errs, invalidMounts(c.VolumeMounts, path.Child("volumeMounts"), volumes)...)
	errs = append(errs, invalidResources(c.Resources, path.Child("resources"))...)
	for name, p := range map[string]*corev1.Probe{
		"livenessProbe": c.LivenessProbe, "readinessProbe": c.ReadinessProbe, "startupProbe": c.StartupProbe,
	} {
		if p != nil && p.ProbeHandler == (corev1.ProbeHandler{}) {
			errs = append(errs, field.Required(path.Child(name), "must specify a handler type"))
		}
	}
	return errs
}

func invalidContainerPorts(ports []corev1.ContainerPort, path *field.Path) field.ErrorList {
	var errs field.ErrorList
	names := map[string]bool{}
	for i, p := range ports {
		errs = append(errs, invalidPort(p.ContainerPort, path.Index(i).Child("containerPort"))...)
		if p.Name == "" {
			continue
		}
		for _, message := range validation.IsValidPortName(p.Name) {
			errs = append(errs, field.Invalid(path.Index(i).Child("name"), p.Name, message))
		}
		if names[p.Name] {
			errs = append(errs, field.Duplicate(path.Index(i).Child("name"), p.Name))
		}
		names[p.Name] = true
	}
	return errs
}

func invalidMounts(mounts []corev1.VolumeMount, path *field.Path, volumes map[string]bool) field.ErrorList {
	var errs field.ErrorList
	paths := map[string]bool{}
	for i, m := range mounts {
		if !volumes[m.Name] {
			errs = append(errs, field.NotFound(path.Index(i).Child("name"), m.Name))
		}
		switch {
		case m.MountPath == "":
			errs = append(errs, field.Required(path.Index(i).Child("mountPath"), ""))
		case paths[m.MountPath]:
			errs = append(errs, field.Invalid(path.Index(i).Child("mountPath"), m.MountPath, "must be unique"))
		}
		paths[m.MountPath] = true
	}
	return errs
}

// invalidResources returns an error for each request that is larger than its limit.
func invalidResources(r corev1.ResourceRequirements, path *field.Path) field.ErrorList {
	var errs field.ErrorList
	for name, request := range r.Requests {
		if limit, ok := r.Limits[name]; ok && request.Cmp(limit) > 0 {
			errs = append(errs, field.Invalid(path.Child("requests"), request.String(),
				fmt.Sprintf("must be less than or equal to %s limit of %s", name, limit.String())))
		}
	}
	return errs
}

func portText(port int32) string { return fmt.Sprint(port) }
