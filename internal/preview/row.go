package preview

import (
	"cmp"
	"maps"
	"slices"
	"strconv"
	"strings"
)

// single is the one pull request of an environment; nil where there are several, or none.
func (w *wish) single() *candidate {
	if len(w.ghosts) > 0 {
		return nil
	}
	var single *candidate
	for _, c := range w.members {
		switch {
		case c.hold != nil && !c.isIn(w.name):
		case single != nil, c.hold != nil:
			return nil
		default:
			single = c
		}
	}
	return single
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

// issueKeyOf is the tracker's key, looked for in the branch, then in the title.
func (c *Config) issueKeyOf(branch, title string) string {
	if c.issueKey == nil {
		return ""
	}
	return Printable(cmp.Or(c.issueKey.FindString(branch), c.issueKey.FindString(title)))
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
