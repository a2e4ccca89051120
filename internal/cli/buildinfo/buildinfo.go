// Package buildinfo reads the version that Go recorded in the binary.
package buildinfo

import (
	"cmp"
	"runtime"
	"runtime/debug"
	"strings"
)

// Version describes the binary.
type Version struct {
	Version  string `json:"version"`
	Revision string `json:"revision"`
	Modified bool   `json:"modified"`
	Go       string `json:"go"`
	Platform string `json:"platform"`
}

// Read returns the version of the running binary.
func Read() Version {
	v := Version{Version: "unknown", Go: runtime.Version(), Platform: runtime.GOOS + "/" + runtime.GOARCH}
	info, ok := debug.ReadBuildInfo()
	if !ok {
		return v
	}
	v.Version = info.Main.Version
	for _, s := range info.Settings {
		switch s.Key {
		case "vcs.revision":
			v.Revision = s.Value
		case "vcs.modified":
			v.Modified = s.Value == "true"
		}
	}
	return v
}

// Installable returns the version that go install accepts: the commit or the release. It is empty if the binary has
// none, or was built from changed files.
func (v Version) Installable() string {
	if v.Modified || strings.Contains(v.Version, "+dirty") || v.Revision == "" && !strings.HasPrefix(v.Version, "v") {
		return ""
	}
	return cmp.Or(v.Revision, v.Version)
}
