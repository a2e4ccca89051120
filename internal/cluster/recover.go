package cluster

import (
	"context"
	"encoding/json"
	"fmt"

	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
	"k8s.io/apimachinery/pkg/types"

	"github.com/previewset/previewset/internal/config"
	"github.com/previewset/previewset/internal/preview"
)

// recoverPageSize limits the number of complete Applications in memory.
const recoverPageSize = 100

// Recover reads the Applications of our ApplicationSets and returns their environments. It reads complete
// Applications, which are large, so it is only for lost memory.
func (c *Client) Recover(ctx context.Context) (preview.Recovered, error) {
	var found preview.Recovered
	sets, err := c.list(ctx, applicationSets, metav1.ListOptions{})
	if err != nil {
		return found, err
	}
	ours := setsWithPlugin(sets.Items)
	page := metav1.ListOptions{Limit: recoverPageSize, LabelSelector: config.EnvironmentLabel}
	for {
		apps, err := c.list(ctx, applications, page)
		if err != nil {
			return preview.Recovered{}, err
		}
		for i := range apps.Items {
			if err := addRecovered(&found, &apps.Items[i], ours); err != nil {
				return preview.Recovered{}, err
			}
		}
		if page.Continue = apps.GetContinue(); page.Continue == "" {
			return found, nil
		}
	}
}

// addRecovered adds an Application, unless it is foreign or is being deleted.
func addRecovered(found *preview.Recovered, app *unstructured.Unstructured, ours map[types.UID]bool) error {
	owner := metav1.GetControllerOf(app)
	if owner == nil || !ours[owner.UID] || app.GetDeletionTimestamp() != nil {
		return nil
	}
	spec, err := json.Marshal(app.Object["spec"])
	if err != nil {
		return fmt.Errorf("spec of Application %s: %w", app.GetName(), err)
	}
	found.Add(preview.Application{
		Name: app.GetName(), Labels: app.GetLabels(), Annotations: app.GetAnnotations(), Spec: spec,
	})
	return nil
}
