package source

import (
	"fmt"
	"slices"
	"strings"

	"github.com/previewset/previewset/internal/overlay/manifest"
)

// Annotations of hooks: those of Helm, and those of Argo CD that do the same.
const (
	helmHook       = "helm.sh/hook"
	helmDeletion   = "helm.sh/hook-delete-policy"
	helmWeight     = "helm.sh/hook-weight"
	argoCDHook     = "argocd.argoproj.io/hook"
	argoCDDeletion = "argocd.argoproj.io/hook-delete-policy"
	argoCDWave     = "argocd.argoproj.io/sync-wave"
)

// hookPhases are the phases of Argo CD in which previews run hooks of Helm. Argo CD itself runs post-install and
// post-upgrade in PostSync, which begins only once all objects are healthy. But Pods of many charts become ready only after
// such a hook, as those of Airflow after its migration: the hook would never start. In Sync it runs beside the Pods.
var hookPhases = map[string]string{
	"pre-install": preSync, "pre-upgrade": preSync, "post-install": inSync, "post-upgrade": inSync,
}

const (
	preSync = "PreSync"
	inSync  = "Sync"
	// newAtEachSync is the deletion policy of a hook without one. A Job that stays can't get the image of the next commit.
	newAtEachSync = "BeforeHookCreation"
)

var deletionPolicies = map[string]string{
	"before-hook-creation": newAtEachSync, "hook-succeeded": "HookSucceeded", "hook-failed": "HookFailed",
}

// hookPhase returns the phase of a hook, "" if Argo CD has none for it. A hook with several phases runs in the last one, in
// which more objects exist.
func (a *adaption) hookPhase(o Object) (phase string, isHook bool) {
	value := o.Annotations()[helmHook]
	for name := range strings.SplitSeq(value, ",") {
		if p := hookPhases[strings.TrimSpace(name)]; p != "" && phase != inSync {
			phase = p
		}
	}
	if phase == preSync && len(a.options.Stores) > 0 {
		phase = inSync // stores don't exist in PreSync, and the hook waits for them
	}
	return phase, value != ""
}

func isPostHook(o Object) bool { return strings.Contains(o.Annotations()[helmHook], "post-") }

// allowsHooks reports whether an object may be a hook of Argo CD.
func (a *adaption) allowsHooks(o manifest.Object) bool {
	return a.options.Rules == nil ||
		a.options.Rules.AllowsAnnotation(o, argoCDHook) && a.options.Rules.AllowsAnnotation(o, argoCDDeletion)
}

// whyHookLeftOut returns what to do about a Helm hook that can't run, or "". Objects without Pods stay as usual
// objects.
func (a *adaption) whyHookLeftOut(o Object) string {
	phase, isHook := a.hookPhase(o)
	switch {
	case !isHook:
		return ""
	case phase == "":
		return fmt.Sprintf("it is a Helm hook (%s) that Argo CD doesn't run in previews; run it by hand",
			o.Annotations()[helmHook])
	case isWorkload(o) && !a.allowsHooks(o.Object):
		return fmt.Sprintf("it is a Helm hook (%s): do its work in an init container, "+
			"or let the platform team allow %s and %s in annotations of appsets/admission/settings.yaml "+
			"and add the service again", o.Annotations()[helmHook], argoCDHook, argoCDDeletion)
	}
	return ""
}

// adaptHook turns a hook of Helm into one of Argo CD.
func (a *adaption) adaptHook(o Object, patch fields) {
	phase, isHook := a.hookPhase(o)
	if !isHook || !a.allowsHooks(o.Object) || a.options.Rules == nil && phase == preSync {
		return // without rules Helm's annotations stay, and Argo CD runs the hook in PreSync because of them
	}
	patch.set(phase, "metadata", "annotations", argoCDHook)
	policies := []string{newAtEachSync}
	for name := range strings.SplitSeq(o.Annotations()[helmDeletion], ",") {
		if p := deletionPolicies[strings.TrimSpace(name)]; p != "" && !slices.Contains(policies, p) {
			policies = append(policies, p)
		}
	}
	patch.set(strings.Join(policies, ","), "metadata", "annotations", argoCDDeletion)
	a.note(o, "a hook of Argo CD (%s) in place of Helm's", phase)
	if isWorkload(o) && isPostHook(o) {
		a.note(o, "it runs beside the other Pods, not after them, because Pods may wait for it: it must wait by itself "+
			"until its dependencies are ready")
	}
	a.adaptWeight(o, phase, patch)
}

// adaptWeight turns the weight of a hook of Helm into a wave of Argo CD. A hook in Sync gets none: Argo CD starts a wave
// only once the waves before it are healthy, so the hook and the other objects would wait for each other.
func (a *adaption) adaptWeight(o Object, phase string, patch fields) {
	weight := o.Annotations()[helmWeight]
	if weight == "" || weight == "0" {
		return
	}
	allows := func(key string) bool {
		return a.options.Rules == nil || a.options.Rules.AllowsAnnotation(o.Object, key)
	}
	switch {
	case phase == inSync:
		if allows(helmWeight) {
			patch.set("0", "metadata", "annotations", helmWeight) // Argo CD reads it as a wave
		}
		a.note(o, "its weight %s has no effect, because Pods may wait for it", weight)
	case allows(argoCDWave):
		patch.set(weight, "metadata", "annotations", argoCDWave)
	default:
		a.note(o, "its weight %s has no effect, because %s isn't allowed", weight, argoCDWave)
	}
}
