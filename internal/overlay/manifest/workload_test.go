package manifest

import "testing"

func TestIsStopped(t *testing.T) {
	t.Parallel()
	template := map[string]any{"spec": map[string]any{}}
	tests := []struct {
		name string
		kind string
		spec map[string]any
		want bool
	}{
		{"a Deployment with replicas", "Deployment", map[string]any{"replicas": 1, "template": template}, false},
		{"a Deployment without replicas field", "Deployment", map[string]any{"template": template}, false},
		{"a Deployment with zero replicas", "Deployment", map[string]any{"replicas": 0, "template": template}, true},
		{"a CronJob", "CronJob", map[string]any{}, false},
		{"a suspended CronJob", "CronJob", map[string]any{"suspend": true}, true},
		{"a Job", "Job", map[string]any{"template": template}, true},
		{"a Pod", "Pod", map[string]any{}, false},
		{"a Service", "Service", map[string]any{}, true},
	}
	for _, tt := range tests {
		if got := (Object{Kind: tt.kind, Fields: map[string]any{"spec": tt.spec}}).IsStopped(); got != tt.want {
			t.Errorf("%s: IsStopped is %v", tt.name, got)
		}
	}
}

func TestCutTag(t *testing.T) {
	t.Parallel()
	for _, tt := range []struct{ image, name, tag string }{
		{"ghcr.io/acme/web:v1", "ghcr.io/acme/web", "v1"},
		{"localhost:5000/web:v1", "localhost:5000/web", "v1"},
		{"localhost:5000/web", "localhost:5000/web", ""},
		{"web", "web", ""},
	} {
		if name, tag := CutTag(tt.image); name != tt.name || tag != tt.tag {
			t.Errorf("CutTag(%q) = %q, %q", tt.image, name, tag)
		}
	}
}
