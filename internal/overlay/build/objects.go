package build

import (
	"fmt"

	"sigs.k8s.io/kustomize/api/resmap"
	"sigs.k8s.io/kustomize/api/resource"

	"github.com/previewset/previewset/internal/overlay/manifest"
)

// Objects returns the objects of a build.
func Objects(m resmap.ResMap) ([]manifest.Object, error) {
	defer lockBuiltinSchema()()
	objects := make([]manifest.Object, 0, m.Size())
	for _, res := range m.Resources() {
		o, err := objectOf(res)
		if err != nil {
			return nil, err
		}
		objects = append(objects, o)
	}
	return objects, nil
}

func objectOf(res *resource.Resource) (manifest.Object, error) {
	fields, err := res.Map()
	if err != nil {
		return manifest.Object{}, fmt.Errorf("%s %s: %w", res.GetKind(), res.GetName(), err)
	}
	gvk := res.GetGvk()
	return manifest.Object{
		Group: gvk.Group, Kind: gvk.Kind, Namespace: res.GetNamespace(), Name: res.GetName(),
		ClusterScoped: gvk.IsClusterScoped(), Labels: res.GetLabels(), Fields: fields,
	}, nil
}
