package flags

import (
	"regexp"
	"strings"

	"github.com/previewset/previewset/internal/cli/terminal"
	"github.com/previewset/previewset/internal/config"
)

const (
	// specialInNames is a part of a character class.
	specialInNames = `\x00-\x20\x7f~^:?*\[\\$'"` + "`"

	maxLabel   = 63 // of a DNS label, in characters
	maxService = 22
)

var (
	branchName = regexp.MustCompile(`^[A-Za-z0-9_][A-Za-z0-9._/-]{0,199}$`)
	// gitName is Git's rule for branches and tags, without the characters that are special in shells.
	gitName = regexp.MustCompile(`^[^` + specialInNames + `/.-][^` + specialInNames + `]{0,254}$`)
)

// IsDNSLabel reports whether s can name an environment or a namespace.
func IsDNSLabel(s string) bool { return config.IsDNSLabel(s, maxLabel) }

// IsServiceName reports whether s can name a service.
func IsServiceName(s string) bool { return config.IsDNSLabel(s, maxService) }

// IsBranch reports whether s is a branch name that needs no quoting in YAML, shells and URLs.
func IsBranch(s string) bool {
	for _, bad := range []string{"..", "//", "/.", "./", ".lock/"} {
		if strings.Contains(s+"/", bad) {
			return false
		}
	}
	return branchName.MatchString(s) && !strings.HasSuffix(s, "/")
}

// IsGitName reports whether s can be the name of an existing branch or tag.
func IsGitName(s string) bool {
	for _, bad := range []string{"..", "@{", "//"} {
		if strings.Contains(s, bad) {
			return false
		}
	}
	for _, bad := range []string{"/", ".lock", "."} {
		if strings.HasSuffix(s, bad) {
			return false
		}
	}
	return gitName.MatchString(s) && !terminal.HasHidden(s)
}
