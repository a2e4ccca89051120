package preview

import (
	"maps"
	"slices"
	"strconv"
	"strings"
)

// single is what a row says of the one pull request of an environment; zero where there are several, or none. While that one
// stays as it was, so does what is said of it: ApplicationSets may choose by it.
func (w *wish) single(members []Member) (facts pullRequestFacts, labels []string) {
	if len(members) != 1 {
		return facts, nil
	}
	for _, c := range w.members {
		if c.hold == nil {
			return pullRequestFacts{
				number: c.Number, repositoryID: members[0].RepositoryID, title: c.Title, branch: c.Branch, targetBranch: c.TargetBranch,
				headSHA: c.HeadSHA, author: c.Author, repository: c.repository, url: c.URL,
			}, c.Labels
		}
	}
	if w.was == nil || len(w.was.Members) != 1 || w.was.Row.Number != strconv.Itoa(members[0].Number) {
		return facts, nil
	}
	was := w.was.Row
	return pullRequestFacts{
		number: members[0].Number, repositoryID: members[0].RepositoryID, title: was.Title, branch: was.Branch, targetBranch: was.TargetBranch,
		headSHA: was.HeadSHA, author: was.Author, repository: was.Repository, url: was.PullRequestURL,
	}, was.Labels
}

// pullRequestsText is how a row names several members, so that they can be told where memory is lost: owner/name#number, and
// the repository's numeric identity after a colon where it is known.
func pullRequestsText(members []Member) string {
	texts := make([]string, len(members))
	for i, m := range members {
		texts[i] = m.subject()
		if m.RepositoryID != 0 {
			texts[i] += ":" + strconv.FormatInt(m.RepositoryID, 10)
		}
	}
	return strings.Join(texts, " ")
}

// infoRepositoryID is the line of an Application's info from which Recover knows the repository, whatever its name is then.
const infoRepositoryID = "Repository ID"

// infoPullRequests is the same for several pull requests.
const infoPullRequests = "Pull requests"

// info is what Argo CD's UI shows of an environment; empty values are left out.
func info(row Row, repositoryID int64, members []Member) []Info {
	lines, id, several := make([]Info, 0, 12), "", ""
	if row.Number == "" {
		several = pullRequestsText(members)
	}
	if repositoryID != 0 {
		id = strconv.FormatInt(repositoryID, 10)
	}
	for _, l := range []Info{
		{"Preview", row.URL},
		{"Pull request", row.PullRequestURL},
		{infoPullRequests, several},
		{"Title", row.Title},
		{"Owner", row.Owner},
		{"Repository", row.Repository},
		{infoRepositoryID, id},
		{"Branch", row.Branch},
		{"Commit", row.HeadSHA},
		{"Profile", row.Profile},
		{"Issue", row.IssueKey},
		{"Purpose", row.Purpose},
	} {
		if l.Value != "" {
			lines = append(lines, l)
		}
	}
	return slices.Clone(lines) // without what it could grow by
}

func (k *composer) hostNames() []string { return slices.Sorted(maps.Values(k.hosts)) }
