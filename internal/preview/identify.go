package preview

import (
	"cmp"
	"fmt"
	"maps"
	"slices"
	"strings"

	"github.com/previewset/previewset/internal/config"
)

// pullRequest is an open pull request with its identity.
type pullRequest struct {
	PullRequest
	repository    string // as GitHub spells it
	repositoryID  int64  // 0 if unknown
	key           string // the repository in lower case
	owner         string // the login that limits.perOwner counts it for
	dedicatedName string // of its own environment
	membership    *membership
	labels        requestLabels
}

// membership is the place of a pull request in the last snapshot.
type membership struct {
	environment *Remembered
	last        Member
}

// orphan is a member that can't be read now, or that seems to leave without enough evidence. It stays in its environment
// at its last commit.
type orphan struct {
	Member
	hold *hold
}

// identities are the pull requests and the members of the last snapshot that they are.
type identities struct {
	pullRequests []*pullRequest
	repositories map[string]int64 // the numeric identities by lower-case name
	unread       []string         // configured repositories without a complete read
	problems     []string
	decided      map[string]Decided // the last decisions, by the present names
	carried      map[string]Decided // the last decisions about pull requests that can't be read now
	memberships  map[string]membership
	orphans      map[string][]orphan // by environment
	leaving      map[string]Leaving  // for the next snapshot
}

// identify finds the open pull requests, and for each member of the last snapshot its pull request.
func identify(in *input) *identities {
	ids := &identities{
		repositories: map[string]int64{}, unread: []string{}, decided: in.memory.Since, carried: map[string]Decided{},
		memberships: make(map[string]membership, len(in.previous)), orphans: map[string][]orphan{},
		leaving: map[string]Leaving{},
	}
	for _, key := range in.cfg.Repositories() {
		repository, ok := in.readRepository(key)
		if !ok {
			ids.addUnread(in, key)
			continue
		}
		ids.repositories[key] = repository.ID
		ids.decided = renameDecisions(ids.decided, key, strings.ToLower(config.Printable(repository.FullName)))
		ids.addPullRequests(in.cfg, key, repository)
	}
	ids.findMembers(in)
	for _, pr := range ids.pullRequests {
		if m, ok := ids.memberships[pr.subject()]; ok {
			pr.membership = &m
			if !isNamed(m.environment.Row.Name) {
				pr.dedicatedName = m.environment.Row.Name // a new alias moves no environment
			}
		}
	}
	return ids
}

// addUnread notes a configured repository without a complete read.
func (ids *identities) addUnread(in *input, key string) {
	ids.unread = append(ids.unread, key)
	if id, ok := in.memory.Repositories[key]; ok {
		ids.repositories[key] = id
	}
	problem := key + " was never read; its pull requests are unknown"
	if other, ok := in.facts.Repositories[key]; ok {
		problem = fmt.Sprintf("%s is another repository now (ID %d → %d), so nothing that it has gets a preview; give "+
			"the name back, or previewctl confirm --repository %s to take it as it is",
			key, in.memory.Identity(key), other.ID, key)
	}
	ids.problems = append(ids.problems, problem)
	// Queue positions stay. They may be saved under another name of the repository.
	for about, previous := range ids.decided {
		if repository, _, ok := strings.Cut(about, "#"); ok && (repository == key || !in.isConfigured(repository)) {
			ids.carried[about] = previous
		}
	}
}

// renameDecisions returns the last decisions about a repository under its present name.
func renameDecisions(decided map[string]Decided, key, name string) map[string]Decided {
	if name == "" || name == key {
		return decided
	}
	renamed := map[string]Decided{}
	for about, previous := range decided {
		if repository, number, ok := strings.Cut(about, "#"); ok && repository == key {
			renamed[name+"#"+number] = previous
		}
	}
	if len(renamed) == 0 {
		return decided
	}
	maps.Copy(renamed, decided)
	return renamed
}

func (ids *identities) addPullRequests(cfg *config.Config, key string, repository Repository) {
	fullName, part := config.Printable(cmp.Or(repository.FullName, key)), config.RepositoryPart(cfg.Policy, key)
	for _, pr := range repository.PullRequests {
		ids.pullRequests = append(ids.pullRequests, &pullRequest{
			PullRequest: pr, repository: fullName, repositoryID: repository.ID, key: key,
			owner: ownerOf(cfg.Policy.PullRequests, pr), dedicatedName: config.NumberedName(part, pr.Number),
			labels: parseLabels(cfg.Policy.PullRequests, pr.Labels),
		})
	}
}

// findMembers finds for each member of a live environment the repository that accounts for it now: the one with its
// numeric identity, which may have been renamed. Members without one become orphans.
func (ids *identities) findMembers(in *input) {
	var missing []membership
	for _, name := range slices.Sorted(maps.Keys(in.previous)) {
		for _, m := range in.previous[name].Members {
			found := membership{in.previous[name], m}
			repository, ok := in.anyRepository(m.Repository)
			if !ok || !sameIdentity(m.RepositoryID, repository.ID) || !ids.addMembership(in, found, m.Repository) {
				missing = append(missing, found)
			}
		}
	}
	renamed := repositoriesByID(in)
	for _, m := range missing {
		key := renamed[m.last.RepositoryID]
		if (key != "" && ids.addMembership(in, m, key)) || in.isConfirmed(m.environment.Row.Name) {
			continue
		}
		// guard unreadable-repository: if !in.isConfigured(m.last.Repository) { $ }
		// guard removed-repository: if in.isConfigured(m.last.Repository) { $ }
		ids.addOrphan(m, missingRepository(in, m))
	}
}

func (ids *identities) addOrphan(m membership, h *hold) {
	name := m.environment.Row.Name
	ids.orphans[name] = append(ids.orphans[name], orphan{m.last, h})
}

// repositoriesByID returns the readable repositories by numeric identity; of two the first by name.
func repositoriesByID(in *input) map[int64]string {
	keys := map[int64]string{}
	for _, key := range slices.Backward(in.cfg.Repositories()) {
		if repository, ok := in.readRepository(key); ok && repository.ID != 0 {
			keys[repository.ID] = key
		}
	}
	return keys
}

// addMembership notes that a repository accounts for a member. It returns false if the pull request is a member of
// another environment already.
func (ids *identities) addMembership(in *input, m membership, key string) bool {
	about := subject(key, m.last.Number)
	if _, ok := ids.memberships[about]; ok {
		return false
	}
	ids.memberships[about] = m
	name := m.environment.Row.Name
	if why, ok := in.facts.Repositories[key].Unread[m.last.Number]; ok && !in.isConfirmed(name) { // guard unread-member: false
		ids.addOrphan(m, &hold{
			rule: RuleUnread, needsConfirmation: true, reason: "whether its pull request is open can't be read: " + why,
			remedy: "wait; it is read again. Or previewctl confirm " + name + " to remove it",
		})
	}
	return true
}

// missingRepository returns why no repository accounts for a member.
func missingRepository(in *input, m membership) *hold {
	last := m.last
	letGo := "previewctl confirm " + m.environment.Row.Name + " to remove it"
	if !in.isConfigured(last.Repository) {
		return &hold{
			rule: RuleWithheld, needsConfirmation: true, reason: "its repository isn't in the configuration any more",
			remedy: "name the repository again, or " + letGo,
		}
	}
	other, ok := in.facts.Repositories[last.Repository]
	if !ok || sameIdentity(last.RepositoryID, other.ID) {
		return &hold{
			rule: RuleUnread, needsConfirmation: true, reason: "its repository can't be read",
			remedy: "see the generator's /readyz?verbose, or " + letGo,
		}
	}
	return &hold{
		rule: RuleWithheld, needsConfirmation: true,
		reason: fmt.Sprintf("the name %s belongs to another repository now (ID %d → %d), which says nothing of its pull "+
			"request",
			last.Repository, last.RepositoryID, other.ID),
		remedy: "give the name back, name the repository as it is called now, or " + letGo,
	}
}

func (pr *pullRequest) subject() string { return subject(pr.key, pr.Number) }

func (pr *pullRequest) isOlder(other *pullRequest) bool { return comparePullRequests(pr, other) < 0 }

// comparePullRequests orders by arrival.
func comparePullRequests(a, b *pullRequest) int {
	return cmp.Or(a.Created.Compare(b.Created), cmp.Compare(a.Number, b.Number), cmp.Compare(a.key, b.key))
}
