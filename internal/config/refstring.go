package config

import "fmt"

// String names the ref for people, for example `branch "main"`.
func (r Ref) String() string {
	switch {
	case r.Branch != "":
		return fmt.Sprintf("branch %q", Printable(r.Branch))
	case r.Tag != "":
		return fmt.Sprintf("tag %q", Printable(r.Tag))
	case r.PullRequest != 0:
		return fmt.Sprintf("open pull request #%d", r.PullRequest)
	}
	return "commit " + r.SHA
}
