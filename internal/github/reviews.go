package github

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"

	"github.com/previewset/previewset/internal/github/paged"
)

// review is a review of a pull request.
type review struct {
	id         int64
	login      string // empty for a deleted account
	userID     int64
	isHuman    bool
	sha        string // the reviewed commit
	state      string
	isDecision bool // it isn't only a comment
	// isSuperseded is true if the reviewer decided about another commit later.
	isSuperseded bool
}

// decisionKey identifies the newest decision of a reviewer about a commit.
type decisionKey struct {
	userID int64
	login  string // if the answer lacks the ID
	sha    string
}

// reviewList is the list of a pull request's reviews, as read last.
type reviewList struct{ pages []paged.Page[review] }

// updateReviews brings the list up to date and reports whether it changed.
func (l *reviewList) updateReviews(ctx context.Context, api *repositoryAPI, number int) (changed bool, err error) {
	list := paged.List[[]*reviewJSON, review]{
		Name: "list reviews", MaxPages: maxDetailPages, Get: api.get,
		Key: func(r review) int64 { return r.id },
		Path: func(page int) string {
			return fmt.Sprintf("%s/pulls/%d/reviews?%s", api.path, number, paged.Query(page))
		},
		Decode: func(found []*reviewJSON) ([]review, error) {
			return paged.Items(found, (*reviewJSON).review)
		},
	}
	return list.Update(ctx, &l.pages)
}

// approvals returns the newest decision of each reviewer about each commit if it approves, oldest first. It ignores
// deleted accounts.
func (l *reviewList) approvals() []review {
	decisions, order := map[decisionKey]review{}, []decisionKey{}
	newest := map[decisionKey]string{} // the commit of the newest decision, by reviewer
	for _, p := range l.pages {
		for _, r := range p.Items {
			if !r.isDecision || r.login == "" {
				continue
			}
			key := r.key()
			decisions[key] = r
			order = append(slices.DeleteFunc(order, func(k decisionKey) bool { return k == key }), key)
			newest[key.reviewer()] = r.sha
		}
	}
	out := []review{}
	for _, key := range order {
		if r := decisions[key]; r.state == "APPROVED" {
			r.isSuperseded = newest[key.reviewer()] != r.sha
			out = append(out, r)
		}
	}
	return out
}

func (r review) key() decisionKey {
	if r.userID != 0 {
		return decisionKey{userID: r.userID, sha: r.sha}
	}
	return decisionKey{login: strings.ToLower(r.login), sha: r.sha}
}

// reviewer returns the same key for all commits.
func (k decisionKey) reviewer() decisionKey { return decisionKey{userID: k.userID, login: k.login} }

type reviewJSON struct {
	ID       int64    `json:"id"`
	User     *account `json:"user"`
	State    string   `json:"state"`
	CommitID string   `json:"commit_id"`
}

func (r *reviewJSON) review() (review, error) {
	if r == nil || r.ID == 0 {
		return review{}, errors.New("the answer has a review without an ID")
	}
	return review{
		id: r.ID, login: r.User.login(), userID: r.User.numericID(), isHuman: r.User.isHuman(),
		sha: r.CommitID, state: r.State,
		isDecision: slices.Contains([]string{"APPROVED", "CHANGES_REQUESTED", "DISMISSED"}, r.State),
	}, nil
}
