package admission

import (
	"fmt"
	"slices"
	"strings"

	"github.com/previewset/previewset/internal/config"
	"github.com/previewset/previewset/internal/overlay/manifest"
)

const (
	externalSecrets = "external-secrets.io"
	askForStore     = "or ask the platform team to allow it in " + settingsFile
)

var (
	targetFields   = []string{"creationPolicy", "deletionPolicy", "immutable", "name", "template"}
	templateFields = []string{"data", "engineVersion", "mergePolicy", "type"}
)

// IsSecretSource reports whether an object becomes a Secret with a value that isn't in Git.
func IsSecretSource(o manifest.Object) bool {
	group, _, _ := strings.Cut(o.Text("apiVersion"), "/")
	return group == externalSecrets || group == "bitnami.com" && o.Kind == "SealedSecret"
}

// HasSecrets reports whether the settings have those of secrets. Older versions don't.
func (s *Settings) HasSecrets() bool { return s.data.At("data", "secretStores") != nil }

// refuseSecretSource checks an ExternalSecret, as far as that needs no other object.
func refuseSecretSource(s *Settings, o manifest.Object) []Refusal {
	if !s.HasSecrets() || !IsSecretSource(o) || o.Kind == "SealedSecret" {
		return nil
	}
	if o.Kind != "ExternalSecret" {
		return []Refusal{{"isn't an ExternalSecret", "remove it: the platform team makes stores for the whole cluster"}}
	}
	var found []Refusal
	if stores := refusedStores(s, o); len(stores) > 0 {
		found = append(found, Refusal{
			fmt.Sprintf("names secret store %q", stores[0]), "name a ClusterSecretStore of secretStores, " + askForStore,
		})
	}
	if keys := refusedSecretKeys(s, o); len(keys) > 0 {
		found = append(found, Refusal{
			fmt.Sprintf("reads key %q", keys[0]), "name one key of secretKeys in each entry, " + askForStore,
		})
	}
	if fields := refusedTargetFields(o.Under("spec", "target")); len(fields) > 0 {
		found = append(found, Refusal{
			"has " + fields[0] + ", or a value of it, that isn't allowed",
			"remove it: it makes one Secret, which is deleted with it",
		})
	}
	return found
}

func refusedStores(s *Settings, o manifest.Object) []string {
	var stores []manifest.Object
	if o.At("spec", "secretStoreRef") != nil {
		stores = append(stores, o.Under("spec", "secretStoreRef"))
	}
	for _, item := range append(o.Items("spec", "data"), o.Items("spec", "dataFrom")...) {
		if item.At("sourceRef") != nil {
			stores = append(stores, item.Under("sourceRef", "storeRef"))
		}
	}
	var refused []string
	for _, store := range stores {
		name := store.Text("name")
		if store.Text("kind") != "ClusterSecretStore" || name == "" || !slices.Contains(s.values("secretStores"), name) {
			refused = append(refused, name)
		}
	}
	return refused
}

// refusedSecretKeys returns "" for an entry without a key, such as a search or a generator.
func refusedSecretKeys(s *Settings, o manifest.Object) []string {
	var keys []string
	for _, item := range o.Items("spec", "data") {
		keys = append(keys, item.Text("remoteRef", "key"))
	}
	for _, item := range o.Items("spec", "dataFrom") {
		keys = append(keys, item.Text("extract", "key"))
	}
	return slices.DeleteFunc(keys, func(key string) bool { return key != "" && s.hasPattern("secretKeys", key) })
}

func refusedTargetFields(target manifest.Object) []string {
	var refused []string
	for _, key := range target.Keys() {
		if !slices.Contains(targetFields, key) {
			refused = append(refused, "target."+key)
		}
	}
	for _, key := range target.Keys("template") {
		if !slices.Contains(templateFields, key) {
			refused = append(refused, "target.template."+key)
		}
	}
	if policy := target.Text("creationPolicy"); policy != "" && policy != "Owner" {
		refused = append(refused, "target.creationPolicy")
	}
	if target.Text("template", "type") == "kubernetes.io/service-account-token" {
		refused = append(refused, "target.template.type")
	}
	return refused
}

// UnmarkedSecrets refuses the secrets of a build whose Namespace isn't marked as one that gets secrets. Its keys are
// the objects' positions.
func UnmarkedSecrets(r *Rules, objects []manifest.Object) map[int]Refusal {
	found := map[int]Refusal{}
	if !r.settings.HasSecrets() || slices.ContainsFunc(objects, func(o manifest.Object) bool {
		return o.Kind == "Namespace" && o.Labels[config.SecretsLabel] == "allowed"
	}) {
		return found
	}
	for i, o := range objects {
		if IsSecretSource(o) {
			found[i] = Refusal{
				"is in an environment that gets no secrets",
				"move it to the folder secrets of its service or store in kustomize-base. Environments with code from a fork " +
					"never get any",
			}
		}
	}
	return found
}
