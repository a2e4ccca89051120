package cluster

import (
	"context"
	"fmt"
	"slices"
	"strings"

	apierrors "k8s.io/apimachinery/pkg/api/errors"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"

	"github.com/previewset/previewset/internal/config"
	"github.com/previewset/previewset/internal/preview"
)

// Application returns the status of an Application; nil if it doesn't exist. The Pods in the namespace of the same name
// say why it isn't healthy.
func (c *Client) Application(ctx context.Context, name string) (*preview.ApplicationStatus, error) {
	ctx, cancel := context.WithTimeout(ctx, timeout)
	defer cancel()
	app, err := c.dynamic.Resource(applications).Namespace(c.namespace).Get(ctx, name, metav1.GetOptions{})
	switch {
	case apierrors.IsNotFound(err):
		return nil, nil
	case err != nil:
		return nil, fmt.Errorf("read Application %s in %s: %w", name, c.namespace, err)
	}
	status, err := statusOf(app)
	if err == nil && (status.Health == "Progressing" || status.Health == "Degraded") {
		status.FailingPod = c.failingPod(ctx, name)
	}
	return status, err
}

// application has the needed fields of an Argo CD Application.
type application struct {
	Spec struct {
		Source source `json:"source"`
	} `json:"spec"`
	Operation *struct{} `json:"operation"` // a requested operation that hasn't begun
	Status    struct {
		Sync struct {
			Status     string `json:"status"`
			Revision   string `json:"revision"`
			ComparedTo struct {
				Source source `json:"source"`
			} `json:"comparedTo"`
		} `json:"sync"`
		Health struct {
			Status string `json:"status"`
		} `json:"health"`
		OperationState struct {
			Phase      string `json:"phase"`
			Message    string `json:"message"`
			SyncResult struct {
				Source    source       `json:"source"`
				Resources []syncResult `json:"resources"`
			} `json:"syncResult"`
		} `json:"operationState"`
		Resources  []resource  `json:"resources"`
		Conditions []condition `json:"conditions"`
		Summary    struct {
			Images []string `json:"images"`
		} `json:"summary"`
	} `json:"status"`
}

type source struct {
	TargetRevision string            `json:"targetRevision"`
	Path           string            `json:"path"`
	Kustomize      preview.Kustomize `json:"kustomize"`
}

type resource struct {
	Group  string `json:"group"`
	Kind   string `json:"kind"`
	Name   string `json:"name"`
	Status string `json:"status"` // Synced, OutOfSync
	Health struct {
		Status  string `json:"status"`
		Message string `json:"message"`
	} `json:"health"`
}

type syncResult struct {
	Kind      string `json:"kind"`
	Name      string `json:"name"`
	Status    string `json:"status"`    // SyncFailed
	HookPhase string `json:"hookPhase"` // of a hook: Failed, Error
	Message   string `json:"message"`
}

type condition struct {
	Type    string `json:"type"`
	Message string `json:"message"`
}

// statusOf converts an Application. Manifests and controllers write its texts, so they are untrusted.
func statusOf(o *unstructured.Unstructured) (*preview.ApplicationStatus, error) {
	var a application
	if err := decode(o, &a); err != nil {
		return nil, fmt.Errorf("Application %s: %w", o.GetName(), err)
	}
	s, op := a.Status, a.Status.OperationState
	status := &preview.ApplicationStatus{
		Sync: config.Printable(s.Sync.Status), Health: config.Printable(s.Health.Status),
		Revision:  config.Printable(s.Sync.Revision),
		Operation: config.Printable(op.Phase), Message: config.Printable(op.Message),
		Deleting:  o.GetDeletionTimestamp() != nil,
		Unhealthy: a.unhealthy(), Images: []string{},
		Spec: preview.ApplicationSource(a.Spec.Source), Compared: preview.ApplicationSource(s.Sync.ComparedTo.Source),
		Tried: preview.ApplicationSource(op.SyncResult.Source),
	}
	for _, image := range s.Summary.Images {
		status.Images = append(status.Images, config.Printable(image))
	}
	if status.Deleting {
		status.Remaining = a.remaining()
	}
	if a.Operation != nil {
		status.Operation, status.Message = "Running", "" // operationState is still that of the last operation
	}
	if i := slices.IndexFunc(s.Conditions, func(c condition) bool { return strings.HasSuffix(c.Type, "Error") }); i >= 0 {
		status.Message, status.Broken = config.Printable(s.Conditions[i].Message), s.Conditions[i].Type != "SyncError"
	}
	return status, nil
}

// unhealthy returns the most important unhealthy resource: one that failed in the newest sync, else the one with the
// worst health. By default Argo CD 3 doesn't store the health of resources in the Application; then there is none.
func (a *application) unhealthy() *preview.UnhealthyResource {
	op := a.Status.OperationState
	for _, r := range op.SyncResult.Resources {
		if op.Phase == "Succeeded" {
			break
		}
		if r.Status == "SyncFailed" || r.HookPhase == "Failed" || r.HookPhase == "Error" {
			return resourceOf(r.Kind, r.Name, "failed", r.Message)
		}
	}
	var worst *preview.UnhealthyResource
	for _, r := range a.Status.Resources {
		u := resourceOf(r.Kind, r.Name, r.Health.Status, r.Health.Message)
		if r.Health.Status != "" && r.Health.Status != "Healthy" && u.WorseThan(worst) {
			worst = u
		}
	}
	return worst
}

// remaining returns the objects that are still there while Argo CD deletes an Application: custom resources first, because
// their controllers may take long. An object that is being deleted has the health Progressing. Without stored health, an
// object that is gone isn't Synced any more. The Namespace goes last, with all that is in it.
func (a *application) remaining() []string {
	var custom, others []string
	for _, r := range a.Status.Resources {
		isThere := r.Health.Message == pendingDeletion || r.Health.Status == "" && r.Status == "Synced"
		if !isThere || r.Kind == "Namespace" {
			continue
		}
		if text := config.Printable(r.Kind + " " + r.Name); isOfKubernetes(r.Group) {
			others = append(others, text)
		} else {
			custom = append(custom, text)
		}
	}
	return append(custom, others...)
}

// pendingDeletion is Argo CD's message about an object with a deletion timestamp.
const pendingDeletion = "Pending deletion"

// isOfKubernetes reports whether a group is one of Kubernetes' own.
func isOfKubernetes(group string) bool {
	return !strings.Contains(group, ".") || strings.HasSuffix(group, ".k8s.io")
}

func resourceOf(kind, name, health, message string) *preview.UnhealthyResource {
	return &preview.UnhealthyResource{
		Kind: config.Printable(kind), Name: config.Printable(name), Health: config.Printable(health),
		Message: config.Printable(message),
	}
}
