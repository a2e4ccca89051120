package clusterrules_test

import (
	"fmt"
	"strings"
	"testing"
)

func TestRefusalsCompareSumsWithTheQuota(t *testing.T) {
	t.Parallel()
	const (
		pod = `template: {metadata: {labels: {app: a}}, spec: {restartPolicy: %s,
  initContainers: [{name: i, image: a, resources: {requests: {cpu: 300m, memory: 1Mi}}}],
  containers: [{name: a, image: a, resources: {limits: {memory: 1Gi}, requests: {cpu: 200m}}}]}}`
		set = `{apiVersion: apps/v1, kind: StatefulSet, metadata: {name: a}, spec: {replicas: 3, selector: {matchLabels: {app: a}},
  volumeClaimTemplates: [{metadata: {name: v}, spec: {resources: {requests: {storage: 2Gi}}}}], %s}}`
		job  = `{apiVersion: batch/v1, kind: Job, metadata: {name: b}, spec: {parallelism: 4, completions: 2, %s}}`
		cron = `{apiVersion: batch/v1, kind: CronJob, metadata: {name: c}, spec: {suspend: %s, schedule: "@daily",
  jobTemplate: {spec: {%s}}}}`
		configMap = `{apiVersion: v1, kind: ConfigMap, metadata: {name: a}}`
	)
	jobPod := fmt.Sprintf(pod, "Never")
	objects := []string{
		fmt.Sprintf(set, fmt.Sprintf(pod, "Always")), fmt.Sprintf(job, jobPod), fmt.Sprintf(cron, "false", jobPod), configMap,
	}
	scaled := func(apiVersion, target, replicas string) []string {
		return []string{
			strings.Replace(objects[0], "replicas: 3", "replicas: "+replicas, 1), "{apiVersion: " + apiVersion +
				", kind: HorizontalPodAutoscaler, metadata: {name: a}, spec: {minReplicas: 1, maxReplicas: 4, " +
				"scaleTargetRef: {apiVersion: apps/v1, kind: StatefulSet, name: " + target + "}}}",
		}
	}
	asleep := []string{fmt.Sprintf(cron, "true", jobPod), configMap}
	tests := []struct {
		name, hard string
		objects    []string
		want       string
	}{
		{"as many Pods as allowed", `pods: "6"`, objects, ""},
		{"one Pod too many", `pods: "5"`, objects, "pods: 6 is used, and 5 is allowed"},
		{"most Pods of an autoscaler", `pods: "3"`, scaled("autoscaling/v2", "a", "1"), "pods: 4 is used, and 3 is allowed"},
		{"most claims of an older autoscaler", `persistentvolumeclaims: "3"`, scaled("autoscaling/v1", "a", "3"), "persistentvolumeclaims: 4 is used"},
		{"as many as an autoscaler may start", `pods: "4"`, scaled("autoscaling/v2", "a", "1"), ""},
		{"more Pods than the autoscaler may start", `pods: "4"`, scaled("autoscaling/v2", "a", "5"), "pods: 5 is used"},
		{"an autoscaler of another workload", `pods: "1"`, scaled("autoscaling/v2", "b", "1"), ""},
		{"an autoscaler of a sleeping workload", `pods: "0"`, scaled("autoscaling/v2", "a", "0"), ""},
		{"a suspended CronJob", `pods: "0"`, asleep, ""},
		{"CPU of init containers", "requests.cpu: 1799m", objects, "requests.cpu: 1800m is used"},
		{"requests from limits", "requests.memory: 5Gi", objects, "requests.memory: 6Gi is used"},
		{"limits", "limits.memory: 6Gi", objects, ""},
		{"claims of a StatefulSet", `persistentvolumeclaims: "2"`, objects, "persistentvolumeclaims: 3 is used"},
		{"storage of a StatefulSet", "requests.storage: 5Gi", objects, "requests.storage: 6Gi is used"},
		{"the ConfigMap of Kubernetes", `configmaps: "1"`, objects, "configmaps: 2 is used"},
		{"no value that the quota counts", "limits.cpu: 10", asleep, "must specify limits.cpu for: a"},
		{"only some Pods", `pods: "1"}, scopes: [BestEffort`, objects, ""},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			end := "}}}"
			if tt.name == "only some Pods" {
				end = "]}}"
			}
			quota := "{apiVersion: v1, kind: ResourceQuota, metadata: {name: q}, spec: {hard: {" + tt.hard + end
			wantProblem(t, refusals(t, append([]string{quota}, tt.objects...)...), tt.want)
		})
	}
}
