package report

import (
	"cmp"
	"context"
	"slices"
	"strings"
	"time"

	"github.com/previewset/previewset/internal/preview"
)

// Jira writes remote links of issues.
type Jira interface {
	// PutRemoteLink creates a link of an issue, or changes the one with the same ID. It returns whether the issue exists.
	PutRemoteLink(ctx context.Context, issue string, link preview.RemoteLink) (exists bool, err error)
}

// maxTitle is Jira's limit for the title of a link, in bytes.
const maxTitle = 255

// remoteLinks plans the links of all live environments whose pull request names an issue.
type remoteLinks struct {
	jira   Jira
	pageOf func(environment string) string
}

// plan makes a record for each issue and environment. An environment that isn't in the snapshot is gone, or has another
// issue now.
func (l remoteLinks) plan(v *view) (entries []entry, kept []string) {
	live := map[string]bool{}
	for i := range v.snapshot.Rows {
		row := &v.snapshot.Rows[i]
		address := cmp.Or(row.URL, l.pageOf(row.Name))
		if row.IssueKey == "" || address == "" {
			continue
		}
		key := row.IssueKey + " " + row.Name
		live[key] = true
		entries = append(entries, remoteLink{jira: l.jira, issue: row.IssueKey, name: row.Name, wanted: linkTo(row, address)})
	}
	for key, record := range v.records {
		if !live[key] && record.Address != "" {
			issue, name, _ := strings.Cut(key, " ")
			entries = append(entries, remoteLink{jira: l.jira, issue: issue, name: name, isGone: true})
		}
	}
	slices.SortFunc(entries, func(a, b entry) int { return strings.Compare(a.key(), b.key()) })
	return entries, nil
}

// linkTo returns the link to an environment. Its address is its ID, because two installations can have environments
// with the same name.
func linkTo(row *preview.Row, address string) preview.RemoteLink {
	return preview.RemoteLink{ID: address, URL: address, Title: titleOf(row.Name), Summary: row.Repository}
}

func titleOf(environment string) string {
	title := "Preview " + environment
	return title[:min(len(title), maxTitle)]
}

// remoteLink is the wanted link of an issue to an environment.
type remoteLink struct {
	jira        Jira
	issue, name string
	wanted      preview.RemoteLink
	isGone      bool // its record is dropped after the write
}

func (l remoteLink) key() string { return l.issue + " " + l.name }

func (l remoteLink) text() string {
	if l.isGone {
		return "gone"
	}
	return digestOf(l.wanted.URL + "\n" + l.wanted.Title + "\n" + l.wanted.Summary)
}

// next asks for an issue that doesn't exist only once.
func (l remoteLink) next(r Record, _ time.Time) write {
	if r.Text == l.text() {
		return nil
	}
	return func(ctx context.Context, _ GitHub) (Record, error) {
		if r.Address != "" && (l.isGone || r.Address != l.wanted.ID) { // also if its address has changed
			_, err := l.jira.PutRemoteLink(ctx, l.issue, resolved(r.Address, l.name))
			return Record{}, err
		}
		exists, err := l.jira.PutRemoteLink(ctx, l.issue, l.wanted)
		record := Record{Text: l.text()}
		if exists {
			record.Address = l.wanted.ID
		}
		return record, err
	}
}

func resolved(address, environment string) preview.RemoteLink {
	return preview.RemoteLink{ID: address, URL: address, Title: titleOf(environment), Resolved: true}
}
