package build

import (
	"encoding/json"
	"strings"

	"sigs.k8s.io/kustomize/api/resource"
	"sigs.k8s.io/kustomize/kyaml/yaml"
)

// scalar is a value of a field, such as replicas.
type scalar struct {
	path []string
	node *yaml.Node
}

// addedScalar returns the value of an RFC 6902 patch that only adds a number or a boolean.
func addedScalar(patch string) (s scalar, ok bool) {
	var operations []struct {
		Op, Path string
		Value    json.RawMessage
	}
	if json.Unmarshal([]byte(patch), &operations) != nil || len(operations) != 1 {
		return s, false
	}
	o := operations[0]
	var value any
	if o.Op != "add" || strings.Contains(o.Path, "~") || json.Unmarshal(o.Value, &value) != nil {
		return s, false
	}
	s.path = strings.Split(strings.TrimPrefix(o.Path, "/"), "/")
	s.node = &yaml.Node{Kind: yaml.ScalarNode, Value: string(o.Value)}
	switch value.(type) {
	case float64:
		s.node.Tag = yaml.NodeTagInt
		ok = !strings.ContainsAny(s.node.Value, ".eE")
	case bool:
		s.node.Tag, ok = yaml.NodeTagBool, true
	}
	return s, ok
}

// setScalar sets a value in an object. It does nothing where the field's parents aren't mappings. A patch copies the
// whole object through JSON, and takes a hundred times longer.
func setScalar(res *resource.Resource, s scalar) bool {
	n := &res.RNode
	for _, key := range s.path[:len(s.path)-1] {
		field := n.Field(key)
		if field.IsNilOrEmpty() || field.Value.YNode().Kind != yaml.MappingNode {
			return false
		}
		n = field.Value
	}
	node := *s.node
	return n.PipeE(yaml.SetField(s.path[len(s.path)-1], yaml.NewRNode(&node))) == nil
}
