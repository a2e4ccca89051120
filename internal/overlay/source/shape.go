package source

import (
	"fmt"
	"slices"
	"strings"

	"github.com/previewset/previewset/internal/overlay/manifest"
)

// workloadKinds are the kinds with Pods.
var workloadKinds = []string{
	"CronJob", "DaemonSet", "Deployment", "Job", "Pod", "ReplicaSet", "ReplicationController", "StatefulSet",
}

func isWorkload(o Object) bool { return slices.Contains(workloadKinds, o.Kind) }

// isService reports whether an object is a Service with Pods.
func isService(o Object) bool {
	return o.Kind == "Service" && o.Group == "" && len(o.Keys("spec", "selector")) > 0
}

// templatePath returns where a workload has its Pod template.
func templatePath(o Object) []string {
	switch o.Kind {
	case "CronJob":
		return []string{"spec", "jobTemplate", "spec", "template"}
	case "Pod":
		return nil
	}
	return []string{"spec", "template"}
}

func podOf(o Object) manifest.Object { return o.Under(append(templatePath(o), "spec")...) }

func podLabels(o Object) map[string]string {
	return textsOf(o.At(append(templatePath(o), "metadata", "labels")...))
}

// selects reports whether a Service selects a workload's Pods.
func selects(service, workload Object) bool {
	return matches(textsOf(service.At("spec", "selector")), workload)
}

func matches(selector map[string]string, workload Object) bool {
	labels := podLabels(workload)
	for key, value := range selector {
		if got, ok := labels[key]; !ok || got != value {
			return false
		}
	}
	return len(selector) > 0
}

func selectorText(service Object) string {
	var parts []string
	for _, key := range service.Keys("spec", "selector") {
		parts = append(parts, fmt.Sprintf("%s=%v", key, service.At("spec", "selector", key)))
	}
	return strings.Join(parts, ",")
}

// imagesOf returns the different images of containers, without tags.
func imagesOf(containers []manifest.Object) []string {
	var found []string
	for _, c := range containers {
		if name := ImageName(c.Text("image")); name != "" && !slices.Contains(found, name) {
			found = append(found, name)
		}
	}
	return found
}

// ImageName returns an image without its tag and digest.
func ImageName(image string) string {
	image, _, _ = strings.Cut(image, "@")
	name, _ := manifest.CutTag(image)
	return name
}

// portOwners returns the containers that declare a target port of a Service.
func portOwners(service Object, containers []manifest.Object) []manifest.Object {
	var found []manifest.Object
	for _, port := range service.Items("spec", "ports") {
		target := targetPort(port)
		for _, c := range containers {
			if slices.ContainsFunc(c.Items("ports"), func(p manifest.Object) bool {
				return fmt.Sprint(p.At("containerPort")) == target || p.Text("name") == target
			}) {
				found = append(found, c)
			}
		}
	}
	return found
}

// targetPort returns the number or the name of a Service port's target.
func targetPort(port manifest.Object) string {
	if target := port.At("targetPort"); target != nil && fmt.Sprint(target) != "0" {
		return fmt.Sprint(target)
	}
	return fmt.Sprint(port.At("port"))
}
