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
	isHuman    bool
	sha        string // the reviewed commit
	state      string
	isDecision bool // it isn't only a comment
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

// approvals returns the newest decision of each reviewer if it approves, oldest first. It ignores deleted accounts.
func (l *reviewList) approvals() []review {
	decisions, order := map[string]review{}, []string{}
	for _, p := range l.pages {
		for _, r := range p.Items {
			if !r.isDecision || r.login == "" {
				continue
			}
			key := strings.ToLower(r.login)
			decisions[key] = r
			order = append(slices.DeleteFunc(order, func(k string) bool { return k == key }), key)
		}
	}
	out := []review{}
	for _, key := range order {
		if decisions[key].state == "APPROVED" {
			out = append(out, decisions[key])
		}
	}
	return out
}

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
		id: r.ID, login: r.User.login(), isHuman: r.User.isHuman(), sha: r.CommitID, state: r.State,
		isDecision: slices.Contains([]string{"APPROVED", "CHANGES_REQUESTED", "DISMISSED"}, r.State),
	}, nil
}
