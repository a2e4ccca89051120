package admission

import (
	"slices"
	"strings"

	"github.com/previewset/previewset/internal/overlay/manifest"
)

const (
	argoCD = "argocd.argoproj.io/"
	// instanceLabel is a label by which some installations of Argo CD mark the objects of an Application.
	instanceLabel = argoCD + "instance"
	// classAnnotation is an older way to name a claim's storage class. The rules for claims check it.
	classAnnotation = "volume.beta.kubernetes.io/storage-class"
	// evictAnnotation lets an autoscaler remove a Pod with its node. Another value than "true" would keep the node.
	evictAnnotation = "cluster-autoscaler.kubernetes.io/safe-to-evict"
)

// Keys that are allowed without a setting. A key that ends with "/" allows all keys with that start.
var (
	ownAnnotations = []string{"kubectl.kubernetes.io/", "link.argocd.argoproj.io/", "previewset.dev/"}
	ownLabels      = []string{"app.kubernetes.io/", "batch.kubernetes.io/", "helm.sh/chart", "previewset.dev/"}
	// namespaceLabels are for the Namespace, where labels without a prefix aren't allowed either.
	namespaceLabels = []string{
		"app.kubernetes.io/", "kubernetes.io/metadata.name", "pod-security.kubernetes.io/", "previewset.dev/",
	}
	syncOptions = []string{"Prune=false", "PruneLast=true", "ServerSideApply=true"}
)

const askForKey = "remove it, or ask the platform team to allow it in " + settingsFile

// refuseMetadata refuses annotations, labels and finalizers with an effect outside of the preview. It checks templates
// of Pods and claims too.
func (r *Rules) refuseMetadata(o manifest.Object) []Refusal {
	found := refuseKeys(o.Under("metadata"), r.isOwnAnnotation(o), r.settings.isLabel(o))
	for _, name := range manifest.Texts(o.At("metadata", "finalizers")) {
		if name != "kubernetes.io/pvc-protection" || o.Kind != "PersistentVolumeClaim" {
			found = append(found, refuseFinalizer(name))
		}
	}
	if o.Kind == "Namespace" {
		for _, name := range manifest.Texts(o.At("spec", "finalizers")) {
			if name != "kubernetes" {
				found = append(found, refuseFinalizer(name))
			}
		}
	}
	for _, template := range templates(o) {
		isAnnotation := func(key string) bool {
			mayEvict := key == evictAnnotation && template.Text("annotations", key) == "true"
			return mayEvict || r.settings.isTemplateAnnotation(key)
		}
		found = append(found, refuseKeys(template, isAnnotation, r.settings.isTemplateLabel)...)
		for _, name := range manifest.Texts(template.At("finalizers")) {
			found = append(found, refuseFinalizer(name))
		}
	}
	return found
}

func refuseFinalizer(name string) Refusal {
	return Refusal{"has finalizer " + name, "remove it: the preview could never be deleted"}
}

func refuseKeys(metadata manifest.Object, isAnnotation, isLabel func(key string) bool) []Refusal {
	var found []Refusal
	for _, key := range metadata.Keys("annotations") {
		if !isAnnotation(key) {
			found = append(found, Refusal{"has annotation " + key + ", or a value of it, that isn't allowed", askForKey})
		}
	}
	for _, key := range metadata.Keys("labels") {
		if !isLabel(key) {
			found = append(found, Refusal{"has label " + key + ", which isn't allowed", askForKey})
		}
	}
	return found
}

// isOwnAnnotation also allows some sync options, and leaves all annotations of routes except Argo CD's to the rules for
// routes.
func (r *Rules) isOwnAnnotation(o manifest.Object) func(key string) bool {
	isRoute := o.Kind == "Ingress" || o.Kind == "HTTPRoute"
	return func(key string) bool {
		switch {
		case key == argoCD+"sync-options":
			return r.settings.isAnnotation(key) || allowsOptions(o)
		case key == argoCD+"compare-options":
			isKeptClaim := o.Kind == "PersistentVolumeClaim" && o.Annotations()[key] == "IgnoreExtraneous"
			return r.settings.isAnnotation(key) || isKeptClaim
		case key == classAnnotation && o.Kind == "PersistentVolumeClaim":
			return true
		case isRoute && !strings.HasPrefix(key, argoCD):
			return true
		}
		return r.settings.isAnnotation(key)
	}
}

// allowsOptions reports whether an object has only allowed sync options of Argo CD.
func allowsOptions(o manifest.Object) bool {
	allowed := syncOptions
	if isKept(o) {
		allowed = append(slices.Clone(allowed), "Delete=false")
	}
	for option := range strings.SplitSeq(o.Annotations()[argoCD+"sync-options"], ",") {
		if !slices.Contains(allowed, option) {
			return false
		}
	}
	return true
}

func (s *Settings) isAnnotation(key string) bool {
	return s.isPrivate(key) || isListed(key, ownAnnotations) || isListed(key, s.values("annotations"))
}

func (s *Settings) isTemplateAnnotation(key string) bool {
	return key == classAnnotation || s.isAnnotation(key)
}

func (s *Settings) isTemplateLabel(key string) bool {
	return s.isPrivate(key) || isListed(key, ownLabels) || isListed(key, s.values("labels"))
}

func (s *Settings) isLabel(o manifest.Object) func(key string) bool {
	if o.Kind != "Namespace" {
		return func(key string) bool {
			return s.isTemplateLabel(key) || (key == instanceLabel && o.Labels[key] == o.Namespace)
		}
	}
	return func(key string) bool {
		isOwn := key == instanceLabel && o.Labels[key] == o.Name
		return isOwn || isListed(key, namespaceLabels) || isListed(key, s.values("labels"))
	}
}

// isPrivate reports whether a key has no prefix, and no known controller acts on it. Kubernetes leaves such keys to the
// user.
func (s *Settings) isPrivate(key string) bool {
	return !strings.Contains(key, "/") && !s.hasPattern("refusedKeys", key)
}

// isListed reports whether a list has a key, or a start of it that ends with "/".
func isListed(key string, list []string) bool {
	return slices.ContainsFunc(list, func(allowed string) bool {
		return key == allowed || (strings.HasSuffix(allowed, "/") && strings.HasPrefix(key, allowed))
	})
}

// templates returns the metadata of the templates in an object: of Pods, Jobs and claims.
func templates(o manifest.Object) []manifest.Object {
	if !isWorkload(o) {
		return nil
	}
	found := []manifest.Object{o.Under("spec", "template", "metadata")}
	if o.Kind == "CronJob" {
		job := o.Under("spec", "jobTemplate")
		found = []manifest.Object{job.Under("metadata"), job.Under("spec", "template", "metadata")}
	}
	for _, claim := range claimTemplates(o) {
		found = append(found, claim.Under("metadata"))
	}
	return found
}
