package cluster

import (
	"context"
	"crypto/rand"
	"crypto/sha256"
	"encoding/base64"
	"errors"
	"fmt"
	"log/slog"
	"slices"

	apierrors "k8s.io/apimachinery/pkg/api/errors"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
	"k8s.io/apimachinery/pkg/runtime/schema"
	"k8s.io/client-go/dynamic"

	"github.com/previewset/previewset/internal/cluster/lease"
)

var (
	configMaps = schema.GroupVersionResource{Version: "v1", Resource: "configmaps"}
	leases     = schema.GroupVersionResource{Group: "coordination.k8s.io", Version: "v1", Resource: "leases"}
)

// maxAttempts bounds the remembered writes with an unknown result.
const maxAttempts = 100

// ConfigMap keeps the state in a ConfigMap of Argo CD's namespace, and a large one in several: see parts.go. They must
// exist, because the service has only the permission to update them. Its methods aren't safe for concurrent use.
type ConfigMap struct {
	client *Client
	name   string
	// last is the object as read or written last, without the state. Save uses it instead of another read; a conflict
	// shows that it is outdated.
	last *unstructured.Unstructured
	// known are the hashes of states that this service has read or written last, and of those that it tried to write
	// since: after a timeout the write may have happened.
	known [][sha256.Size]byte
	// lease is held by the only process that may write; nil without an election. Writer names this process in
	// annotationWriter.
	lease  *lease.Lease
	writer string

	set    string                                // of the parts of the state; "" if it isn't split
	unsure bool                                  // whether a write of the state with an error has happened
	parts  map[string]*unstructured.Unstructured // as written last by this process, without their content
}

// annotationWriter names the process that writes the state. A leader writes it when it loads the state. A late write of
// an earlier leader then has an old resource version, and the API server refuses it.
const annotationWriter = "previewset.dev/writer"

// OtherWriterError is the error of Save if another service has written the state since it was read or written here.
type OtherWriterError struct {
	name      string
	isElected bool
}

func (e *OtherWriterError) Error() string {
	if e.isElected {
		return fmt.Sprintf("another process has written to ConfigMap %s; the state is read again", e.name)
	}
	return fmt.Sprintf("another service writes to ConfigMap %s; stop one of them", e.name)
}

// OtherWriter marks the error for package store. It reports whether the other one may go on writing; the leader of an
// election is the only one that may.
func (e *OtherWriterError) OtherWriter() (goesOn bool) { return !e.isElected }

// ConfigMap returns the store in the ConfigMap with the name.
func (c *Client) ConfigMap(name string) *ConfigMap { return &ConfigMap{client: c, name: name} }

// ElectedConfigMap returns the store in the ConfigMap with the name, for the holder of a Lease. Load fails for any other
// process, and afterwards each Save of another process fails.
func (c *Client) ElectedConfigMap(name string, l *lease.Lease) *ConfigMap {
	return &ConfigMap{client: c, name: name, lease: l, writer: rand.Text()}
}

// Lease returns the Lease with the name in Argo CD's namespace.
func (c *Client) Lease(name string, log *slog.Logger) *lease.Lease {
	return lease.New(c.dynamic.Resource(leases).Namespace(c.namespace), name, log)
}

// Load returns the saved state; nil if there is none.
func (m *ConfigMap) Load(ctx context.Context) ([]byte, error) {
	content, text, _, err := m.read(ctx)
	if err == nil && m.lease != nil {
		err = m.claim(ctx, text)
	}
	if err != nil {
		return nil, err
	}
	return content, nil
}

// Read returns the saved state with its revision; nil if there is none.
func (m *ConfigMap) Read(ctx context.Context) (content []byte, revision string, err error) {
	content, _, revision, err = m.read(ctx)
	return content, revision, err
}

// read returns the state, and the text of the main ConfigMap. A part may be replaced while it is read; then the main one
// names other parts.
func (m *ConfigMap) read(ctx context.Context) (content []byte, text, revision string, err error) {
	for range readAttempts {
		object, err := m.get(ctx, m.name)
		if err != nil {
			return nil, "", "", err
		}
		if text, err = stateIn(object); err != nil {
			return nil, "", "", err
		}
		m.parts = nil
		m.remember(object, text)
		if text == "" {
			return nil, "", object.GetResourceVersion(), nil
		}
		if content, err = base64.StdEncoding.DecodeString(text); err != nil {
			return nil, "", "", err
		}
		if content, err = m.unpack(ctx, content); !errors.Is(err, errPart) {
			return content, text, object.GetResourceVersion(), err
		}
	}
	return nil, "", "", fmt.Errorf("read state from ConfigMap %s: %w; restore these ConfigMaps from one backup, or empty "+
		"them all: the generator then recovers environments from their Applications", m.name, errPart)
}

// Revision returns the revision of the saved state now. It is the same as long as the state is. It is safe for
// concurrent use.
func (m *ConfigMap) Revision(ctx context.Context) (string, error) {
	ctx, cancel := context.WithTimeout(ctx, timeout)
	defer cancel()
	object, err := m.client.metadata.Resource(configMaps).Namespace(m.client.namespace).Get(ctx, m.name, metav1.GetOptions{})
	if err != nil {
		return "", fmt.Errorf("read revision of ConfigMap %s: %w", m.name, err)
	}
	return object.ResourceVersion, nil
}

// claim makes this process the writer of the state that was read just now. The Lease is checked after the state was
// read: if another process becomes the leader and reads later, it reads what this one writes, or this write fails.
func (m *ConfigMap) claim(ctx context.Context, text string) error {
	if err := m.lease.CheckHeld(ctx); err != nil { // guard claim-needs-lease: false
		return err
	}
	return m.write(ctx, m.last, text)
}

// MaxSize returns the size of the largest state in bytes.
func (*ConfigMap) MaxSize() int { return maxParts * maxPart }

// Save replaces the saved state. It doesn't replace the state of another service: its error is an *OtherWriterError
// then, until the next Load.
func (m *ConfigMap) Save(ctx context.Context, content []byte) error {
	if len(content) > m.MaxSize() {
		return fmt.Errorf("write state: %d KiB is too large for %d ConfigMaps; use a file with --state", len(content)>>10, maxParts)
	}
	packed, err := m.pack(ctx, content)
	if err != nil {
		return err
	}
	text, isKnown := base64.StdEncoding.EncodeToString(packed), m.last != nil
	err = m.update(ctx, text)
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
		if object, err = m.get(ctx, m.name); err != nil {
			return err
		}
		if err = m.checkWriter(object); err != nil {
			return err
		}
	}
	return m.write(ctx, object, text)
}

// write replaces an object with one that has the state.
func (m *ConfigMap) write(ctx context.Context, object *unstructured.Unstructured, text string) error {
	object = object.DeepCopy()
	if m.lease != nil {
		annotations := object.GetAnnotations()
		if annotations == nil {
			annotations = map[string]string{}
		}
		annotations[annotationWriter] = m.writer
		object.SetAnnotations(annotations)
	}
	if err := unstructured.SetNestedField(object.Object, text, "binaryData", "state"); err != nil {
		return err
	}
	m.known = append(m.known[max(0, len(m.known)-maxAttempts):], sha256.Sum256([]byte(text)))
	m.unsure = true
	written, err := m.put(ctx, object)
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
	writer := object.GetAnnotations()[annotationWriter]
	isLost := writer == "" && text == ""
	if m.lease != nil && writer != m.writer && !isLost { // guard other-writer-noticed: false
		return &OtherWriterError{m.name, true}
	}
	if err != nil || text == "" || slices.Contains(m.known, sha256.Sum256([]byte(text))) {
		return err
	}
	return &OtherWriterError{m.name, m.lease != nil}
}

// remember notes an object with its state.
func (m *ConfigMap) remember(object *unstructured.Unstructured, text string) {
	m.last, m.known = object, [][sha256.Size]byte{sha256.Sum256([]byte(text))}
	unstructured.RemoveNestedField(object.Object, "binaryData", "state")
	m.set, m.unsure = "", false
	content, err := base64.StdEncoding.DecodeString(text)
	if l, invalid := parseList(content); err == nil && invalid == nil && l != nil {
		m.set = l.Set
	}
}

// stateIn returns the state in an object, as base64; empty if there is none.
func stateIn(object *unstructured.Unstructured) (string, error) {
	text, _, err := unstructured.NestedString(object.Object, "binaryData", "state")
	return text, err
}

func (m *ConfigMap) resource() dynamic.ResourceInterface {
	return m.client.dynamic.Resource(configMaps).Namespace(m.client.namespace)
}

func (m *ConfigMap) get(ctx context.Context, name string) (*unstructured.Unstructured, error) {
	ctx, cancel := context.WithTimeout(ctx, timeout)
	defer cancel()
	object, err := m.resource().Get(ctx, name, metav1.GetOptions{})
	switch {
	case apierrors.IsNotFound(err):
		return nil, fmt.Errorf("ConfigMap %s doesn't exist in %s; apply state.yaml of this version, or create it: kubectl -n %[2]s create configmap %[1]s",
			name, m.client.namespace)
	case err != nil:
		return nil, fmt.Errorf("read state from ConfigMap %s: %w", name, err)
	}
	return object, nil
}
