package admission

import "testing"

func TestGuardrails(t *testing.T) {
	t.Parallel()
	const (
		meta   = "metadata: {name: guardrails, annotations: {argocd.argoproj.io/sync-options: Prune=false}}, "
		quota  = "{apiVersion: v1, kind: ResourceQuota, " + meta + "spec: {hard: {pods: '30', requests.memory: 3072Mi, secrets: 9}}}"
		limits = "{apiVersion: v1, kind: LimitRange, " + meta + "spec: {limits: [{type: Pod}, {type: Container, max: {memory: 2Gi}}]}}"
		policy = "{apiVersion: networking.k8s.io/v1, kind: NetworkPolicy, metadata: {name: link-a}, spec: {podSelector: {}}}"
		more   = " allows more than the guardrails"
	)
	wantRefused(t, []refusedChange{
		{
			"a larger quota", quota, "3072Mi", "3073Mi",
			"ResourceQuota guardrails" + more + " (requests.memory=3Gi); leave it as it is there",
		},
		{"a quota without a value", quota, "pods: '30', ", "", "ResourceQuota guardrails" + more + " (pods=30)"},
		{"a quota with another text", quota, "'30'", "many", "ResourceQuota guardrails" + more + " (pods=30)"},
		{
			"a quota for some Pods", quota, "spec: {", "spec: {scopes: [Terminating], ",
			"ResourceQuota guardrails" + more + ";",
		},
		{
			"another quota", quota, "name: guardrails", "name: b",
			"ResourceQuota b isn't one of the guardrails; remove it, or ask",
		},
		{
			"a quota that Argo CD prunes", quota, "{argocd.argoproj.io/sync-options: Prune=false}", "{}",
			"ResourceQuota guardrails could be pruned",
		},
		{"larger limits", limits, "2Gi", "2049Mi", "LimitRange guardrails" + more + " (Container.memory=2Gi)"},
		{"limits for another type", limits, "type: Container", "type: PersistentVolumeClaim", "LimitRange guardrails" + more},
		{"other limits", limits, "name: guardrails", "name: b", "LimitRange b isn't one of the guardrails"},
		{"another NetworkPolicy", policy, "link-a", "my-link-a", "NetworkPolicy my-link-a isn't one of the guardrails"},
	})
}
