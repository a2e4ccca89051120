package admission

import (
	"slices"

	"github.com/previewset/previewset/internal/overlay/manifest"
)

// projectedSources are the allowed sources of a projected volume. The others are credentials for the Kubernetes API.
var projectedSources = []string{"clusterTrustBundle", "configMap", "downwardAPI", "secret"}

func refuseSecret(o manifest.Object) []Refusal {
	if o.Text("type") == "kubernetes.io/service-account-token" {
		return []Refusal{{"asks for a token of a service account", "previews have none"}}
	}
	return nil
}

// refuseTokens refuses Pods with a token for the Kubernetes API.
func refuseTokens(o manifest.Object) []Refusal {
	pod := podOf(o)
	var found []Refusal
	if pod.At("automountServiceAccountToken") != false {
		found = append(found, Refusal{
			"gives its Pods a service account's token", "write automountServiceAccountToken: false into its Pod template",
		})
	}
	for _, volume := range pod.Items("volumes") {
		for _, source := range volume.Items("projected", "sources") {
			if slices.ContainsFunc(source.Keys(), func(key string) bool { return !slices.Contains(projectedSources, key) }) {
				found = append(found, Refusal{"mounts a service account's token or certificate", "remove that volume"})
			}
		}
	}
	return found
}
