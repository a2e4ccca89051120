package preview

import (
	"cmp"
	"maps"
	"slices"
	"strconv"
	"strings"
	"time"
)

// row adds to a composed row what is known of its source. Free text is only ever a value here.
func (r *resolver) row(w *wish, k *composer) Row {
	row := k.row()
	handOver(&row, w.file.Handover, k.plan.Run)
	row.Source = w.source()
	row.Purpose = Printable(w.purpose())
	members := r.membersOf(w)
	if w.isFile && w.claim == nil && w.file.Lifetime.Expires != nil {
		row.ExpiresAt = w.file.Lifetime.Expires.UTC().Format(time.RFC3339)
	}
	var repositoryID int64
	if c := w.single(); c != nil {
		r.fillPullRequest(&row, c)
		repositoryID = members[0].RepositoryID
	}
	row.Info = info(row, repositoryID, members)
	return row
}

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

func (r *resolver) fillPullRequest(row *Row, c *candidate) {
	row.Number = strconv.Itoa(c.Number)
	row.Title = Printable(c.Title)
	row.Branch, row.BranchSlug = Printable(c.Branch), labelSlug(c.Branch)
	row.TargetBranch, row.TargetBranchSlug = Printable(c.TargetBranch), labelSlug(c.TargetBranch)
	row.HeadSHA = c.HeadSHA
	row.HeadShortSHA, row.HeadShortSHA7 = c.HeadSHA[:min(8, len(c.HeadSHA))], c.HeadSHA[:min(7, len(c.HeadSHA))]
	row.Author = Printable(c.Author)
	for _, l := range c.Labels {
		row.Labels = append(row.Labels, Printable(l))
	}
	slices.Sort(row.Labels)
	row.Repository, row.RepositorySlug = c.repository, labelSlug(c.repository)
	row.PullRequestURL = Printable(c.URL)
	row.IssueKey = r.issueKeyOf(c)
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
func (r *resolver) issueKeyOf(c *candidate) string {
	if r.issueKey == nil {
		return ""
	}
	return Printable(cmp.Or(r.issueKey.FindString(c.Branch), r.issueKey.FindString(c.Title)))
}

// infoRepositoryID is the line of an Application's info from which Recover knows the repository, whatever its name is then.
const infoRepositoryID = "Repository ID"

// infoPullRequests is the same for several pull requests.
const infoPullRequests = "Pull requests"

// info is what Argo CD's UI shows of an environment; empty values are left out.
func info(row Row, repositoryID int64, members []Member) []Info {
	lines, id, several := []Info{}, "", ""
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
	return lines
}

func (k *composer) hostNames() []string { return slices.Sorted(maps.Values(k.hosts)) }
