package config

import (
	"cmp"
	"fmt"
	"maps"
	"regexp"
	"slices"
)

var (
	sizeNames     = []string{"s", "m", "l"}
	sizeResources = []string{"cpu", "memory", "ephemeral-storage"}

	// quantityPattern matches the usual forms of a Kubernetes quantity.
	quantityPattern = regexp.MustCompile(`^[0-9]{1,12}(\.[0-9]{1,3})?(m|k|M|G|T|Ki|Mi|Gi|Ti)?$`)
	// quotaPattern matches the names of resources in a ResourceQuota.
	quotaPattern = regexp.MustCompile(`^[a-z0-9]([a-z0-9.-]{0,100}[a-z0-9])?(/[a-z0-9]([a-z0-9.-]{0,100}[a-z0-9])?)?$`)
)

// maxQuota is the highest number of entries in the quota of a size.
const maxQuota = 50

func (v *validator) validateSizes() {
	sizes := v.cfg.Policy.Sizes
	for _, name := range slices.Sorted(maps.Keys(sizes)) {
		at, s := "sizes."+name, sizes[name]
		if !slices.Contains(sizeNames, name) {
			v.mistake(at, "is not a size", "write s, m or l")
		}
		if len(s.Requests)+len(s.Limits)+len(s.Quota) == 0 {
			v.mistake(at, "has no value", "write requests, limits or quota")
		}
		v.validateQuantities(at+".requests", s.Requests, isSizeResource)
		v.validateQuantities(at+".limits", s.Limits, isSizeResource)
		v.validateQuantities(at+".quota", s.Quota, quotaPattern.MatchString)
	}
}

func isSizeResource(name string) bool { return slices.Contains(sizeResources, name) }

func (v *validator) validateQuantities(at string, list map[string]string, isKnown func(string) bool) {
	if len(list) > maxQuota {
		v.mistake(at, fmt.Sprintf("has %d values", len(list)), fmt.Sprintf("write at most %d", maxQuota))
		return
	}
	for _, name := range slices.Sorted(maps.Keys(list)) {
		switch {
		case !isKnown(name):
			v.mistake(at+"."+name, "is not a resource", "write "+someOf(sizeResources)+
				"; in quota a name of ResourceQuota, such as requests.memory or pods")
		case !quantityPattern.MatchString(list[name]):
			v.mistake(at+"."+name, fmt.Sprintf("%q is not a quantity", Printable(list[name])), `write one like "2", 250m or 512Mi`)
		}
	}
}

// validateSize checks the size of a profile.
func (v *validator) validateSize(at, size string) {
	if _, ok := v.cfg.Policy.Sizes[size]; size != "" && !ok && slices.Contains(sizeNames, size) {
		v.mistake(at, fmt.Sprintf("there is no size %q", size), "add sizes."+size+" with requests, limits and quota")
	}
}

// MainContainer returns the container that runs the service's image.
func (s *Service) MainContainer() string { return cmp.Or(s.Container, s.Name) }

func (v *validator) validateContainer(at string, s *Service) {
	if v.lines[at] != 0 && !IsDNSLabel(s.Container, maxKubernetesName) {
		v.mistake(at, "is not a container's name", "write the name in the service's workloads")
	}
}
