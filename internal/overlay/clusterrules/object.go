package clusterrules

import (
	"encoding/json"

	corev1 "k8s.io/api/core/v1"
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
	if t, ok := decoded.template(); ok {
		fillVolumes(t.spec)
	}
	return decoded
}

// fillVolumes makes each volume without a type an emptyDir, as the API server does.
func fillVolumes(pod *corev1.PodSpec) {
	for i := range pod.Volumes {
		if pod.Volumes[i].VolumeSource == (corev1.VolumeSource{}) {
			pod.Volumes[i].EmptyDir = &corev1.EmptyDirVolumeSource{}
		}
	}
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
