package overlay

import "testing"

func TestCheckFindsChangesOfOtherServices(t *testing.T) {
	t.Parallel()
	const (
		component = "apiVersion: kustomize.config.k8s.io/v1alpha1\nkind: Component\nresources: [api.yaml]\n"
		file      = "kustomize-base/services/api/run/kustomization.yaml"
		where     = "kustomize-base/services/api: all services: "
	)
	wantFound(t, []brokenShop{
		{
			"labels for all objects",
			map[string]string{file: component + "labels: [{pairs: {team: api}, includeTemplates: true}]\n"},
			[]string{where, "service api changes ", "metadata.labels", "a folder of their own"},
			5, // three objects of the build without the service, and the Namespace in two overlays
		},
		{
			"a patch of another service's workload",
			map[string]string{file: component + "patches: [{target: {kind: Deployment}, patch: '[{\"op\": \"add\", " +
				"\"path\": \"/spec/minReadySeconds\", \"value\": 5}]'}]\n"},
			[]string{where, "service api changes Deployment web, which isn't its own: spec.minReadySeconds"},
			0,
		},
	})
}
