package attack

import (
	"fmt"
	"strings"
)

// attempt is an object that is allowed, and one change that makes it forbidden.
type attempt struct {
	name           string
	allowed        string
	old, forbidden string   // the change: a part of the object and its replacement
	refused        []string // words of the error: the policy, the object and its forbidden value
	onlyReplace    bool     // server-side apply by another manager removes nothing
	onlyAPI        bool     // previewctl check has no rule for single objects, but compares whole builds
}

// change is an attempt of a family: all change the same object and are refused by the same policy. The value, if not
// empty, is one more word of the error.
type change struct{ name, old, forbidden, value string }

// family returns the attempts that change one object.
func family(policy, object, allowed string, changes ...change) []attempt {
	list := make([]attempt, 0, len(changes))
	for _, c := range changes {
		refused := []string{"'" + policy + "'", object}
		if c.value != "" {
			refused = append(refused, c.value)
		}
		list = append(list, attempt{
			name: c.name, allowed: allowed, old: c.old, forbidden: c.forbidden, refused: refused, onlyAPI: onlyAPI(policy, c),
			onlyReplace: c.forbidden == "" && policy == "previewset-guardrails",
		})
	}
	return list
}

// onlyAPI reports whether a rule needs to know the environment. previewctl check knows it only for a whole build.
func onlyAPI(policy string, c change) bool {
	return policy == "previewset-objects" || strings.Contains(c.value, `.example"`) || strings.Contains(c.value, `.example.dev"`) ||
		c.value == `host ""`
}

func attempts() (all []attempt) {
	for _, list := range [][]attempt{
		serviceAttempts(), linkAttempts(), hostAttempts(), ingressAttempts(), routeAttempts(), egressAttempts(), ingressPolicyAttempts(),
		defaultDenyAttempts(), objectAttempts(), namespaceAttempts(), workloadAttempts(), guardrailAttempts(), networkPolicyAttempts(),
		annotationAttempts(), argoCDAttempts(), templateAttempts(), namespaceMetadataAttempts(), podAttempts(), containerAttempts(),
		managerAttempts(), claimAttempts(), secretAttempts(), cloudAttempts(), roleBindingAttempts(),
	} {
		all = append(all, list...)
	}
	return all
}

func serviceAttempts() []attempt {
	const service = `{apiVersion: v1, kind: Service, metadata: {name: web, annotations: {previewset.dev/b: c}},
  spec: {type: ClusterIP, selector: {a: b}, ports: [{port: 80}]}}`
	return family("previewset-services", "Service web", service,
		change{"a Service of type LoadBalancer", "ClusterIP", "LoadBalancer", "LoadBalancer"},
		change{"a Service of type NodePort", "ClusterIP", "NodePort", "NodePort"},
		change{"external IPs", "selector:", "externalIPs: [192.0.2.1], selector:", "externalIPs"})
}

func linkAttempts() []attempt {
	const link = `{apiVersion: v1, kind: Service, metadata: {name: web},
  spec: {type: ExternalName, externalName: web.staging.svc.cluster.local}}`
	const host = "web.staging.svc.cluster.local"
	return family("previewset-services", "Service web", link,
		change{"a link to another namespace", "staging", "prod", `"web.prod.svc.cluster.local"`},
		change{"a link out of the cluster", host, "metadata.google.internal", `"metadata.google.internal"`},
		change{"a link to an address", host, "169.254.169.254", `"169.254.169.254"`},
		change{
			"a link to a name that begins like an allowed one", "cluster.local", "cluster.local.evil.test",
			`"web.staging.svc.cluster.local.evil.test"`,
		},
		change{"a link to a Pod's name", "web.staging", "db-0.db.staging", `"db-0.db.staging.svc.cluster.local"`})
}

const ingress = `{apiVersion: networking.k8s.io/v1, kind: Ingress,
  metadata: {name: web, annotations: {nginx.ingress.kubernetes.io/proxy-body-size: "8m"}},
  spec: {tls: [{hosts: [web-direct.preview.example.dev]}], rules: [{host: direct.preview.example.dev,
    http: {paths: [{path: /a, pathType: Prefix, backend: {service: {name: web, port: {number: 80}}}}]}}]}}`

func hostAttempts() []attempt {
	const host = "host: direct.preview.example.dev"
	return family("previewset-ingresses", "Ingress web", ingress,
		change{"another environment's host", "host: direct.", "host: victim.", `"victim.preview.example.dev"`},
		change{"a host that may be another environment's", "host: direct.", "host: b-direct.", `"b-direct.preview.example.dev"`},
		change{"the host of a private service", "host: direct.", "host: orders-direct.", `"orders-direct.preview.example.dev"`},
		change{"the service's own host", "host: direct.", "host: generator.", `"generator.preview.example.dev"`},
		change{"a host below its own", "host: direct.", "host: a.direct.", `"a.direct.preview.example.dev"`},
		change{"a host of another domain", host, "host: www.acme.example", `"www.acme.example"`},
		change{"every host", host, "host: '*.preview.example.dev'", `"*.preview.example.dev"`},
		change{"no host", host + ",", "", `host ""`},
		change{"a certificate without hosts", "hosts: [web-direct.preview.example.dev]", "secretName: a", `host ""`},
		change{"a certificate's host", "web-direct.", "victim.", `"victim.preview.example.dev"`})
}

func ingressAttempts() []attempt {
	const annotation = "nginx.ingress.kubernetes.io/proxy-body-size"
	list := family("previewset-ingresses", "Ingress web", ingress,
		change{
			"a default backend", "spec: {tls", "spec: {defaultBackend: {service: {name: web, port: {number: 80}}}, tls",
			"defaultBackend",
		},
		change{"code in a harmless annotation", `"8m"`, `"8m; } location / { return 200; "`, annotation},
		change{"code in a path", "path: /a,", "path: '/a { return 200; }',", `"/a { return 200; }"`})
	for name, forbidden := range map[string]string{
		"a snippet":                       "nginx.ingress.kubernetes.io/configuration-snippet",
		"authentication elsewhere":        "nginx.ingress.kubernetes.io/auth-url",
		"another server name":             "nginx.ingress.kubernetes.io/server-alias",
		"another controller's snippet":    "haproxy.org/backend-config-snippet",
		"another controller's middleware": "traefik.ingress.kubernetes.io/router.middlewares",
		"a DNS record":                    "external-dns.alpha.kubernetes.io/hostname",
	} {
		list = append(list, family("previewset-ingresses", "Ingress web", ingress, change{name, annotation, forbidden, forbidden})...)
	}
	return list
}

const route = `{apiVersion: gateway.networking.k8s.io/v1, kind: HTTPRoute, metadata: {name: web, annotations: {previewset.dev/a: b}},
  spec: {hostnames: [direct.preview.example.dev], parentRefs: [{kind: Gateway, name: a, namespace: envoy-gateway-system}], rules: [{
    backendRefs: [{name: web, namespace: preview-direct, port: 80,
      filters: [{type: RequestMirror, requestMirror: {backendRef: {name: mine}}}]}],
    filters: [{type: RequestMirror, requestMirror: {backendRef: {name: copy}}}]}]}}`

func routeAttempts() []attempt {
	const hosts = "hostnames: [direct.preview.example.dev], "
	const target = "external-dns.alpha.kubernetes.io/target"
	return family("previewset-httproutes", "HTTPRoute web", route,
		change{"a route of another environment's host", "hostnames: [direct.", "hostnames: [victim.", `"victim.preview.example.dev"`},
		change{"a route of a second host", "hostnames: [", "hostnames: ['*.preview.example.dev', ", `"*.preview.example.dev"`},
		change{"a route without a host", hosts, "", `host ""`},
		change{"a route to another namespace", "name: web, namespace: preview-direct", "name: web, namespace: prod", "namespace prod"},
		change{"a route that copies requests", "{name: copy}", "{name: copy, namespace: prod}", "namespace prod"},
		change{"a backend that copies requests", "{name: mine}", "{name: mine, namespace: prod}", "namespace prod"},
		change{"a Gateway of another namespace", "namespace: envoy-gateway-system", "namespace: prod", "parent"},
		change{"a parent of another kind", "kind: Gateway", "kind: Service", "parent"},
		change{"an annotation of a route", "previewset.dev/a", target, target})
}

func egressAttempts() []attempt {
	const (
		toPods    = ", podSelector: {matchLabels: {app.kubernetes.io/name: web}}"
		toWeb     = "to: [{namespaceSelector: {matchLabels: {kubernetes.io/metadata.name: staging}}" + toPods + "}], "
		policy    = `{apiVersion: networking.k8s.io/v1, kind: NetworkPolicy, metadata: {name: link-a}, `
		leaving   = policy + `spec: {podSelector: {}, policyTypes: [Egress], egress: [{` + toWeb + `ports: [{port: 8080}]}]}}`
		toDNS     = "{matchLabels: {kubernetes.io/metadata.name: kube-system}}, podSelector: {matchLabels: {k8s-app: kube-dns}}"
		resolving = policy + `spec: {podSelector: {}, policyTypes: [Egress], egress: [
  {to: [{namespaceSelector: ` + toDNS + `}], ports: [{port: 53}]}]}}`
	)
	block := func(name, addresses string) change {
		return change{name, "to: [{", "to: [{ipBlock: " + addresses + "}, {", ""}
	}
	list := family("previewset-networkpolicies", "NetworkPolicy link-a", leaving,
		change{"egress to all", toWeb, "", ""},
		change{"egress to another namespace", "name: staging", "name: prod", ""},
		change{"egress to all namespaces", "{matchLabels: {kubernetes.io/metadata.name: staging}}", "{}", ""},
		change{"egress to all namespaces with a label", "kubernetes.io/metadata.name: staging", "team: payments", ""},
		change{
			"egress by an expression", "staging}}", "staging}, matchExpressions: [{key: a, operator: DoesNotExist}]}", "",
		},
		change{"egress to all Pods", toPods, "", ""},
		change{"egress to all ports", "ports: [{port: 8080}]", "", ""},
		change{"egress to any port of a protocol", "{port: 8080}", "{protocol: TCP}", ""},
		change{"egress to a range of ports", "port: 8080", "port: 1, endPort: 65535", ""},
		block("egress to private addresses", "{cidr: 10.0.0.0/8}"),
		block("egress to a cloud's metadata", "{cidr: 169.254.169.254/32}"),
		block("egress to all addresses", "{cidr: 0.0.0.0/0, except: [10.0.0.0/8]}"),
		block("egress to half of all addresses", "{cidr: 0.0.0.0/1}"),
		block("egress to all IPv6 addresses", "{cidr: '::/0'}"))
	return append(list, family("previewset-networkpolicies", "NetworkPolicy link-a", resolving,
		change{"egress to the DNS server's other ports", "port: 53", "port: 443", ""})...)
}

func ingressPolicyAttempts() []attempt {
	const (
		controller = "namespaceSelector: {matchLabels: {kubernetes.io/metadata.name: envoy-gateway-system}}"
		from       = "from: [{" + controller + "}, {podSelector: {}}], "
		entering   = `{apiVersion: networking.k8s.io/v1, kind: NetworkPolicy, metadata: {name: link-a},
  spec: {podSelector: {}, policyTypes: [Ingress], ingress: [{` + from + `ports: [{port: http}]}]}}`
	)
	return family("previewset-networkpolicies", "NetworkPolicy link-a", entering,
		change{"ingress from all", from, "", ""},
		change{"ingress from another namespace", "name: envoy-gateway-system", "name: prod", ""},
		change{"ingress from all namespaces", controller, "namespaceSelector: {}", ""},
		change{"ingress from addresses", "{podSelector: {}}]", "{ipBlock: {cidr: 0.0.0.0/0}}]", ""},
		change{"ingress to all ports", "ports: [{port: http}]", "", ""})
}

const defaultDeny = `{apiVersion: networking.k8s.io/v1, kind: NetworkPolicy,
  metadata: {name: default-deny, annotations: {argocd.argoproj.io/sync-options: Prune=false}},
  spec: {podSelector: {}, policyTypes: [Ingress, Egress]}}`

func defaultDenyAttempts() []attempt {
	return family("previewset-networkpolicies", "NetworkPolicy default-deny", defaultDeny,
		change{"default-deny of some Pods", "podSelector: {}", "podSelector: {matchLabels: {a: b}}", ""},
		change{"default-deny in one direction", "[Ingress, Egress]", "[Ingress]", ""},
		change{"default-deny with a rule", "podSelector: {}", "podSelector: {}, egress: [{to: [{podSelector: {}}]}]", ""},
		change{"default-deny that other Pods escape", "podSelector: {}", "podSelector: {matchExpressions: [{key: a, operator: Exists}]}", ""})
}

func objectAttempts() []attempt {
	const (
		secret = `{apiVersion: v1, kind: Secret, metadata: {name: a}, type: example.dev/any}`
		token  = "metadata: {name: a, annotations: {kubernetes.io/service-account.name: default}}, type: kubernetes.io/service-account-token"
		claim  = `{apiVersion: v1, kind: PersistentVolumeClaim, metadata: {name: a,
    annotations: {argocd.argoproj.io/tracking-id: "preview-direct:/a"}, labels: {
      app.kubernetes.io/instance: preview-direct, argocd.argoproj.io/instance: preview-direct}},
  spec: {accessModes: [ReadWriteOnce], resources: {requests: {storage: 1Gi}}}}`
	)
	list := []attempt{{
		name: "a Secret with a token", allowed: secret, old: "metadata: {name: a}, type: example.dev/any", forbidden: token,
		refused: []string{"Secret a"},
	}}
	return append(list, family("previewset-objects", "PersistentVolumeClaim a", claim,
		change{"an object of another preview's Application", "preview-direct:/a", "preview-b:/a", "preview-b"},
		change{
			"an object with another preview's label", "app.kubernetes.io/instance: preview-direct",
			"app.kubernetes.io/instance: preview-b", "preview-b",
		},
		change{
			"an object with another label of another preview", "argocd.argoproj.io/instance: preview-direct",
			"argocd.argoproj.io/instance: preview-b", "preview-b",
		})...)
}

// previewNamespace has a name that no story's environment has. A namespace that is being deleted allows every change.
const previewNamespace = `{apiVersion: v1, kind: Namespace, metadata: {name: preview-unused, labels: {previewset.dev/preview: "true",
  pod-security.kubernetes.io/enforce: restricted, pod-security.kubernetes.io/enforce-version: v1.31}}}`

func namespaceAttempts() []attempt {
	const enforce = "pod-security.kubernetes.io/enforce"
	return family("previewset-namespace-labels", "Namespace preview-unused", previewNamespace,
		change{"a Namespace without the label for policies", `previewset.dev/preview: "true",`, "", "previewset.dev/preview"},
		change{"a Namespace that isn't restricted", "enforce: restricted", "enforce: baseline", enforce},
		change{"a Namespace without a level", enforce + ": restricted, ", "", enforce},
		change{"a Namespace of an old version", "v1.31", "v1.18", enforce})
}

func workloadAttempts() (list []attempt) {
	const automount = "automountServiceAccountToken"
	for kind, manifest := range workloads() {
		list = append(list, family("previewset-tokens", kind+" a", manifest,
			change{kind + " with a token", automount + ": false, ", "", automount},
			change{kind + " that requests a token", automount + ": false", automount + ": true", automount},
			change{kind + " that mounts a token", "configMap: {name: a}", "serviceAccountToken: {path: a}", "volume"})...)
	}
	return list
}

// workloads returns an allowed object of each kind with a Pod template, by kind.
func workloads() map[string]string {
	const podTemplate = `{metadata: {labels: {a: b}}, spec: {automountServiceAccountToken: false, restartPolicy: RESTART,
  containers: [{name: a, image: a}], volumes: [{name: a, projected: {sources: [{configMap: {name: a}}]}}]}}`
	always := strings.Replace(podTemplate, "RESTART", "Always", 1)
	never := strings.Replace(podTemplate, "RESTART", "Never", 1)
	object := func(apiVersion, kind, spec, template string) string {
		return fmt.Sprintf("{apiVersion: %s, kind: %s, metadata: {name: a}, spec: %s}", apiVersion, kind, fmt.Sprintf(spec, template))
	}
	const selector = "selector: {matchLabels: {a: b}}, template: %s}"
	return map[string]string{
		"Deployment":  object("apps/v1", "Deployment", "{"+selector, always),
		"StatefulSet": object("apps/v1", "StatefulSet", "{serviceName: a, "+selector, always),
		"Job":         object("batch/v1", "Job", "{template: %s}", never),
		"CronJob":     object("batch/v1", "CronJob", "{schedule: '@daily', jobTemplate: {spec: {template: %s}}}", never),
	}
}
