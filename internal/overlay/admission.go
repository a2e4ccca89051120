package overlay

import (
	"fmt"
	"path"
	"regexp"
	"slices"
	"strings"

	"github.com/previewset/previewset/internal/preview"
)

// admission is what ConfigMap previewset-admission says: what the policies of appsets/admission go by. What they refuse is
// refused here with the same words, so that people learn it before Argo CD does.
type admission struct {
	file     string
	data     object
	policies []object
	prefix   string // of previews' namespaces
}

// admissionSettings is the name of that ConfigMap.
const admissionSettings = "previewset-admission"

func (a *admission) text(key string) string   { return a.data.text("data", key) }
func (a *admission) list(key string) []string { return strings.Fields(a.text(key)) }

// differences are where the policies go by something else than previewset.yaml says.
func (a *admission) differences(p *preview.Policy) preview.Problems {
	var public []string
	for _, s := range p.Services {
		if s.Public {
			public = append(public, s.Name)
		}
	}
	var found preview.Problems
	compare := func(key, want string) {
		if got := a.text(key); got != want {
			found = append(found, preview.Problem{
				File: a.file, Path: "data." + key, Message: fmt.Sprintf("is %q, but previewset.yaml says %q", got, want),
				Remedy: "write that here too, and apply appsets again",
			})
		}
	}
	compare("domain", p.Domain)
	compare("baseline", p.Baseline.Namespace)
	if got := a.list("publicServices"); !slices.Equal(slices.Sorted(slices.Values(got)), slices.Sorted(slices.Values(public))) {
		compare("publicServices", strings.Join(public, " "))
	}
	for _, o := range a.policies {
		if !knowsPrefix(o, p.NamespacePrefix) {
			found = append(found, preview.Problem{
				File: path.Dir(a.file), Path: o.text("metadata", "name"),
				Message: fmt.Sprintf("doesn't look for namespaces that start with %q, which is namespacePrefix of previewset.yaml", p.NamespacePrefix),
				Remedy:  "write that prefix in the policies of this folder, and apply appsets again",
			})
		}
	}
	return found
}

// knowsPrefix is false of a policy that compares something with the start of another prefix.
func knowsPrefix(policy object, prefix string) bool {
	knows := true
	each(policy.at("spec"), func(_ string, v any) {
		expression, _ := v.(string)
		knows = knows && strings.Count(expression, `.startsWith("`) == strings.Count(expression, `.startsWith("`+prefix+`")`)
	})
	return knows
}

// assertAdmitted refuses what the policies would.
func (v *verdict) assertAdmitted(a *admission) {
	for _, o := range v.objects {
		for _, why := range a.refusals(o) {
			v.problem(v.file, o.String()+" "+why.message, why.remedy)
		}
	}
	denies := func(o object) bool { return o.kind == "NetworkPolicy" && o.name == "default-deny" }
	if !slices.ContainsFunc(v.objects, denies) {
		v.problem(v.file, "NetworkPolicy default-deny is missing", "keep the one of guardrails: without it nothing is denied, and no workload admitted")
	}
}

// refusals are why an object isn't admitted. A host that isn't the environment's own is found by assertHosts.
func (a *admission) refusals(o object) []refusal {
	switch o.kind {
	case "Namespace":
		return refusedNamespace(o)
	case "Secret":
		if o.text("type") == "kubernetes.io/service-account-token" {
			return []refusal{{"asks for a token of a service account", "previews have none"}}
		}
	case "Service":
		return a.refusedService(o)
	case "Ingress":
		return a.refusedIngress(o)
	case "HTTPRoute":
		return a.refusedRoute(o)
	case "NetworkPolicy":
		return a.refusedNetworkPolicy(o)
	case "CronJob", "Deployment", "Job", "StatefulSet":
		return refusedPods(o)
	}
	return nil
}

const keepLabels = "leave the labels of overlays/preview/namespace.yaml as they are"

var restrictedVersion = regexp.MustCompile(`^(latest|v1[.](2[5-9]|[3-9][0-9]|[1-9][0-9][0-9]))?$`)

func refusedNamespace(o object) []refusal {
	var found []refusal
	if o.labels["previewset.dev/preview"] != "true" {
		found = append(found, refusal{`needs label previewset.dev/preview: "true"`, keepLabels})
	}
	if o.labels["pod-security.kubernetes.io/enforce"] != "restricted" || !restrictedVersion.MatchString(o.labels["pod-security.kubernetes.io/enforce-version"]) {
		found = append(found, refusal{"needs label pod-security.kubernetes.io/enforce: restricted, and no enforce-version before v1.25", keepLabels})
	}
	return found
}

// reachingOut are parts of annotations by which other controllers would take names or traffic from a Service.
var reachingOut = []string{"external-dns.", "tailscale.com/", "service.cilium.io/", "networking.istio.io/", "metallb.", "consul.hashicorp.com/"}

func (a *admission) refusedService(o object) []refusal {
	var found []refusal
	switch kind := o.text("spec", "type"); kind {
	case "", "ClusterIP":
	case "ExternalName":
		if !a.isTarget(o.text("spec", "externalName")) {
			found = append(found, refusal{
				fmt.Sprintf("leads to %q", o.text("spec", "externalName")),
				fmt.Sprintf("only <service>.%s.svc.cluster.local and <service>.%s<environment>.svc.cluster.local are allowed", a.text("baseline"), a.prefix),
			})
		}
	default:
		found = append(found, refusal{"is of type " + kind, "make it ClusterIP: what is public has an Ingress or HTTPRoute"})
	}
	if len(texts(o.at("spec", "externalIPs"))) > 0 {
		found = append(found, refusal{"has externalIPs", "remove them"})
	}
	for _, key := range o.annotationKeys() {
		if slices.ContainsFunc(reachingOut, func(domain string) bool { return strings.Contains(key, domain) }) {
			found = append(found, refusal{"has annotation " + key + ", which reaches beyond its namespace", "remove it"})
		}
	}
	return found
}

func (a *admission) isTarget(name string) bool {
	parts := strings.SplitN(name, ".", 3)
	return len(parts) == 3 && parts[0] != "" && parts[2] == "svc.cluster.local" && (parts[1] == a.text("baseline") || strings.HasPrefix(parts[1], a.prefix))
}
