package admission

import "testing"

func TestPods(t *testing.T) {
	t.Parallel()
	const (
		job = "{apiVersion: batch/v1, kind: CronJob, metadata: {name: a}, spec: {jobTemplate: {spec: {template: {spec: " +
			"{resources: {limits: {memory: 1Gi}}, automountServiceAccountToken: false, priorityClassName: low, runtimeClassName: gvisor, hostNetwork: false, " +
			"schedulerName: default-scheduler, terminationGracePeriodSeconds: 600, " +
			"affinity: {podAntiAffinity: {preferredDuringSchedulingIgnoredDuringExecution: [{podAffinityTerm: {topologyKey: zone}}]}}, " +
			"tolerations: [{key: previewset.dev/spot}], volumes: [{name: b, emptyDir: {}}], " +
			"containers: [{name: c, ports: [{containerPort: 80, hostPort: 0}], resources: {requests: {cpu: 1}}, " +
			"securityContext: {privileged: false, capabilities: {add: [NET_BIND_SERVICE]}}, livenessProbe: {httpGet: {port: 80}}}]" +
			"}}}}}}"
		field      = "gives its Pods "
		privileges = "CronJob a gives container c privileges that Pod Security refuses; remove them from its securityContext"
	)
	wantRefused(t, []refusedChange{
		{
			"another priority", job, "low", "system-node-critical",
			field + "priorityClassName, or a value of it, that isn't allowed",
		},
		{"another runtime", job, "gvisor", "kata", field + "runtimeClassName"},
		{"the host's network", job, "hostNetwork: false", "hostNetwork: true", field + "hostNetwork"},
		{"another scheduler", job, "default-scheduler", "mine", field + "schedulerName"},
		{"a node", job, "schedulerName: default-scheduler", "nodeName: a", field + "nodeName"},
		{"an endless end", job, "600", "601", field + "terminationGracePeriodSeconds"},
		{
			"Pods of other namespaces", job, "topologyKey: zone", "topologyKey: zone, namespaceSelector: {}",
			"chooses nodes by Pods of other namespaces; remove",
		},
		{"every taint", job, "key: previewset.dev/spot", "operator: Exists", `tolerates taint "", which isn't allowed`},
		{"another taint", job, "previewset.dev/spot", "gpu", `tolerates taint "gpu", which isn't allowed`},
		{"a path of the host", job, "emptyDir: {}", "hostPath: {path: /}", "mounts a volume of kind hostPath; use"},
		{
			"a port of the node", job, "hostPort: 0", "hostPort: 80",
			"takes a port of the node for container c; remove hostPort",
		},
		{
			"a GPU", job, "requests: {cpu: 1}", "limits: {nvidia.com/gpu: 1}",
			"asks for resource nvidia.com/gpu, which isn't allowed",
		},
		{
			"huge pages of the whole Pod", job, "limits: {memory: 1Gi}", "limits: {hugepages-2Mi: 1Gi}",
			"asks for resource hugepages-2Mi, which isn't allowed",
		},
		{
			"another controller", job, "jobTemplate: {spec: {", "jobTemplate: {spec: {managedBy: kueue.x-k8s.io/multikueue, ",
			"CronJob a leaves its Pods to controller kueue.x-k8s.io/multikueue; remove managedBy",
		},
		{"all privileges", job, "privileged: false", "privileged: true", privileges},
		{"more privileges", job, "privileged: false", "allowPrivilegeEscalation: true", privileges},
		{"another mount of /proc", job, "privileged: false", "procMount: Unmasked", privileges},
		{"a process of the host", job, "privileged: false", "windowsOptions: {hostProcess: true}", privileges},
		{"a capability", job, "NET_BIND_SERVICE", "NET_ADMIN", privileges},
		{
			"a probe of another host", job, "httpGet: {port", "httpGet: {host: 169.254.169.254, port",
			"makes the node send requests to another host for container c; remove host",
		},
		{
			"a probe of another host by TCP", job, "httpGet: {port", "tcpSocket: {host: 10.0.0.1, port",
			"makes the node send requests to another host for container c; remove host",
		},
	})
}
