package cluster

import (
	"context"
	"fmt"
	"slices"
	"strings"

	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/runtime/schema"

	"github.com/previewset/previewset/internal/preview"
)

var pods = schema.GroupVersionResource{Version: "v1", Resource: "pods"}

// podPageSize bounds the Pods that are read in one namespace.
const podPageSize = 250

// crashLoop is the reason of a container that waits after a crash.
const crashLoop = "CrashLoopBackOff"

// failing are the reasons of a waiting container that failed to start or run. Kubelet tries again, but these failures
// rarely end before a person changes something.
var failing = []string{
	crashLoop, "ImagePullBackOff", "ErrImagePull", "InvalidImageName", "ErrImageNeverPull",
	"CreateContainerConfigError", "CreateContainerError", "RunContainerError",
}

// pod has the needed fields of a Pod.
type pod struct {
	Status struct {
		InitContainerStatuses []containerStatus `json:"initContainerStatuses"`
		ContainerStatuses     []containerStatus `json:"containerStatuses"`
	} `json:"status"`
}

type containerStatus struct {
	Name         string `json:"name"`
	Ready        bool   `json:"ready"`
	RestartCount int    `json:"restartCount"`
	State        struct {
		Waiting struct {
			Reason  string `json:"reason"`
			Message string `json:"message"`
		} `json:"waiting"`
	} `json:"state"`
	LastState struct {
		Terminated *struct {
			Reason   string `json:"reason"`
			ExitCode int    `json:"exitCode"`
		} `json:"terminated"`
	} `json:"lastState"`
}

// failingPod returns the first Pod of the namespace with a failing container; nil if there is none, or if Pods can't be
// read. The permission for Pods is optional.
func (c *Client) failingPod(ctx context.Context, namespace string) *preview.UnhealthyResource {
	page := metav1.ListOptions{Limit: podPageSize}
	found, err := c.dynamic.Resource(pods).Namespace(namespace).List(ctx, page)
	if err != nil {
		return nil
	}
	for i := range found.Items {
		var p pod
		if found.Items[i].GetDeletionTimestamp() != nil || decode(&found.Items[i], &p) != nil {
			continue
		}
		for _, s := range slices.Concat(p.Status.InitContainerStatuses, p.Status.ContainerStatuses) {
			if text := s.failure(); text != "" {
				return resourceOf("Pod", found.Items[i].GetName(), "Degraded", text)
			}
		}
	}
	return nil
}

// failure says why a container fails; "" if it doesn't.
func (s containerStatus) failure() string {
	reason := s.State.Waiting.Reason
	if s.isBetweenCrashes() {
		reason = crashLoop
	}
	if !slices.Contains(failing, reason) {
		return ""
	}
	parts := []string{fmt.Sprintf("container %s is in %s", s.Name, reason)}
	if last := s.LastState.Terminated; last != nil {
		parts = append(parts, fmt.Sprintf("it ended with exit code %d (%s)", last.ExitCode, last.Reason))
	} else if s.State.Waiting.Message != "" {
		parts = append(parts, s.State.Waiting.Message)
	}
	return strings.Join(parts, ": ")
}

// isBetweenCrashes reports whether a container runs again for a moment after several crashes. Without that, the failure
// would come and go with each try.
func (s containerStatus) isBetweenCrashes() bool {
	last := s.LastState.Terminated
	return s.State.Waiting.Reason == "" && !s.Ready && s.RestartCount >= 2 && last != nil && last.ExitCode != 0
}
