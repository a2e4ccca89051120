package build

import "testing"

func TestSetImages(t *testing.T) {
	t.Parallel()
	tests := []struct{ image, name, tag string }{
		{"ghcr.io/acme/web:v1", "ghcr.io/acme/web", "v1"},
		{"localhost:5000/web:v1", "localhost:5000/web", "v1"},
		{"localhost:5000/web", "localhost:5000/web", ""},
		{"web", "web", ""},
	}
	for _, tt := range tests {
		got := setImages(nil, []string{tt.image})
		if len(got) != 1 || got[0].Name != tt.name || got[0].NewTag != tt.tag {
			t.Errorf("setImages(%q) = %+v", tt.image, got)
		}
	}
}
