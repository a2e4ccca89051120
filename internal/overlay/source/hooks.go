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

// hookPhases are the phases of Argo CD in which it runs hooks of Helm.
var hookPhases = map[string]string{
	"pre-install": "PreSync", "pre-upgrade": "PreSync", "post-install": "PostSync", "post-upgrade": "PostSync",
}

var deletionPolicies = map[string]string{
	"before-hook-creation": "BeforeHookCreation", "hook-succeeded": "HookSucceeded", "hook-failed": "HookFailed",
}

// hookPhase returns the phase of a hook, "" if Argo CD has none for it.
func (a *adaption) hookPhase(o Object) (phase string, isHook bool) {
	value := o.Annotations()[helmHook]
	for name := range strings.SplitSeq(value, ",") {
		if p := hookPhases[strings.TrimSpace(name)]; p != "" && phase == "" {
			phase = p
		}
	}
	if phase == "PreSync" && len(a.options.Stores) > 0 {
		phase = "Sync" // stores don't exist in PreSync, and the hook waits for them
	}
	return phase, value != ""
}

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
	if !isHook || a.options.Rules == nil || !a.allowsHooks(o.Object) {
		return // without rules Helm's annotations stay, and Argo CD understands them
	}
	patch.set(phase, "metadata", "annotations", argoCDHook)
	var policies []string
	for name := range strings.SplitSeq(o.Annotations()[helmDeletion], ",") {
		if p := deletionPolicies[strings.TrimSpace(name)]; p != "" {
			policies = append(policies, p)
		}
	}
	if len(policies) == 0 {
		policies = []string{"BeforeHookCreation"}
	}
	patch.set(strings.Join(slices.Compact(policies), ","), "metadata", "annotations", argoCDDeletion)
	a.note(o, "a hook of Argo CD (%s) in place of Helm's", phase)
	if weight := o.Annotations()[helmWeight]; weight != "" && weight != "0" {
		if a.options.Rules.AllowsAnnotation(o.Object, argoCDWave) {
			patch.set(weight, "metadata", "annotations", argoCDWave)
			return
		}
		a.note(o, "its weight %s has no effect, because %s isn't allowed", weight, argoCDWave)
	}
}
