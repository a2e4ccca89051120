package preview

import (
	"cmp"
	"fmt"
	"slices"
	"strings"

	"github.com/previewset/previewset/internal/config"
)

// resolveRef returns the commit of a ref. Without a ref it is the zero ServiceRef: the image that kustomize-base has.
// The file is the one that has the ref.
func resolveRef(in *input, s *config.Service, ref *config.Ref, file string) (config.ServiceRef, *hold) {
	if ref == nil {
		return config.ServiceRef{}, nil
	}
	repository, isRead := in.readRepository(strings.ToLower(s.Repository))
	if !isRead {
		return config.ServiceRef{}, &hold{
			rule:   RuleUnread,
			reason: fmt.Sprintf("%s was never read, so what service %s runs at is unknown", s.Repository, s.Name),
			remedy: "wait; it is read again",
		}
	}
	if ref.PullRequest != 0 {
		return resolvePullRequest(in, s, repository, ref, file)
	}
	resolved, ok := config.ServiceRef{SHA: ref.SHA}, false
	switch {
	case ref.SHA != "":
		ok = repository.Commits[ref.SHA]
	case ref.Branch != "":
		resolved.Branch = ref.Branch
		resolved.SHA, ok = repository.Branches[ref.Branch]
	default:
		resolved.SHA, ok = repository.Tags[ref.Tag]
	}
	if !ok {
		return config.ServiceRef{}, unresolvedHold(s, ref, file)
	}
	return resolved, nil
}

func unresolvedHold(s *config.Service, ref *config.Ref, file string) *hold {
	what, remedy := ref.String(), "push it, or name another in "+file
	if ref.SHA != "" {
		what += " on its default branch or at a branch's head"
		remedy = "push it to a branch, or name that branch or a tag instead in " + file
	}
	return &hold{
		rule:   RuleRef,
		reason: fmt.Sprintf("%s has no %s, which service %s runs at", s.Repository, what, s.Name),
		remedy: remedy,
	}
}

// resolvePullRequest returns the head of an open pull request. If it comes from a fork, its commit needs the approval
// that a labelled pull request needs.
func resolvePullRequest(
	in *input, s *config.Service, repository Repository, ref *config.Ref, file string,
) (config.ServiceRef, *hold) {
	pr, ok := openPullRequest(repository, ref.PullRequest)
	if !ok || !config.IsSHA(pr.HeadSHA) {
		return config.ServiceRef{}, unresolvedHold(s, ref, file)
	}
	if h := commitHold(in, pr, s); h != nil {
		h.reason = fmt.Sprintf("%s#%d, which service %s runs at: %s", s.Repository, pr.Number, s.Name, h.reason)
		return config.ServiceRef{}, h
	}
	return pr.headRef(), nil
}

func openPullRequest(repository Repository, number int) (PullRequest, bool) {
	return findByNumber(repository.PullRequests, number)
}

// findByNumber searches pull requests in ascending order. A repository may have thousands.
func findByNumber(prs []PullRequest, number int) (PullRequest, bool) {
	i, ok := slices.BinarySearchFunc(prs, number, func(pr PullRequest, n int) int { return cmp.Compare(pr.Number, n) })
	if !ok {
		return PullRequest{}, false
	}
	return prs[i], true
}
