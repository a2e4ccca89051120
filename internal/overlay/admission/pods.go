package admission

import (
	"fmt"
	"slices"

	"github.com/previewset/previewset/internal/overlay/manifest"
)

var (
	// podFields are the allowed fields of a Pod's specification. Others are allowed with some values only.
	podFields = []string{
		"activeDeadlineSeconds", "affinity", "automountServiceAccountToken", "containers", "dnsConfig", "dnsPolicy",
		"enableServiceLinks", "hostAliases", "hostUsers", "hostname", "imagePullSecrets", "initContainers", "nodeSelector",
		"os", "preemptionPolicy", "readinessGates", "resources", "restartPolicy", "securityContext", "serviceAccount",
		"serviceAccountName", "setHostnameAsFQDN", "shareProcessNamespace", "subdomain", "terminationGracePeriodSeconds",
		"tolerations", "topologySpreadConstraints", "volumes",
	}
	volumeKinds = []string{
		"configMap", "downwardAPI", "emptyDir", "ephemeral", "name", "persistentVolumeClaim", "projected", "secret",
	}
)

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
		if !slices.Contains(podFields, key) && !r.allowsPodField(key, pod) {
			found = append(found, Refusal{
				"gives its Pods " + key + ", or a value of it, that isn't allowed", "remove it, or ask the platform team",
			})
		}
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
	}
	return found
}

func (r *Rules) allowsPodField(key string, pod manifest.Object) bool {
	switch value := pod.At(key); key {
	case "schedulerName":
		return value == "default-scheduler"
	case "priorityClassName":
		return slices.Contains(r.settings.values("priorityClasses"), pod.Text(key))
	case "runtimeClassName":
		return slices.Contains(r.settings.values("runtimeClasses"), pod.Text(key))
	case "hostNetwork", "hostPID", "hostIPC":
		return value == false
	}
	return false
}

func refuseContainer(c manifest.Object) []Refusal {
	var found []Refusal
	name := c.Text("name")
	if !all(c.Items("ports"), func(p manifest.Object) bool { return p.At("hostPort") == nil || fmt.Sprint(p.At("hostPort")) == "0" }) {
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

// hasPrivileges reports whether a container asks for more than Pod Security allows at level restricted. Missing settings
// aren't its subject.
func hasPrivileges(security manifest.Object) bool {
	mount := security.Text("procMount")
	return security.At("privileged") == true || security.At("allowPrivilegeEscalation") == true ||
		(mount != "" && mount != "Default") || security.At("windowsOptions", "hostProcess") == true ||
		slices.ContainsFunc(manifest.Texts(security.At("capabilities", "add")), func(capability string) bool {
			return capability != "NET_BIND_SERVICE"
		})
}
