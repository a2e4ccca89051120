package clusterrules

import (
	"slices"
	"strings"

	batchv1 "k8s.io/api/batch/v1"
)

// findImmutableJobs reports each Job that contains the commit, such as in its image, and that Argo CD can't replace. The
// API server accepts it once: at the next commit it refuses the changed template, and the sync fails.
func findImmutableJobs(b *Build) []Problem {
	var found []Problem
	for _, o := range b.Objects {
		w, ok := o.typed.(*batchv1.Job)
		if !ok || o.isReplaced() {
			continue
		}
		if why := b.changeOf(o); why != "" {
			found = append(found, Problem{
				Object: o.String(), Field: "spec.template",
				Message: "changes with every commit (" + why + "), and the field is immutable",
				Remedy: "make it an init container of the workload that needs it; or, if appsets/admission/settings.yaml " +
					"allows the annotations, write argocd.argoproj.io/hook: Sync with argocd.argoproj.io/hook-delete-policy: " +
					"BeforeHookCreation, or argocd.argoproj.io/sync-options: Force=true,Replace=true on Job " + w.Name,
			})
		}
	}
	return found
}

// changeOf returns why the template of a Job changes with every commit, or "".
func (b *Build) changeOf(job Object) string {
	for _, image := range job.Images() {
		if slices.Contains(b.CommitImages, image) {
			return "image " + image
		}
	}
	if b.hasCommit(job.At("spec", "template")) {
		return "it contains the commit"
	}
	return ""
}

// isReplaced reports whether Argo CD deletes an object and creates it anew instead of changing it.
func (o Object) isReplaced() bool {
	annotations := o.Annotations()
	if annotations["argocd.argoproj.io/hook"] != "" || annotations["helm.sh/hook"] != "" {
		return true
	}
	options := strings.Split(annotations["argocd.argoproj.io/sync-options"], ",")
	return slices.Contains(options, "Force=true") && slices.Contains(options, "Replace=true")
}
