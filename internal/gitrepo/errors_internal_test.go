package gitrepo

import (
	"testing"
)

func TestUnreachableIsNoRefusal(t *testing.T) {
	t.Parallel()
	for status, want := range map[string]bool{
		"failed to update ref": true,
		"cannot lock ref 'refs/heads/main': is at 1 but expected 2": true,
		"Unable to create '/srv/config.git/./refs/heads/main.lock'": true,
		"fetch first":                    true,
		"non-fast-forward":               true,
		"lock error":                     true,
		"pre-receive hook declined":      false,
		"protected branch hook declined": false,
		"GitLab: You are not allowed to push code to protected branches on this project.": false,
		"permission denied": false,
	} {
		if got := isTransientRefusal(status); got != want {
			t.Errorf("%q: %v, want %v", status, got, want)
		}
	}
}
