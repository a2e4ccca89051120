package overlay

import (
	"fmt"
	"slices"
	"strings"

	"sigs.k8s.io/kustomize/api/filters/patchjson6902"
	"sigs.k8s.io/kustomize/api/provider"
	"sigs.k8s.io/kustomize/api/resmap"
	"sigs.k8s.io/kustomize/api/resource"

	"github.com/previewset/previewset/internal/preview"
)

// keepsAwake is the label or annotation of what is meant to go on while its environment sleeps.
const keepsAwake = "previewset.dev/keep-awake"

// sleep is how a sleeping environment is built.
type sleep struct {
	// patches make the awake build asleep. What they make of that is what a build with all patches makes, and takes a fifth of
	// the time, unless the overlay has something that Kustomize does after its patches: then it is built again.
	patches []preview.Patch
	again   *prepared
	hosts   []string // the environment's own
	err     error
}

// sleepOf prepares it; row is the environment awake.
func (r *Repo) sleepOf(config *preview.Config, plan preview.Plan, row preview.Row) *sleep {
	s := &sleep{hosts: hostsOf(config.Policy, row.Name)}
	plan.State = preview.Asleep
	sleeping, err := config.Compose(plan)
	if s.err = err; err != nil {
		return s
	}
	if !r.changesAfterPatches(row.Path) {
		s.patches = sleeping.Kustomize.Patches[len(row.Kustomize.Patches):]
		return s
	}
	again, err := r.prepare(sleeping)
	s.again, s.err = &again, err
	return s
}

// objects are those of the sleeping environment. awake is its build and is changed.
func (s *sleep) objects(awake resmap.ResMap) ([]object, error) {
	if s.err != nil {
		return nil, s.err
	}
	if s.again != nil {
		m, err := s.again.run()
		if err != nil {
			return nil, err
		}
		return objectsOf(m)
	}
	if err := s.apply(awake); err != nil {
		return nil, err
	}
	return objectsOf(awake)
}

func (s *sleep) apply(awake resmap.ResMap) error {
	defer readSchema()()
	for _, p := range s.patches {
		if err := apply(p, awake); err != nil {
			return err
		}
	}
	return nil
}

// fallAsleep checks an environment as it is when it sleeps. awake is its build and is changed.
func (a *attempt) fallAsleep(awake resmap.ResMap) {
	if a.sleep == nil {
		return
	}
	var err error
	if a.objects, err = a.sleep.objects(awake); err != nil {
		a.problem(a.file, "can't be built asleep: "+preview.Printable(err.Error()), "correct what refers to a public route or a number of replicas: those are away then")
		return
	}
	a.assertAsleep(a.sleep.hosts)
}

// changesAfterPatches says whether an overlay has fields that Kustomize acts on after `patches`, and that could change
// what those are for or what they do: the order is that of configureBuiltinTransformers of its package target.
func (r *Repo) changesAfterPatches(dir string) bool {
	k := r.folder(dir).k
	return len(k.Labels)+len(k.CommonLabels)+len(k.CommonAnnotations)+len(k.Replacements)+len(k.Transformers)+len(k.Vars) > 0 //nolint:staticcheck // SA1019: deprecated, but still followed by Kustomize
}

// apply is what Kustomize does with one of a kustomization's patches. Its own code for that is in builtins, which no other
// module is to use any more.
func apply(p preview.Patch, m resmap.ResMap) error {
	selected, err := m.Select(*patchOf(p).Target)
	if err != nil || len(selected) == 0 {
		return err
	}
	if !strings.HasPrefix(p.Patch, "[") {
		patch, err := provider.NewDefaultDepProvider().GetResourceFactory().FromBytes([]byte(p.Patch))
		if err != nil {
			return err
		}
		return m.ApplySmPatch(resource.MakeIdSet(selected), patch)
	}
	for _, res := range selected {
		if err := res.ApplyFilter(patchjson6902.Filter{Patch: p.Patch}); err != nil {
			return err
		}
	}
	return nil
}

// assertAsleep checks that nothing runs but what is meant to, that nothing is lost, and that the wildcard route of appsets
// gets the visits of the environment's own hosts; others are refused anyway.
func (v *verdict) assertAsleep(own []string) {
	for _, o := range v.objects {
		if !o.sleeps() && !o.keepsAwake() {
			v.problem(v.file, o.String()+" would go on while the environment sleeps",
				fmt.Sprintf("make it a Deployment, StatefulSet or CronJob whose replicas or suspend nothing sets after the row's patches (replacements, transformers); or label it %s: \"true\" if it is to go on", keepsAwake))
		}
		if o.text("spec", "persistentVolumeClaimRetentionPolicy", "whenScaled") == "Delete" {
			v.problem(v.file, o.String()+" would delete its volumes whenever the environment sleeps", "remove whenScaled from its persistentVolumeClaimRetentionPolicy")
		}
		for _, host := range slices.Compact(o.hosts()) {
			if slices.Contains(own, host) {
				v.problem(v.file, fmt.Sprintf("%s would keep host %q while the environment sleeps, so that no visit wakes it", o, host),
					fmt.Sprintf("label it %s: <service>, in its own manifest or by a patch", publicLabel))
			}
		}
	}
}

// sleeps says of any object whether it has no Pods. A Job ends by itself.
func (o object) sleeps() bool {
	replicas, scales := o.at("spec", "replicas").(int)
	switch {
	case o.kind == "Job":
		return true
	case o.kind == "CronJob":
		return o.at("spec", "suspend") == true
	case scales:
		return replicas == 0
	}
	return o.kind != "Pod" && o.at("spec", "template", "spec") == nil
}

func (o object) keepsAwake() bool {
	return o.labels[keepsAwake] == "true" || o.annotations()[keepsAwake] == "true"
}
