package preview

import (
	"fmt"
	"maps"
	"slices"
	"strings"

	"github.com/previewset/previewset/internal/config"
)

// shareServices decides at which member's head each service runs. If two pull requests change the same service, the
// earlier one runs, and the other is held. A held member and an orphan stay at the commits that they had. It sets the
// hold of a member in conflict, and takes its environment away: it must not stay here with the services of another one.
func shareServices(in *input, desired *desiredEnvironment) map[string]config.ServiceRef {
	heads, runs := map[string]config.ServiceRef{}, map[string]*pullRequest{}
	reserved := reservedServices(in, desired)
	for _, m := range desired.members {
		if m.hold != nil {
			continue
		}
		if m.hold = conflictHold(desired.name, m, runs, reserved); m.hold != nil {
			if m.isIn(desired.name) {
				m.environment = nil
			}
			continue
		}
		for name, ref := range m.heads {
			runs[name], heads[name] = m.pullRequest, ref
		}
	}
	for _, s := range stayingMembers(desired) {
		for name, ref := range lastRun(in, desired, s) {
			if _, taken := heads[name]; !taken {
				heads[name] = ref
			}
		}
	}
	return heads
}

// reservedServices returns the pull requests that the file or an earlier snapshot gave services to.
func reservedServices(in *input, desired *desiredEnvironment) map[string]*pullRequest {
	reserved := pinnedPullRequests(in, desired)
	for _, pr := range stayingMembers(desired) {
		for name := range lastRun(in, desired, pr) {
			if other := reserved[name]; other == nil || pr.isOlder(other) {
				reserved[name] = pr
			}
		}
	}
	return reserved
}

// pinnedPullRequests returns the open pull requests that the file pins services to.
func pinnedPullRequests(in *input, desired *desiredEnvironment) map[string]*pullRequest {
	pinned := map[string]*pullRequest{}
	for name, ref := range desired.file.EachRef() {
		s := in.cfg.Policy.Services.Get(name)
		if s == nil || ref.PullRequest == 0 {
			continue
		}
		key := strings.ToLower(s.Repository)
		if repository, ok := in.readRepository(key); ok {
			if pr, isOpen := openPullRequest(repository, ref.PullRequest); isOpen {
				pinned[name] = &pullRequest{PullRequest: pr, key: key}
			}
		}
	}
	return pinned
}

// stayingMembers returns the members that stay at their last commits. An orphan counts as the oldest, since it had its
// services while it could be read.
func stayingMembers(desired *desiredEnvironment) []*pullRequest {
	var staying []*pullRequest
	for _, m := range desired.members {
		if m.hold != nil && m.isIn(desired.name) {
			staying = append(staying, m.pullRequest)
		}
	}
	for _, o := range desired.orphans {
		staying = append(staying, &pullRequest{PullRequest: PullRequest{Number: o.Number}, key: o.Repository})
	}
	return staying
}

// lastRun returns the services that ran at a pull request's commit.
func lastRun(in *input, desired *desiredEnvironment, pr *pullRequest) map[string]config.ServiceRef {
	runs := map[string]config.ServiceRef{}
	for name, ref := range desired.previous.Run {
		if s := in.cfg.Policy.Services.Get(name); s != nil && ref.Number == pr.Number &&
			strings.EqualFold(s.Repository, pr.key) {
			runs[name] = ref
		}
	}
	return runs
}

// conflictHold holds a pull request that changes a service of another one.
func conflictHold(environment string, m *member, runs, reserved map[string]*pullRequest) *hold {
	for _, name := range slices.Sorted(maps.Keys(m.heads)) {
		other := runs[name]
		if r := reserved[name]; other == nil && r != nil && r.subject() != m.subject() && r.isOlder(m.pullRequest) {
			other = r
		}
		if other != nil {
			return &hold{
				rule: RuleConflict,
				reason: fmt.Sprintf("both %s and %s change service %s, and the earlier of them, %s, runs in %s",
					other.subject(), m.subject(), name, other.subject(), environment),
				remedy: fmt.Sprintf("take %s out of %s, or close one of the two", m.subject(), environment),
			}
		}
	}
	return nil
}
