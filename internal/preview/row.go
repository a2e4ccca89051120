package preview

import (
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/previewset/previewset/internal/config"
)

// pullRequestsText returns the members for a row, for recovery: owner/name#number, with the repository's numeric
// identity after a colon if it is known.
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

// infoRepositoryID is the info line from which recovery gets the repository's identity.
const infoRepositoryID = "Repository ID"

// infoPullRequests is the info line from which recovery gets the members.
const infoPullRequests = "Pull requests"

// info returns the lines that Argo CD's UI shows. Empty values are omitted.
func info(row Row, repositoryID int64, members []Member) []Info {
	lines, id, pullRequests := make([]Info, 0, 12), "", ""
	if row.Number == "" {
		pullRequests = pullRequestsText(members)
	}
	if repositoryID != 0 {
		id = strconv.FormatInt(repositoryID, 10)
	}
	for _, l := range []Info{
		{"Preview", row.URL},
		{"Pull request", row.PullRequestURL},
		{infoPullRequests, pullRequests},
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
	return slices.Clone(lines) // without spare capacity
}

// sourcedRow adds the facts of the source to a composed row. Free text is only ever a value.
func sourcedRow(cfg *config.Config, parts *ingredients, c *composer) Row {
	row := c.row()
	handOver(&row, parts.handover, parts.plan.Run)
	row.Source, row.Purpose = parts.source, config.Printable(parts.purpose)
	if !parts.expires.IsZero() {
		row.ExpiresAt = parts.expires.UTC().Format(time.RFC3339)
	}
	if parts.single != (pullRequestFacts{}) {
		fillPullRequest(cfg, &row, parts)
	}
	row.Info = info(row, parts.single.repositoryID, parts.members)
	return row
}

func fillPullRequest(cfg *config.Config, row *Row, parts *ingredients) {
	pr := parts.single
	row.Number = strconv.Itoa(pr.number)
	row.Title = config.Printable(pr.title)
	row.Branch, row.BranchSlug = config.Printable(pr.branch), config.LabelSlug(pr.branch)
	row.TargetBranch, row.TargetBranchSlug = config.Printable(pr.targetBranch), config.LabelSlug(pr.targetBranch)
	row.HeadSHA = pr.headSHA
	row.HeadShortSHA, row.HeadShortSHA7 = pr.headSHA[:min(8, len(pr.headSHA))], short(pr.headSHA)
	row.Author = config.Printable(pr.author)
	for _, l := range parts.labels {
		row.Labels = append(row.Labels, config.Printable(l))
	}
	slices.Sort(row.Labels)
	row.Repository, row.RepositorySlug = pr.repository, config.LabelSlug(pr.repository)
	row.PullRequestURL = config.Printable(pr.url)
	row.IssueKey = config.Printable(cfg.IssueKey(pr.branch, pr.title))
}
