package buildinfo

import "testing"

func TestInstallable(t *testing.T) {
	t.Parallel()
	const commit = "0123456789012345678901234567890123456789"
	tests := []struct {
		name string
		v    Version
		want string
	}{
		{"a build in a clone", Version{Version: "(devel)", Revision: commit}, commit},
		{"a release", Version{Version: "v1.2.3"}, "v1.2.3"},
		{"an installed commit", Version{Version: "v0.0.0-20261129170000-012345678901"}, "v0.0.0-20261129170000-012345678901"},
		{"changed files", Version{Version: "(devel)", Revision: commit, Modified: true}, ""},
		{"changed files, in the version", Version{Version: "v0.0.0-20261129170000-012345678901+dirty"}, ""},
		{"a test", Version{Version: "(devel)"}, ""},
		{"no information", Version{Version: "unknown"}, ""},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			if got := tt.v.Installable(); got != tt.want {
				t.Errorf("Installable() = %q, want %q", got, tt.want)
			}
		})
	}
}
