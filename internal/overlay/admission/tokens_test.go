package admission

import "testing"

func TestTokens(t *testing.T) {
	t.Parallel()
	const (
		job = "{apiVersion: batch/v1, kind: CronJob, metadata: {name: a}, spec: {jobTemplate: {spec: {template: {spec: " +
			"{automountServiceAccountToken: false, volumes: [{projected: {sources: [{configMap: {}}]}}]}}}}}}"
		secret = "{apiVersion: v1, kind: Secret, metadata: {name: a}, type: example.test/any}"
	)
	wantRefused(t, []refusedChange{
		{
			"Pods with a token", job,
			"automountServiceAccountToken: false, ", "",
			"CronJob a gives its Pods a service account's token; write automountServiceAccountToken: false into its Pod template",
		},
		{
			"a mounted token", job,
			"configMap", "serviceAccountToken",
			"CronJob a mounts a service account's token or certificate; remove that volume",
		},
		{
			"a mounted certificate", job,
			"configMap", "podCertificate",
			"CronJob a mounts a service account's token or certificate; remove that volume",
		},
		{
			"a token Secret", secret,
			"example.test/any", "kubernetes.io/service-account-token",
			"Secret a asks for a token of a service account; previews have none",
		},
	})
}
