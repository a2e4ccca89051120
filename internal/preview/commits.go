package preview

const (
	// imageOf is the label of workloads that run the image of a service.
	imageOf = "previewset.dev/image-of"
	// commitAnnotation is the annotation of Pods with the deployed commit.
	commitAnnotation = "previewset.dev/commit"
)

// commits writes the deployed commit of a service into the Pod template of its workloads, where the image's tag doesn't
// contain it. A new commit has the same tag there, and Kubernetes would not start new Pods. A tag with the commit needs
// no annotation.
func (c *composer) commits() {
	for _, s := range c.Policy.Services {
		ref, runs := c.plan.Run[s.Name]
		if !runs || ref.SHA == "" || s.TagHasCommit() {
			continue
		}
		for _, kind := range []string{"Deployment", "StatefulSet"} {
			c.annotatePods(Target{Kind: kind, LabelSelector: imageOf + "=" + s.Name}, commitAnnotation, ref.SHA)
		}
	}
}

// annotatePods adds an annotation to the Pod templates of workloads. Kustomize ignores the name in the patch.
func (c *composer) annotatePods(target Target, key, value string) {
	template := map[string]any{"metadata": map[string]any{"annotations": map[string]string{key: value}}}
	c.patch(target, map[string]any{
		"apiVersion": "apps/v1", "kind": target.Kind, "metadata": map[string]string{"name": "any"},
		"spec": map[string]any{"template": template},
	})
}
