package preview

import (
	"fmt"
	"slices"
	"strings"

	"github.com/previewset/previewset/internal/config"
)

// resolveRef finds the commit that a service is to run at where no member of the environment says. The zero Pin is of no
// ref: kustomize-base's image runs. The file is the one that says the ref.
func (r *resolver) resolveRef(s *config.Service, ref *config.Ref, file string) (config.ServiceRef, *hold) {
	if ref == nil {
		return config.ServiceRef{}, nil
	}
	repository, read := r.heard(strings.ToLower(s.Repository))
	if !read {
		return config.ServiceRef{}, &hold{rule: ruleUnread, reason: fmt.Sprintf("%s was never read, so what service %s runs at is unknown", s.Repository, s.Name), remedy: "wait; it is read again"}
	}
	if ref.PullRequest != 0 {
		return r.resolvePullRequest(s, repository, ref, file)
	}
	pin, ok := config.ServiceRef{SHA: ref.SHA}, false
	switch {
	case ref.SHA != "":
		ok = repository.Commits[ref.SHA]
	case ref.Branch != "":
		pin.Branch = ref.Branch
		pin.SHA, ok = repository.Branches[ref.Branch]
	default:
		pin.SHA, ok = repository.Tags[ref.Tag]
	}
	if !ok {
		return config.ServiceRef{}, unresolved(s, ref, file)
	}
	return pin, nil
}

func unresolved(s *config.Service, ref *config.Ref, file string) *hold {
	what, remedy := ref.String(), "push it, or name another in "+file
	if ref.SHA != "" {
		what += " on its default branch or at a branch's head"
		remedy = "push it to a branch, or name that branch or a tag instead in " + file
	}
	return &hold{rule: ruleRef, reason: fmt.Sprintf("%s has no %s, which service %s runs at", s.Repository, what, s.Name), remedy: remedy}
}

// resolvePullRequest is the head of an open pull request, as far as its code may run here: what is asked of a labelled one
// that comes from a fork is asked of this one.
func (r *resolver) resolvePullRequest(s *config.Service, repository Repository, ref *config.Ref, file string) (config.ServiceRef, *hold) {
	pr, ok := openPullRequest(repository, ref.PullRequest)
	if !ok || !config.IsSHA(pr.HeadSHA) {
		return config.ServiceRef{}, unresolved(s, ref, file)
	}
	if pr.isFork() && r.Policy.PullRequests.Forks != "approved" {
		return config.ServiceRef{}, of(s, pr, forkHold(pr))
	}
	if h := pr.approval(); h != nil {
		return config.ServiceRef{}, of(s, pr, h)
	}
	c := &candidate{PullRequest: pr, key: strings.ToLower(s.Repository)}
	if h := r.headHold(c, *s); h != nil {
		return config.ServiceRef{}, of(s, pr, h)
	}
	return config.ServiceRef{SHA: pr.HeadSHA, Branch: pr.Branch, Number: pr.Number}, nil
}

// of says of a hold whose it is.
func of(s *config.Service, pr PullRequest, h *hold) *hold {
	named := *h
	named.reason = fmt.Sprintf("%s#%d, which service %s runs at: %s", s.Repository, pr.Number, s.Name, h.reason)
	return &named
}

func openPullRequest(repository Repository, number int) (PullRequest, bool) {
	i := slices.IndexFunc(repository.PullRequests, func(pr PullRequest) bool { return pr.Number == number })
	if i < 0 {
		return PullRequest{}, false
	}
	return repository.PullRequests[i], true
}
