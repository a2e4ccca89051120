package clusterrules

import (
	"slices"
	"strings"

	"github.com/previewset/previewset/internal/overlay/crdschema"
	"github.com/previewset/previewset/internal/overlay/manifest"
)

// Build is the objects of one build.
type Build struct {
	// Objects are all objects, with their types where they have one.
	Objects []Object
	// IngressNamespace is the namespace of the ingress controller, or "" where it isn't known.
	IngressNamespace string
	// CommitImages are the images, with their tags, that change with every commit.
	CommitImages []string
	// Commit is a text that is in each form of the commit, such as a tag or a label, or "" where there is none.
	Commit string
	// Environment is the name of the environment, or "" for an overlay that exists only once.
	Environment string
	// OtherSecrets are the Secrets that the environment doesn't get, or gets from elsewhere. MissingReferences leaves them
	// out.
	OtherSecrets []string
	// Schemas are those of custom kinds.
	Schemas *crdschema.Schemas
}

// NewBuild returns a build of some objects.
func NewBuild(objects []manifest.Object) *Build {
	b := &Build{Objects: make([]Object, 0, len(objects))}
	for _, o := range objects {
		b.Objects = append(b.Objects, decode(o))
	}
	return b
}

// Problem is one object that the cluster refuses, or that doesn't work.
type Problem struct {
	// Object is the kind and the name.
	Object string
	// Field is the path of the field, or "" where the whole object is meant.
	Field string
	// Message is what the cluster says about the field.
	Message string
	// Remedy is what to do.
	Remedy string
}

// String returns the object, the field and the message.
func (p Problem) String() string {
	parts := slices.DeleteFunc([]string{p.Object, p.Field, p.Message}, func(s string) bool { return s == "" })
	return strings.Join(parts, ": ")
}

// joined returns one problem for all messages about an object, or nothing without messages.
func joined(o Object, field string, messages []string, remedy string) []Problem {
	if len(messages) == 0 {
		return nil
	}
	return []Problem{{Object: o.String(), Field: field, Message: strings.Join(messages, "; "), Remedy: remedy}}
}
