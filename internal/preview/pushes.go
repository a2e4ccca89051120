package preview

import (
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"slices"
	"strings"

	"github.com/previewset/previewset/internal/config"
)

// pushes are the commits that people chose for an environment, as hashes in a sorted list.
type pushes struct {
	heads   string
	isKnown bool // false if a repository that the file chooses from can't be read
}

// findPushes returns the commits of the members, of the refs in the file, and of the file itself. Commits of default
// refs don't count: they would keep all environments awake. An orphan keeps the commit that it had.
func findPushes(in *input, desired *desiredEnvironment) pushes {
	var all []string
	add := func(name string, of ...any) {
		sum := sha256.Sum256([]byte(fmt.Sprintln(of...)))
		all = append(all, name+"="+hex.EncodeToString(sum[:8]))
	}
	for _, m := range desired.members {
		if desired.isDedicated || desired.isMember(m) {
			add(Member{Repository: m.key, RepositoryID: m.repositoryID, Number: m.Number}.lasting(), m.HeadSHA)
		}
	}
	all = append(all, lastPushes(in, desired)...)
	for name, ref := range desired.file.EachRef() {
		sha, ok := chosenCommit(in, name, ref)
		if !ok {
			return pushes{}
		}
		add(name, sha)
	}
	if desired.claim != nil {
		add("claim", desired.claim.Holders, desired.claim.Since)
	}
	if tree := in.cfg.FolderTree(desired.name); tree != "" {
		add("folder", tree)
	}
	return pushes{strings.Join(sortedSet(all), " "), true}
}

// lastPushes returns the remembered commits of members that can't be read now.
func lastPushes(in *input, desired *desiredEnvironment) (heads []string) {
	var missing []Member
	last := in.memory.Lives[desired.name].Heads
	for _, o := range desired.orphans {
		missing = append(missing, o.Member)
	}
	if left, ok := in.memory.Expired[desired.name]; ok && desired.previous == nil {
		last = left.Heads
		for _, m := range left.Members {
			if _, isRead := in.anyRepository(m.Repository); !isRead {
				missing = append(missing, m)
			}
		}
	}
	for _, m := range missing {
		for head := range strings.FieldsSeq(last) {
			if strings.HasPrefix(head, m.lasting()+"=") {
				heads = append(heads, head)
			}
		}
	}
	return heads
}

// isPush reports whether heads contain a new commit. A pull request that closed or left is no push.
func isPush(heads, last string) bool {
	if heads == last {
		return false
	}
	before := strings.Fields(last)
	return slices.ContainsFunc(strings.Fields(heads), func(head string) bool { return !slices.Contains(before, head) })
}

// chosenCommit returns the commit of a ref in a file; empty if there is none. It returns false if it is unknown.
func chosenCommit(in *input, service string, ref config.Ref) (sha string, ok bool) {
	s := in.cfg.Policy.Services.Get(service)
	if s == nil {
		return "", true
	}
	repository, ok := in.readRepository(strings.ToLower(s.Repository))
	switch {
	case ref.SHA != "":
		sha = ref.SHA
	case ref.Branch != "":
		sha = repository.Branches[ref.Branch]
	case ref.Tag != "":
		sha = repository.Tags[ref.Tag]
	default:
		pr, _ := openPullRequest(repository, ref.PullRequest)
		sha = pr.HeadSHA
	}
	return sha, ok
}
