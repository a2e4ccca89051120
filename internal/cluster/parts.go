package cluster

import (
	"context"
	"crypto/sha256"
	"encoding/base64"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"

	"golang.org/x/sync/errgroup"
	apierrors "k8s.io/apimachinery/pkg/api/errors"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
)

const (
	// maxPart is the maximum size in bytes of what one ConfigMap holds, before base64. A Kubernetes object has at most 1 MiB.
	maxPart = 700 << 10
	// maxParts is the number of ConfigMaps in a set of parts.
	maxParts = 4
	// readAttempts bounds the attempts to read a state while its parts are replaced.
	readAttempts = 3
)

// A state that is larger than maxPart is split into parts, in ConfigMaps NAME-a-1 to NAME-a-4 or NAME-b-1 to NAME-b-4.
// The main ConfigMap then has the list of the parts in place of the state. A save writes the set that the list doesn't
// name, and then the list: the state is replaced completely or not at all. All these ConfigMaps must exist.

// list is the content of the main ConfigMap if the state is split. A state begins with gzip's first byte, so neither can
// be taken for the other.
type list struct {
	Set   string   `json:"set"`   // "a" or "b"
	Parts []string `json:"parts"` // the SHA-256 of each part
}

// parseList returns the list in a main ConfigMap; nil if it has the state itself.
func parseList(content []byte) (*list, error) {
	if len(content) == 0 || content[0] != '{' {
		return nil, nil
	}
	var l list
	if err := json.Unmarshal(content, &l); err != nil {
		return nil, fmt.Errorf("decode list of parts: %w", err)
	}
	if l.Set != "a" && l.Set != "b" || len(l.Parts) == 0 || len(l.Parts) > maxParts {
		return nil, fmt.Errorf("the list of parts names %d parts of set %q", len(l.Parts), l.Set)
	}
	return &l, nil
}

func (m *ConfigMap) partName(set string, i int) string {
	return fmt.Sprintf("%s-%s-%d", m.name, set, i+1)
}

// errPart says that a part doesn't belong to the list.
var errPart = errors.New("the part of the saved state isn't the one that was saved")

// unpack returns the state for the content of the main ConfigMap.
func (m *ConfigMap) unpack(ctx context.Context, content []byte) ([]byte, error) {
	l, err := parseList(content)
	if err != nil || l == nil {
		return content, err
	}
	parts := make([][]byte, len(l.Parts))
	group, ctx := errgroup.WithContext(ctx)
	for i := range l.Parts {
		group.Go(func() (err error) {
			parts[i], err = m.readPart(ctx, m.partName(l.Set, i), l.Parts[i])
			return err
		})
	}
	if err := group.Wait(); err != nil {
		return nil, err
	}
	var state []byte
	for _, part := range parts {
		state = append(state, part...)
	}
	return state, nil
}

func (m *ConfigMap) readPart(ctx context.Context, name, sum string) ([]byte, error) {
	object, err := m.get(ctx, name)
	if err != nil {
		return nil, err
	}
	text, err := stateIn(object)
	if err != nil {
		return nil, err
	}
	content, err := base64.StdEncoding.DecodeString(text)
	if err != nil {
		return nil, err
	}
	if got := sha256.Sum256(content); hex.EncodeToString(got[:]) != sum { // guard part-is-checked: false
		return nil, fmt.Errorf("ConfigMap %s: %w", name, errPart)
	}
	return content, nil
}

// pack returns the content of the main ConfigMap for a state. It writes the parts of a large one.
func (m *ConfigMap) pack(ctx context.Context, state []byte) ([]byte, error) {
	if len(state) <= maxPart {
		return state, nil
	}
	if err := m.settle(ctx); err != nil {
		return nil, err
	}
	l := list{Set: "a"}
	if m.set == "a" { // guard other-set: false
		l.Set = "b"
	}
	size := (len(state) + maxPart - 1) / maxPart
	l.Parts = make([]string, size)
	for i := range size {
		part := state[i*maxPart : min((i+1)*maxPart, len(state))]
		sum := sha256.Sum256(part)
		l.Parts[i] = hex.EncodeToString(sum[:])
		if err := m.writePart(ctx, m.partName(l.Set, i), part); err != nil {
			return nil, err
		}
	}
	return json.Marshal(l)
}

// settle finds out which set is in use. After a write of the list with an unknown result it may be either, and the write
// may still come. Another write of the same list prevents that.
func (m *ConfigMap) settle(ctx context.Context) error {
	if !m.unsure && m.last != nil {
		return nil
	}
	object, err := m.get(ctx, m.name)
	if err != nil {
		return err
	}
	if err = m.checkWriter(object); err != nil {
		return err
	}
	text, err := stateIn(object)
	if err != nil {
		return err
	}
	return m.write(ctx, object, text)
}

// writePart replaces a part. Its resource version was read before this process was seen to be the writer. So a later
// writer's part is never replaced: that one has another version.
func (m *ConfigMap) writePart(ctx context.Context, name string, content []byte) error {
	text := base64.StdEncoding.EncodeToString(content)
	for attempt := range 2 {
		object := m.parts[name]
		if object == nil {
			var err error
			if object, err = m.get(ctx, name); err != nil {
				return err
			}
			main, err := m.get(ctx, m.name)
			if err != nil {
				return err
			}
			if err := m.checkWriter(main); err != nil { // guard part-needs-writer: false
				return err
			}
		}
		object = object.DeepCopy()
		if err := unstructured.SetNestedField(object.Object, text, "binaryData", "state"); err != nil {
			return err
		}
		written, err := m.put(ctx, object)
		if err == nil {
			unstructured.RemoveNestedField(written.Object, "binaryData", "state")
			if m.parts == nil {
				m.parts = map[string]*unstructured.Unstructured{}
			}
			m.parts[name] = written
			return nil
		}
		delete(m.parts, name)
		if attempt > 0 || !apierrors.IsConflict(err) {
			return fmt.Errorf("write part of the state to ConfigMap %s: %w", name, err)
		}
	}
	return nil
}

func (m *ConfigMap) put(ctx context.Context, object *unstructured.Unstructured) (*unstructured.Unstructured, error) {
	ctx, cancel := context.WithTimeout(ctx, timeout)
	defer cancel()
	return m.resource().Update(ctx, object, metav1.UpdateOptions{})
}
