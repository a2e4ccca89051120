package clusterrules

import (
	"encoding/json"

	"k8s.io/apimachinery/pkg/runtime"
	"k8s.io/apimachinery/pkg/runtime/serializer"
	"k8s.io/client-go/kubernetes/scheme"

	"github.com/previewset/previewset/internal/overlay/manifest"
)

// Object is one object of a build.
type Object struct {
	manifest.Object
	// typed is the object as the API server decodes it, or nil where the kind isn't one of Kubernetes, or the object
	// can't be decoded.
	typed runtime.Object
	// refusal is the error of the API server about the object's fields.
	refusal error
}

// decoder decodes as the API server does for a request with fieldValidation=Strict.
var decoder = serializer.NewCodecFactory(scheme.Scheme, serializer.EnableStrict).UniversalDeserializer()

func decode(o manifest.Object) Object {
	decoded := Object{Object: o}
	text, err := json.Marshal(o.Fields)
	if err != nil {
		decoded.refusal = err
		return decoded
	}
	decoded.typed, _, err = decoder.Decode(text, nil, nil)
	if err != nil && !runtime.IsNotRegisteredError(err) {
		decoded.refusal = err
	}
	return decoded
}

// strictErrors returns the single errors of an error of the decoder.
func strictErrors(err error) []error {
	if strict, ok := runtime.AsStrictDecodingError(err); ok {
		return strict.Errors()
	}
	if err == nil {
		return nil
	}
	return []error{err}
}
