package admission

import "testing"

func TestServices(t *testing.T) {
	t.Parallel()
	const (
		service = "{apiVersion: v1, kind: Service, metadata: {name: a, annotations: {previewset.dev/b: c}}, " +
			"spec: {type: ClusterIP, selector: {a: b}}}"
		link = "{apiVersion: v1, kind: Service, metadata: {name: a}, " +
			"spec: {type: ExternalName, externalName: a.staging.svc.cluster.local}}"
		allowedTargets = "only <service>.staging.svc.cluster.local and <service>.preview-<environment>.svc.cluster.local are allowed"
	)
	wantRefused(t, []refusedChange{
		{
			"another type", service,
			"ClusterIP", "NodePort",
			"Service a is of type NodePort; make it ClusterIP: a public service has an Ingress or HTTPRoute",
		},
		{
			"external IPs", service,
			"selector", "externalIPs: [192.0.2.1], selector",
			"Service a has externalIPs; remove them",
		},
		{
			"an annotation of another controller", service,
			"previewset.dev/b", "external-dns.alpha.kubernetes.io/hostname",
			"Service a has annotation external-dns.alpha.kubernetes.io/hostname, or a value of it, that isn't allowed; remove it",
		},
		{
			"another namespace", link,
			"a.staging", "a.prod",
			`Service a leads to "a.prod.svc.cluster.local"; ` + allowedTargets,
		},
		{"another domain", link, "cluster.local", "cluster.local.test", allowedTargets},
	})
}
