package admission

import (
	"slices"

	"github.com/previewset/previewset/internal/overlay/manifest"
)

// Refusal says why an object is refused, and the remedy. The message continues a sentence that starts with the object.
type Refusal struct{ Message, Remedy string }

// Rules are the policies' rules for one repository.
type Rules struct {
	settings *Settings
	prefix   string // of the previews' namespaces
}

// NewRules returns the rules with some settings. namespacePrefix is the one of previewset.yaml.
func NewRules(s *Settings, namespacePrefix string) *Rules {
	return &Rules{settings: s, prefix: namespacePrefix}
}

// Refusals returns the reasons why an object would be refused. It doesn't check hosts: overlay does that for
// repositories without policies too.
func (r *Rules) Refusals(o manifest.Object) []Refusal {
	found := append(r.refusalsOfKind(o), refuseSecretSource(r.settings, o)...)
	found = append(found, refuseCloudNames(r.settings, r.prefix, o)...)
	if !r.hasAllSettings() {
		return found
	}
	if IsGuardrail(o) {
		found = append(found, r.refuseGuardrail(o)...)
	}
	if isWorkload(o) {
		found = append(found, r.refusePod(o)...)
	}
	found = append(found, r.refuseClaims(o)...)
	return append(found, r.refuseMetadata(o)...)
}

func (r *Rules) refusalsOfKind(o manifest.Object) []Refusal {
	switch o.Kind {
	case "Namespace":
		return refuseNamespace(o)
	case "Secret":
		return refuseSecret(o)
	case "Service":
		return r.refuseService(o)
	case "Ingress":
		return r.refuseIngress(o)
	case "HTTPRoute":
		return r.refuseHTTPRoute(o)
	case "RoleBinding", "Role":
		return refuseRoleBinding(r.settings, o)
	case "NetworkPolicy":
		return r.refuseNetworkPolicy(o)
	}
	if isWorkload(o) {
		return refuseTokens(o)
	}
	return nil
}

func isWorkload(o manifest.Object) bool {
	return slices.Contains([]string{"CronJob", "Deployment", "Job", "StatefulSet"}, o.Kind)
}

// hasAllSettings reports whether the settings are of a version with guardrails. Older policies have fewer rules.
func (r *Rules) hasAllSettings() bool { return r.settings.HasGuardrails() }
