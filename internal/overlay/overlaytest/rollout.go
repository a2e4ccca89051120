package overlaytest

// BlockedUpdate returns a quota and a Deployment that fits into it, but not with one Pod more, as an update needs.
func BlockedUpdate() []string {
	return []string{
		`{apiVersion: v1, kind: ResourceQuota, metadata: {name: guardrails}, spec: {hard: {requests.cpu: 100m}}}`,
		`{apiVersion: apps/v1, kind: Deployment, metadata: {name: web}, spec: {replicas: 1,
  selector: {matchLabels: {app: web}}, template: {metadata: {labels: {app: web}}, spec: {
    containers: [{name: web, image: "web:1", resources: {requests: {cpu: 100m}}}]}}}}`,
	}
}
