package admission

import (
	"testing"

	"github.com/previewset/previewset/internal/overlay/manifest"
)

func TestAllowedPartsOfObjects(t *testing.T) {
	t.Parallel()
	var settings Settings
	settings.AddConfigMap("appsets/settings.yaml", objectFrom(t, settingsManifest))
	rules := NewRules(&settings, "preview-")
	annotated := func(kind, key, value string) bool {
		text := "{kind: " + kind + ", metadata: {name: a, annotations: {" + key + ": '" + value + "'}}}"
		return rules.AllowsAnnotation(objectFrom(t, text), key)
	}
	configMap := objectFrom(t, "{kind: ConfigMap, metadata: {name: a}}")
	pod := func(text string) manifest.Object { return objectFrom(t, text) }
	const redirect = "nginx.ingress.kubernetes.io/ssl-redirect"
	for _, tt := range []struct {
		name      string
		got, want bool
	}{
		{"an allowed annotation", annotated("ConfigMap", "example.test/one", "a"), true},
		{"an annotation with another prefix", annotated("ConfigMap", "prometheus.io/scrape", "a"), false},
		{"an annotation of ingress-nginx", annotated("Ingress", redirect, "true"), true},
		{"an annotation of ingress-nginx with code in its value", annotated("Ingress", redirect, "true; }"), false},
		{"an annotation of ingress-nginx on an HTTPRoute", annotated("HTTPRoute", redirect, "true"), false},
		{"an allowed label", rules.AllowsLabel(configMap, "example.dev/any"), true},
		{"a label with another prefix", rules.AllowsLabel(configMap, "istio.io/rev"), false},
		{"an allowed annotation of Pods", rules.AllowsTemplateAnnotation("example.test/one"), true},
		{"an annotation of Pods with another prefix", rules.AllowsTemplateAnnotation("linkerd.io/inject"), false},
		{"an allowed label of Pods", rules.AllowsTemplateLabel("app.kubernetes.io/name"), true},
		{"a refused label of Pods", rules.AllowsTemplateLabel("aadpodidbinding"), false},
		{"a usual field of Pods", rules.AllowsPodField(pod("{containers: []}"), "containers"), true},
		{"an allowed priority", rules.AllowsPodField(pod("{priorityClassName: low}"), "priorityClassName"), true},
		{"another priority", rules.AllowsPodField(pod("{priorityClassName: high}"), "priorityClassName"), false},
		{"an allowed taint", rules.AllowsToleration("previewset.dev/spot"), true},
		{"another taint", rules.AllowsToleration("gpu"), false},
		{"memory", rules.AllowsResource("memory"), true},
		{"a GPU", rules.AllowsResource("nvidia.com/gpu"), false},
		{"an allowed storage class", rules.AllowsStorageClass("slow"), true},
		{"another storage class", rules.AllowsStorageClass("fast"), false},
		{"an empty volume", rules.AllowsVolume("emptyDir"), true},
		{"a path of the host", rules.AllowsVolume("hostPath"), false},
	} {
		if tt.got != tt.want {
			t.Errorf("%s is allowed: %t, want %t", tt.name, tt.got, tt.want)
		}
	}
}

func TestEverythingIsAllowedWithoutSettings(t *testing.T) {
	t.Parallel()
	rules := NewRules(&Settings{}, "preview-")
	configMap := objectFrom(t, "{kind: ConfigMap, metadata: {name: a, annotations: {a.test/b: c}}}")
	if !rules.AllowsAnnotation(configMap, "a.test/b") || !rules.AllowsLabel(configMap, "a.test/b") ||
		!rules.AllowsTemplateAnnotation("a.test/b") || !rules.AllowsTemplateLabel("a.test/b") ||
		!rules.AllowsPodField(configMap, "nodeName") || !rules.AllowsToleration("gpu") ||
		!rules.AllowsResource("nvidia.com/gpu") || !rules.AllowsStorageClass("fast") {
		t.Error("a part is refused, although no settings are known")
	}
}
