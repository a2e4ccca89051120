package cluster

import (
	"context"
	"crypto/sha256"
	"encoding/base64"
	"fmt"
	"slices"

	apierrors "k8s.io/apimachinery/pkg/api/errors"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
	"k8s.io/apimachinery/pkg/runtime/schema"
	"k8s.io/client-go/dynamic"
)

var configMaps = schema.GroupVersionResource{Version: "v1", Resource: "configmaps"}

// maxState is the maximum size of the state in bytes before base64. A Kubernetes object has at most 1 MiB.
const maxState = 700 << 10

// maxAttempts bounds the remembered writes with an unknown result.
const maxAttempts = 100

// ConfigMap keeps the state in a ConfigMap of Argo CD's namespace. The ConfigMap must exist, because the service has
// only the permission to update it. Its methods aren't safe for concurrent use.
type ConfigMap struct {
	client *Client
	name   string
	// last is the object as read or written last, without the state. Save uses it instead of another read; a conflict
	// shows that it is outdated.
	last *unstructured.Unstructured
	// known are the hashes of states that this service has read or written last, and of those that it tried to write
	// since: after a timeout the write may have happened.
	known [][sha256.Size]byte
}

// OtherWriterError is the error of Save if another service has written the state since it was read or written here.
type OtherWriterError struct{ name string }

func (e *OtherWriterError) Error() string {
	return fmt.Sprintf("another service writes to ConfigMap %s; stop one of them", e.name)
}

// OtherWriter marks the error for package store.
func (*OtherWriterError) OtherWriter() {}

// ConfigMap returns the store in the ConfigMap with the name.
func (c *Client) ConfigMap(name string) *ConfigMap { return &ConfigMap{client: c, name: name} }

// Load returns the saved state; nil if there is none.
func (m *ConfigMap) Load(ctx context.Context) ([]byte, error) {
	object, err := m.get(ctx)
	if err != nil {
		return nil, err
	}
	text, err := stateIn(object)
	if err != nil {
		return nil, err
	}
	m.remember(object, text)
	if text == "" {
		return nil, nil
	}
	return base64.StdEncoding.DecodeString(text)
}

// MaxSize returns the size of the largest state in bytes.
func (*ConfigMap) MaxSize() int { return maxState }

// Save replaces the saved state. It doesn't replace the state of another service: its error is an *OtherWriterError
// then, until the next Load.
func (m *ConfigMap) Save(ctx context.Context, content []byte) error {
	if len(content) > maxState {
		return fmt.Errorf("write state: %d KiB is too large for a ConfigMap; use a file with --state", len(content)>>10)
	}
	text, isKnown := base64.StdEncoding.EncodeToString(content), m.last != nil
	err := m.update(ctx, text)
	if isKnown && (apierrors.IsConflict(err) || apierrors.IsNotFound(err)) { // another client has changed it
		m.last = nil
		err = m.update(ctx, text)
	}
	return err
}

// update writes the object as known last. It reads an unknown object first.
func (m *ConfigMap) update(ctx context.Context, text string) error {
	object := m.last
	if object == nil {
		var err error
		if object, err = m.get(ctx); err != nil {
			return err
		}
		if err = m.checkWriter(object); err != nil {
			return err
		}
	}
	object = object.DeepCopy()
	if err := unstructured.SetNestedField(object.Object, text, "binaryData", "state"); err != nil {
		return err
	}
	m.known = append(m.known[max(0, len(m.known)-maxAttempts):], sha256.Sum256([]byte(text)))
	ctx, cancel := context.WithTimeout(ctx, timeout)
	defer cancel()
	written, err := m.resource().Update(ctx, object, metav1.UpdateOptions{})
	if err != nil {
		return fmt.Errorf("write state to ConfigMap %s: %w", m.name, err)
	}
	m.remember(written, text)
	return nil
}

// checkWriter refuses an object with a state of another service. A changed label or annotation is no sign of one, and
// neither is a lost state.
func (m *ConfigMap) checkWriter(object *unstructured.Unstructured) error {
	text, err := stateIn(object)
	if err != nil || text == "" || slices.Contains(m.known, sha256.Sum256([]byte(text))) {
		return err
	}
	return &OtherWriterError{m.name}
}

// remember notes an object with its state.
func (m *ConfigMap) remember(object *unstructured.Unstructured, text string) {
	m.last, m.known = object, [][sha256.Size]byte{sha256.Sum256([]byte(text))}
	unstructured.RemoveNestedField(object.Object, "binaryData", "state")
}

// stateIn returns the state in an object, as base64; empty if there is none.
func stateIn(object *unstructured.Unstructured) (string, error) {
	text, _, err := unstructured.NestedString(object.Object, "binaryData", "state")
	return text, err
}

func (m *ConfigMap) resource() dynamic.ResourceInterface {
	return m.client.dynamic.Resource(configMaps).Namespace(m.client.namespace)
}

func (m *ConfigMap) get(ctx context.Context) (*unstructured.Unstructured, error) {
	ctx, cancel := context.WithTimeout(ctx, timeout)
	defer cancel()
	object, err := m.resource().Get(ctx, m.name, metav1.GetOptions{})
	switch {
	case apierrors.IsNotFound(err):
		return nil, fmt.Errorf("ConfigMap %s doesn't exist in %s; create it: kubectl -n %[2]s create configmap %[1]s",
			m.name, m.client.namespace)
	case err != nil:
		return nil, fmt.Errorf("read state from ConfigMap %s: %w", m.name, err)
	}
	return object, nil
}
