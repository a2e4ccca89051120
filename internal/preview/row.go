package preview

import (
	"cmp"
	"maps"
	"slices"
	"strconv"
)

// row adds to a composed row what is known of its pull request. Free text is only ever a value here.
func (r *resolver) row(c candidate, file *Environment, row Row) Row {
	row.Source = "pull-request"
	row.Purpose = Printable(file.Purpose)
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
	row.Info = info(row)
	return row
}

// issueKeyOf is the tracker's key, looked for in the branch, then in the title.
func (r *resolver) issueKeyOf(c candidate) string {
	if r.issueKey == nil {
		return ""
	}
	return Printable(cmp.Or(r.issueKey.FindString(c.Branch), r.issueKey.FindString(c.Title)))
}

// info is what Argo CD's UI shows of an environment; empty values are left out.
func info(row Row) []Info {
	lines := []Info{}
	for _, l := range []Info{
		{"Preview", row.URL},
		{"Pull request", row.PullRequestURL},
		{"Title", row.Title},
		{"Owner", row.Owner},
		{"Repository", row.Repository},
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
