package admission

import "testing"

// The objects that the changes are made in.
const (
	cronJobOfPods = "{apiVersion: batch/v1, kind: CronJob, metadata: {name: a}, spec: {jobTemplate: {spec: {template: {spec: " +
		"{resources: {limits: {memory: 1Gi}}, automountServiceAccountToken: false, priorityClassName: low, " +
		"runtimeClassName: gvisor, hostNetwork: false, schedulerName: default-scheduler, terminationGracePeriodSeconds: 600, " +
		"affinity: {podAntiAffinity: {preferredDuringSchedulingIgnoredDuringExecution: [{podAffinityTerm: {topologyKey: zone}}]}}, " +
		"tolerations: [{key: previewset.dev/spot}], volumes: [{name: b, emptyDir: {}}], " +
		"containers: [{name: c, ports: [{containerPort: 80, hostPort: 0}], resources: {requests: {cpu: 1}}, " +
		"securityContext: {privileged: false, capabilities: {add: [NET_BIND_SERVICE]}}, livenessProbe: {httpGet: {port: 80}}}]" +
		"}}}}}}"
	refusedField      = "gives its Pods "
	refusedPrivileges = "CronJob a gives container c privileges that Pod Security refuses; remove them from its securityContext"
)

// podChanges are the fields of Pods that the policies refuse.
var podChanges = []refusedChange{
	{
		"another priority", cronJobOfPods, "low", "system-node-critical",
		refusedField + "priorityClassName, or a value of it, that isn't allowed",
	},
	{"another runtime", cronJobOfPods, "gvisor", "kata", refusedField + "runtimeClassName"},
	{"the host's network", cronJobOfPods, "hostNetwork: false", "hostNetwork: true", refusedField + "hostNetwork"},
	{"another scheduler", cronJobOfPods, "default-scheduler", "mine", refusedField + "schedulerName"},
	{"a node", cronJobOfPods, "schedulerName: default-scheduler", "nodeName: a", refusedField + "nodeName"},
	{"an endless end", cronJobOfPods, "600", "601", refusedField + "terminationGracePeriodSeconds"},
	{
		"Pods of other namespaces", cronJobOfPods, "topologyKey: zone", "topologyKey: zone, namespaceSelector: {}",
		"chooses nodes by Pods of other namespaces; remove",
	},
	{"every taint", cronJobOfPods, "key: previewset.dev/spot", "operator: Exists", `tolerates taint "", which isn't allowed`},
	{"another taint", cronJobOfPods, "previewset.dev/spot", "gpu", `tolerates taint "gpu", which isn't allowed`},
	{"a path of the host", cronJobOfPods, "emptyDir: {}", "hostPath: {path: /}", "mounts a volume of kind hostPath; use"},
	{
		"a port of the node", cronJobOfPods, "hostPort: 0", "hostPort: 80",
		"takes a port of the node for container c; remove hostPort",
	},
	{
		"a GPU", cronJobOfPods, "requests: {cpu: 1}", "limits: {nvidia.com/gpu: 1}",
		"asks for resource nvidia.com/gpu, which isn't allowed",
	},
	{
		"huge pages of the whole Pod", cronJobOfPods, "limits: {memory: 1Gi}", "limits: {hugepages-2Mi: 1Gi}",
		"asks for resource hugepages-2Mi, which isn't allowed",
	},
	{
		"another controller", cronJobOfPods, "jobTemplate: {spec: {", "jobTemplate: {spec: {managedBy: kueue.x-k8s.io/multikueue, ",
		"CronJob a leaves its Pods to controller kueue.x-k8s.io/multikueue; remove managedBy",
	},
	{"all privileges", cronJobOfPods, "privileged: false", "privileged: true", refusedPrivileges},
	{"more privileges", cronJobOfPods, "privileged: false", "allowPrivilegeEscalation: true", refusedPrivileges},
	{"another mount of /proc", cronJobOfPods, "privileged: false", "procMount: Unmasked", refusedPrivileges},
	{"a process of the host", cronJobOfPods, "privileged: false", "windowsOptions: {hostProcess: true}", refusedPrivileges},
	{"a capability", cronJobOfPods, "NET_BIND_SERVICE", "NET_ADMIN", refusedPrivileges},
	{
		"a probe of another host", cronJobOfPods, "httpGet: {port", "httpGet: {host: 169.254.169.254, port",
		"makes the node send requests to another host for container c; remove host",
	},
	{
		"a probe of another host by TCP", cronJobOfPods, "httpGet: {port", "tcpSocket: {host: 10.0.0.1, port",
		"makes the node send requests to another host for container c; remove host",
	},
}

func TestPods(t *testing.T) {
	t.Parallel()
	wantRefused(t, podChanges)
}
