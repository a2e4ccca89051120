package flags

import (
	"regexp"
	"strings"

	"github.com/previewset/previewset/internal/cli/terminal"
)

var (
	branchName  = regexp.MustCompile(`^[A-Za-z0-9_][A-Za-z0-9._/-]{0,199}$`)
	dnsLabel    = regexp.MustCompile(`^[a-z0-9]([a-z0-9-]{0,61}[a-z0-9])?$`)
	serviceName = regexp.MustCompile(`^[a-z0-9]([a-z0-9-]{0,20}[a-z0-9])?$`)
	fullSHA     = regexp.MustCompile(`^[0-9a-f]{40}$`)
)

// IsDNSLabel reports whether s can name an environment or a namespace.
func IsDNSLabel(s string) bool { return dnsLabel.MatchString(s) }

// IsServiceName reports whether s can name a service.
func IsServiceName(s string) bool { return serviceName.MatchString(s) }

// IsFullCommit reports whether s is a full commit hash.
func IsFullCommit(s string) bool { return fullSHA.MatchString(s) }

func IsBranch(s string) bool {
	for _, bad := range []string{"..", "//", "/.", "./", ".lock/"} {
		if strings.Contains(s+"/", bad) {
			return false
		}
	}
	return branchName.MatchString(s) && !strings.HasSuffix(s, "/")
}

// gitName is what a branch or tag may be called: as Git says, without what shells take for their own.
var gitName = regexp.MustCompile(`^[^\x00-\x20\x7f~^:?*\[\\$` + "`" + `'"/.-][^\x00-\x20\x7f~^:?*\[\\$` + "`" + `'"]{0,254}$`)

func IsGitName(s string) bool {
	return gitName.MatchString(s) && !terminal.HasHidden(s) && !strings.Contains(s, "..") && !strings.Contains(s, "@{") && !strings.Contains(s, "//") &&
		!strings.HasSuffix(s, "/") && !strings.HasSuffix(s, ".lock") && !strings.HasSuffix(s, ".")
}
