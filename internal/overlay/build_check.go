package overlay

import (
	"github.com/previewset/previewset/internal/config"
	"github.com/previewset/previewset/internal/overlay/build"
	"github.com/previewset/previewset/internal/overlay/clusterrules"
	"github.com/previewset/previewset/internal/overlay/manifest"
)

// buildCheck is one build and the problems in its objects.
type buildCheck struct {
	title, file string
	build       build.Build
	assert      func(*buildCheck) // looks at the objects of the environment awake
	sleep       *build.Sleep      // nil for an overlay that never sleeps
	shared      guardrails        // with the shared overlay; nil where the overlay is the shared one
	hosts       []string          // the environment's hosts
	objects     []manifest.Object
	problems    config.Problems
	warnings    []string
	isKept      bool              // compare its objects with those of other builds
	kept        map[string][]byte // its objects as JSON, by identity
	refused     config.Problems   // by the rules of the cluster
	missing     config.Problems   // ConfigMaps and Secrets that Pods need
	namespace   string
	external    []clusterrules.ExternalName // outside of the cluster
	err         error                       // of the build
	quick       *quickCheck                 // instead of the build; nil where only the build is right
}

func (b *buildCheck) addProblem(file, message, remedy string) {
	b.problems = append(b.problems, config.Problem{File: file, Path: b.title, Message: message, Remedy: remedy})
}

// run builds, and looks at the objects of the environment awake and asleep.
func (b *buildCheck) run() {
	if b.quick != nil && b.quick.passes(b) {
		return
	}
	m, err := b.build.RunWithin(build.MaxTime)
	if err == nil {
		b.objects, err = build.Objects(m)
	}
	if b.err = err; err != nil {
		return
	}
	b.assert(b)
	if b.sleep != nil {
		if b.objects, err = b.sleep.Objects(m); err == nil {
			b.assertAsleep()
		} else {
			b.addProblem(b.file, "can't be built asleep: "+config.Printable(err.Error()),
				"correct what refers to a public route or to replicas: a sleeping environment has neither")
		}
	}
	b.objects = nil // the objects of a thousand environments don't fit into memory at once
}

// findObject returns the first core object of a kind with a name, or nil.
func (b *buildCheck) findObject(kind, name string) *manifest.Object {
	for i, o := range b.objects {
		if o.Kind == kind && o.Name == name && o.Group == "" {
			return &b.objects[i]
		}
	}
	return nil
}
