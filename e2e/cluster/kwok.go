package cluster

import (
	"context"
	"fmt"
	"os"
	"path/filepath"

	corev1 "k8s.io/api/core/v1"
	"k8s.io/apimachinery/pkg/api/resource"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"sigs.k8s.io/yaml"

	"github.com/previewset/previewset/e2e/toolchain"
)

// Broken is a part of a commit's SHA. Pods with such a commit in their image never become ready.
const Broken = "bad0bad0bad0"

// Crashing is a part of a commit's SHA. Containers with such a commit in their image crash with exit code 1.
const Crashing = "dead0dead0de"

// crashStage is kwok's stage for crashing containers.
const crashStage = `apiVersion: kwok.x-k8s.io/v1alpha1
kind: Stage
metadata: {name: pod-crash}
spec:
  resourceRef: {apiGroup: v1, kind: Pod}
  selector:
    matchExpressions:
    - {key: .metadata.deletionTimestamp, operator: DoesNotExist}
    - {key: .status.podIP, operator: DoesNotExist}
    - {key: '.spec.containers.[].image | select(contains("` + Crashing + `"))', operator: Exists}
  next:
    statusTemplate: |
      {{ $now := Now }}
      containerStatuses:
      {{ range .spec.containers }}
      - image: {{ .image | Quote }}
        name: {{ .name | Quote }}
        ready: false
        restartCount: 3
        state: {waiting: {reason: CrashLoopBackOff, message: back-off 40s restarting failed container}}
        lastState: {terminated: {reason: Error, exitCode: 1}}
      {{ end }}
      hostIP: {{ NodeIPWith .spec.nodeName | Quote }}
      podIP: {{ PodIPWith .spec.nodeName false ( or .metadata.uid "" ) ( or .metadata.name "" ) ( or .metadata.namespace "" ) | Quote }}
      phase: Running
      startTime: {{ $now | Quote }}
`

// addNode creates the only node. kwok keeps it ready.
func (c *Cluster) addNode(ctx context.Context) error {
	room := corev1.ResourceList{
		corev1.ResourceCPU: resource.MustParse("1000"), corev1.ResourceMemory: resource.MustParse("10Ti"),
		corev1.ResourceEphemeralStorage: resource.MustParse("10Ti"), corev1.ResourcePods: resource.MustParse("10000"),
	}
	node := &corev1.Node{
		ObjectMeta: metav1.ObjectMeta{
			Name: "node", Labels: map[string]string{"kubernetes.io/os": "linux", "kubernetes.io/hostname": "node"},
		},
		Status: corev1.NodeStatus{Capacity: room, Allocatable: room},
	}
	_, err := c.Client.CoreV1().Nodes().Create(ctx, node, metav1.CreateOptions{})
	return err
}

// startKwok starts kwok with its own stages, which imitate a kubelet.
func (c *Cluster) startKwok(ctx context.Context) error {
	kubeconfig, err := c.writeKubeconfig(kwok, c.tokens[kwok], "default")
	if err != nil {
		return err
	}
	args := []string{"--kubeconfig=" + kubeconfig, "--manage-all-nodes"}
	stages, err := c.stages(ctx)
	if err != nil {
		return err
	}
	for _, stage := range stages {
		args = append(args, "--config="+stage)
	}
	return c.run(toolchain.Kwok, args...)
}

func (c *Cluster) stages(ctx context.Context) ([]string, error) {
	source, err := c.tools.Source(ctx, toolchain.Kwok)
	if err != nil {
		return nil, err
	}
	folder := filepath.Join(source, "kustomize", "stage")
	ready, crash := c.path("pod-ready.yaml"), c.path("pod-crash.yaml")
	if err := os.WriteFile(crash, []byte(crashStage), 0o600); err != nil {
		return nil, err
	}
	return []string{
		filepath.Join(folder, "node", "fast", "node-initialize.yaml"),
		filepath.Join(folder, "node", "heartbeat", "node-heartbeat.yaml"),
		filepath.Join(folder, "pod", "fast", "pod-complete.yaml"),
		filepath.Join(folder, "pod", "fast", "pod-delete.yaml"),
		ready, crash,
	}, writeReadyStage(filepath.Join(folder, "pod", "fast", "pod-ready.yaml"), ready)
}

// writeReadyStage writes kwok's stage that makes Pods ready, except for Pods with a broken or
// crashing image.
func writeReadyStage(from, to string) error {
	content, err := os.ReadFile(from)
	if err != nil {
		return err
	}
	var stage struct {
		APIVersion string         `json:"apiVersion"`
		Kind       string         `json:"kind"`
		Metadata   map[string]any `json:"metadata"`
		Spec       struct {
			ResourceRef map[string]any `json:"resourceRef"`
			Selector    struct {
				MatchExpressions []map[string]any `json:"matchExpressions"`
			} `json:"selector"`
			Next map[string]any `json:"next"`
		} `json:"spec"`
	}
	if err = yaml.UnmarshalStrict(content, &stage); err != nil {
		return fmt.Errorf("read %s: %w", from, err)
	}
	selector := &stage.Spec.Selector
	for _, commit := range []string{Broken, Crashing} {
		selector.MatchExpressions = append(selector.MatchExpressions, map[string]any{
			"key":      fmt.Sprintf(".spec.containers.[].image | select(contains(%q))", commit),
			"operator": "DoesNotExist",
		})
	}
	content, err = yaml.Marshal(stage)
	if err != nil {
		return err
	}
	return os.WriteFile(to, content, 0o600)
}
