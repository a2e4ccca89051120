package preview

import (
	"fmt"
	"slices"
)

// UnhealthyResource is a resource that isn't healthy.
type UnhealthyResource struct {
	// Kind is the resource's kind.
	Kind string `json:"kind"`
	// Name is the resource's name.
	Name string `json:"name"`
	// Health is the resource's health.
	Health string `json:"health"`
	// Message is Argo CD's message about the resource. For a failing Pod it is the service's own: the container, the
	// reason, and the exit code or kubelet's message.
	Message string `json:"message"`
}

func (u *UnhealthyResource) String() string {
	text := fmt.Sprintf("%s %s is %s", u.Kind, u.Name, u.Health)
	if u.Message != "" {
		text += ": " + u.Message
	}
	return text
}

// badness orders healths from the worst; unknown ones come last.
var badness = []string{"Degraded", "Missing", "Progressing", "Suspended"}

// WorseThan reports whether a resource's health is worse than another's, so that it is the one to name.
func (u *UnhealthyResource) WorseThan(v *UnhealthyResource) bool {
	if v == nil {
		return true
	}
	rank := func(health string) uint { return uint(slices.Index(badness, health)) }
	return rank(u.Health) < rank(v.Health)
}
