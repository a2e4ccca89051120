package apiclient

import (
	"context"
	"fmt"
	"net/url"
	"time"

	"github.com/previewset/previewset/internal/preview"
)

func (c *Client) Environments(ctx context.Context) ([]preview.Row, error) {
	var answer struct {
		Environments []preview.Row `json:"environments"`
	}
	err := c.get(ctx, &answer, nil, "environments")
	if err == nil && answer.Environments == nil {
		err = c.odd("an answer without environments")
	}
	return answer.Environments, err
}

// Environment is a live environment. Where a commit of the config branch is given, it says whether that has been read.
func (c *Client) Environment(ctx context.Context, name, configCommit string) (preview.Status, error) {
	var s preview.Status
	query := url.Values{}
	if configCommit != "" {
		query.Set("config_commit", configCommit)
	}
	err := c.get(ctx, &s, query, "environments", name)
	if err == nil && s.Name != name {
		err = c.odd("another environment than was asked for")
	}
	return s, err
}

// Application is what Argo CD has of an environment, live or not.
func (c *Client) Application(ctx context.Context, name string) (preview.ApplicationStatus, error) {
	var a preview.ApplicationStatus
	err := c.get(ctx, &a, nil, "environments", name, "application")
	return a, err
}

// Decisions are those about one repository and pull request, or all for "" and 0.
func (c *Client) Decisions(ctx context.Context, repository string, number int) (Decisions, error) {
	query := url.Values{}
	if repository != "" {
		query.Set("repository", repository)
	}
	if number > 0 {
		query.Set("number", fmt.Sprint(number))
	}
	var answer Decisions
	err := c.get(ctx, &answer, query, "decisions")
	if err == nil && answer.Decisions == nil {
		err = c.odd("an answer without decisions")
	}
	return answer, err
}

// Decisions is what the service decided, and what is wrong with the configuration in force.
type Decisions struct {
	Decisions []preview.Decision `json:"decisions"`
	Problems  []string           `json:"problems"`
}

// Usage is what environments cost since a while ago.
func (c *Client) Usage(ctx context.Context, by string, since time.Duration) (Usage, error) {
	var u Usage
	err := c.get(ctx, &u, url.Values{"by": {by}, "since": {since.String()}}, "usage")
	if err == nil && u.Rows == nil {
		err = c.odd("an answer without rows")
	}
	return u, err
}

// Usage is the service's answer.
type Usage struct {
	By    string    `json:"by"`
	Since time.Time `json:"since"`
	preview.Usage
}

// Facts are what the service's newest answer was computed from.
func (c *Client) Facts(ctx context.Context) (preview.Inputs, error) {
	var in preview.Inputs
	err := c.get(ctx, &in, nil, "facts")
	if err == nil && in.Facts.Repositories == nil {
		err = c.odd("an answer without facts")
	}
	return in, err
}

// DecisionAbout is what was decided about an environment; nil where nobody ever heard of it. Of several what is live
// counts, then what is held.
func (c *Client) DecisionAbout(ctx context.Context, name string) (*preview.Decision, error) {
	answer, err := c.Decisions(ctx, "", 0)
	if err != nil {
		return nil, err
	}
	return FirstOf(answer.Decisions, func(d preview.Decision) bool { return d.Environment == name }), nil
}
