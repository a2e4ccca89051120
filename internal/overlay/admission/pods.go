package admission

import (
	"fmt"
	"slices"
	"strconv"

	"github.com/previewset/previewset/internal/overlay/manifest"
)

var (
	// podFields are the allowed fields of a Pod's specification. Others are allowed with some values only.
	podFields = []string{
		"activeDeadlineSeconds", "affinity", "automountServiceAccountToken", "containers", "dnsConfig", "dnsPolicy",
		"enableServiceLinks", "hostAliases", "hostUsers", "hostname", "imagePullSecrets", "initContainers", "nodeSelector",
		"os", "preemptionPolicy", "readinessGates", "resources", "restartPolicy", "securityContext", "serviceAccount",
		"serviceAccountName", "setHostnameAsFQDN", "shareProcessNamespace", "subdomain", "tolerations",
		"topologySpreadConstraints", "volumes",
	}
	resources   = []string{"cpu", "ephemeral-storage", "memory"}
	volumeKinds = []string{
		"configMap", "downwardAPI", "emptyDir", "ephemeral", "name", "persistentVolumeClaim", "projected", "secret",
	}
)

// maxGracePeriod bounds terminationGracePeriodSeconds.
const maxGracePeriod = 600

// podOf returns the specification of a workload's Pods.
func podOf(o manifest.Object) manifest.Object {
	if o.Kind == "CronJob" {
		return o.Under("spec", "jobTemplate", "spec", "template", "spec")
	}
	return o.Under("spec", "template", "spec")
}

// refusePod refuses Pods that ask for parts of the cluster: nodes, priorities, the host, volumes of other drivers.
func (r *Rules) refusePod(o manifest.Object) []Refusal {
	pod := podOf(o)
	var found []Refusal
	for _, key := range pod.Keys() {
		if !slices.Contains(podFields, key) && !r.settings.allowsPodField(key, pod) {
			found = append(found, Refusal{
				"gives its Pods " + key + ", or a value of it, that isn't allowed", "remove it, or ask the platform team",
			})
		}
	}
	if manager := managerOf(o); manager != "" && manager != "kubernetes.io/job-controller" {
		found = append(found, Refusal{"leaves its Pods to controller " + manager, "remove managedBy"})
	}
	if selectsOtherNamespaces(pod) {
		found = append(found, Refusal{
			"chooses nodes by Pods of other namespaces", "remove namespaces and namespaceSelector from its affinity",
		})
	}
	for _, toleration := range pod.Items("tolerations") {
		if key := toleration.Text("key"); key == "" || !slices.Contains(r.settings.values("tolerations"), key) {
			found = append(found, Refusal{fmt.Sprintf("tolerates taint %q, which isn't allowed", key), askForKey})
		}
	}
	for _, volume := range pod.Items("volumes") {
		for _, key := range volume.Keys() {
			if !slices.Contains(volumeKinds, key) {
				found = append(found, Refusal{"mounts a volume of kind " + key, "use emptyDir or a PersistentVolumeClaim"})
			}
		}
	}
	for _, container := range slices.Concat(pod.Items("initContainers"), pod.Items("containers")) {
		found = append(found, refuseContainer(container)...)
		found = append(found, r.refuseResources(container)...)
	}
	return append(found, r.refuseResources(pod)...)
}

// managerOf returns the controller that a Job names, or "". Another controller could run the Job elsewhere.
func managerOf(o manifest.Object) string {
	switch o.Kind {
	case "CronJob":
		return o.Text("spec", "jobTemplate", "spec", "managedBy")
	case "Job":
		return o.Text("spec", "managedBy")
	}
	return ""
}

func (s *Settings) allowsPodField(key string, pod manifest.Object) bool {
	switch value := pod.At(key); key {
	case "schedulerName":
		return value == "default-scheduler"
	case "priorityClassName":
		return slices.Contains(s.values("priorityClasses"), pod.Text(key))
	case "runtimeClassName":
		return slices.Contains(s.values("runtimeClasses"), pod.Text(key))
	case "terminationGracePeriodSeconds": // an endless one keeps the namespace from being deleted
		seconds, err := strconv.ParseFloat(fmt.Sprint(value), 64)
		return err == nil && seconds <= maxGracePeriod
	case "hostNetwork", "hostPID", "hostIPC":
		return value == false
	}
	return false
}

// selectsOtherNamespaces reports whether an affinity looks at Pods of other namespaces. An anti-affinity also keeps
// those Pods away from the nodes.
func selectsOtherNamespaces(pod manifest.Object) bool {
	for _, kind := range []string{"podAffinity", "podAntiAffinity"} {
		terms := pod.Items("affinity", kind, "requiredDuringSchedulingIgnoredDuringExecution")
		for _, preferred := range pod.Items("affinity", kind, "preferredDuringSchedulingIgnoredDuringExecution") {
			terms = append(terms, preferred.Under("podAffinityTerm"))
		}
		if slices.ContainsFunc(terms, func(t manifest.Object) bool {
			return t.At("namespaces") != nil || t.At("namespaceSelector") != nil
		}) {
			return true
		}
	}
	return false
}

// refuseResources refuses resources of a container, or of a whole Pod, that the quota doesn't limit, such as GPUs.
func (r *Rules) refuseResources(o manifest.Object) []Refusal {
	var found []Refusal
	for _, key := range slices.Concat(o.Keys("resources", "limits"), o.Keys("resources", "requests")) {
		if !slices.Contains(resources, key) && !slices.Contains(r.settings.values("resources"), key) {
			found = append(found, Refusal{"asks for resource " + key + ", which isn't allowed", askForKey})
		}
	}
	return found
}

func refuseContainer(c manifest.Object) []Refusal {
	var found []Refusal
	name := c.Text("name")
	if !all(c.Items("ports"), hasNoHostPort) {
		found = append(found, Refusal{"takes a port of the node for container " + name, "remove hostPort"})
	}
	if hasPrivileges(c.Under("securityContext")) {
		found = append(found, Refusal{
			"gives container " + name + " privileges that Pod Security refuses", "remove them from its securityContext",
		})
	}
	for _, handler := range [][]string{
		{"livenessProbe"}, {"readinessProbe"}, {"startupProbe"}, {"lifecycle", "postStart"}, {"lifecycle", "preStop"},
	} {
		if h := c.Under(handler...); h.Text("httpGet", "host") != "" || h.Text("tcpSocket", "host") != "" {
			found = append(found, Refusal{
				"makes the node send requests to another host for container " + name, "remove host from its probes and hooks",
			})
		}
	}
	return found
}

func hasNoHostPort(port manifest.Object) bool {
	return port.At("hostPort") == nil || fmt.Sprint(port.At("hostPort")) == "0"
}

// hasPrivileges reports whether a container asks for more than Pod Security allows at level restricted. Missing
// settings aren't its subject.
func hasPrivileges(security manifest.Object) bool {
	mount := security.Text("procMount")
	return security.At("privileged") == true || security.At("allowPrivilegeEscalation") == true ||
		(mount != "" && mount != "Default") || security.At("windowsOptions", "hostProcess") == true ||
		slices.ContainsFunc(manifest.Texts(security.At("capabilities", "add")), func(capability string) bool {
			return capability != "NET_BIND_SERVICE"
		})
}
