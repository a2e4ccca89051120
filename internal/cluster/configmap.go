package cluster

import (
	"context"
	"encoding/base64"
	"fmt"

	apierrors "k8s.io/apimachinery/pkg/api/errors"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
	"k8s.io/apimachinery/pkg/runtime/schema"
)

var configMaps = schema.GroupVersionResource{Version: "v1", Resource: "configmaps"}

// maxState bounds what is kept in a ConfigMap, in bytes before base64: an object has at most 1 MiB.
const maxState = 700 << 10

// ConfigMap keeps bytes in a ConfigMap beside Argo CD. It must exist: the service may change it, and create none.
type ConfigMap struct {
	client *Client
	name   string
	// last is the object as it was last read or written, without its state: as long as nobody else writes it, it
	// needn't be read again.
	last *unstructured.Unstructured
}

// ConfigMap returns the store of that name.
func (c *Client) ConfigMap(name string) *ConfigMap { return &ConfigMap{client: c, name: name} }

// Load returns what was saved last; nil where nothing was. Neither it nor Save is safe for concurrent use.
func (m *ConfigMap) Load(ctx context.Context) ([]byte, error) {
	object, err := m.get(ctx)
	if err != nil {
		return nil, err
	}
	text, _, err := unstructured.NestedString(object.Object, "binaryData", "state")
	if err != nil || text == "" {
		return nil, err
	}
	return base64.StdEncoding.DecodeString(text)
}

// Save replaces what is kept.
func (m *ConfigMap) Save(ctx context.Context, content []byte) error {
	if len(content) > maxState {
		return fmt.Errorf("write state: %d KiB are too many for a ConfigMap; use a file with --state", len(content)>>10)
	}
	text, known := base64.StdEncoding.EncodeToString(content), m.last != nil
	err := m.update(ctx, text)
	if known && (apierrors.IsConflict(err) || apierrors.IsNotFound(err)) { // somebody else has written it
		m.last = nil
		err = m.update(ctx, text)
	}
	return err
}

// update writes the object as it was last known, and reads it first where it isn't.
func (m *ConfigMap) update(ctx context.Context, text string) error {
	object := m.last
	if object == nil {
		var err error
		if object, err = m.get(ctx); err != nil {
			return err
		}
	}
	object = object.DeepCopy()
	if err := unstructured.SetNestedField(object.Object, text, "binaryData", "state"); err != nil {
		return err
	}
	ctx, cancel := context.WithTimeout(ctx, timeout)
	defer cancel()
	written, err := m.client.dynamic.Resource(configMaps).Namespace(m.client.namespace).Update(ctx, object, metav1.UpdateOptions{})
	if err != nil {
		return fmt.Errorf("write state to ConfigMap %s: %w", m.name, err)
	}
	m.last = written
	unstructured.RemoveNestedField(written.Object, "binaryData", "state")
	return nil
}

func (m *ConfigMap) get(ctx context.Context) (*unstructured.Unstructured, error) {
	ctx, cancel := context.WithTimeout(ctx, timeout)
	defer cancel()
	object, err := m.client.dynamic.Resource(configMaps).Namespace(m.client.namespace).Get(ctx, m.name, metav1.GetOptions{})
	switch {
	case apierrors.IsNotFound(err):
		return nil, fmt.Errorf("ConfigMap %s doesn't exist in %s; create it empty: kubectl -n %[2]s create configmap %[1]s", m.name, m.client.namespace)
	case err != nil:
		return nil, fmt.Errorf("read state from ConfigMap %s: %w", m.name, err)
	}
	return object, nil
}
