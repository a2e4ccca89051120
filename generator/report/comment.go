package report

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"slices"
	"time"
)

// maxEdits bounds the edits of one comment, and of the content of one check run, in an hour.
const maxEdits = 10

// planComments returns the comments of all pull requests that ask for a preview, and the last content of the comments
// of those that no longer ask.
func planComments(v *view) (entries []entry, kept []string) {
	ended, unclear := v.ended()
	for _, r := range v.asking {
		entries = append(entries, newComment(r.key, commentBody(r)))
	}
	for _, key := range ended {
		c := newComment(key, endedBody)
		c.isLast = true
		entries = append(entries, c)
	}
	return entries, append(unclear, v.unclear...)
}

// comment is the wanted comment of a pull request.
type comment struct {
	pr, body string
	digest   string // of the body
	isLast   bool   // the pull request no longer asks for a preview; its record is dropped after the write
}

func newComment(pr, body string) comment { return comment{pr: pr, body: body, digest: digestOf(body)} }

// digestOf identifies a content in a record.
func digestOf(body string) string {
	sum := sha256.Sum256([]byte(body))
	return hex.EncodeToString(sum[:8])
}

// recentEdits returns the times of the edits in the last hour.
func (r Record) recentEdits(now time.Time) []time.Time {
	return slices.DeleteFunc(slices.Clone(r.Edits), func(t time.Time) bool { return now.Sub(t) >= time.Hour })
}

func (c comment) key() string { return c.pr }

func (c comment) text() string { return c.digest }

func (c comment) next(r Record, now time.Time) write {
	edits := r.recentEdits(now)
	if r.Text == c.digest || c.isLast && r.isEmpty() || len(edits) >= maxEdits && !c.isLast {
		return nil
	}
	return func(ctx context.Context, g GitHub) (Record, error) {
		repository, number := split(c.pr)
		id, err := g.PutComment(ctx, repository, number, r.ID, c.body)
		if c.isLast {
			return Record{}, err
		}
		return Record{Text: c.digest, ID: id, Edits: append(edits, now)}, err
	}
}
