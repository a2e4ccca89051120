package apiclient

import (
	"context"
	"net/url"
	"strconv"
	"time"

	"github.com/previewset/previewset/internal/preview"
)

// Environment is the row of an environment, with its progress; nil if the generator doesn't know it yet.
type Environment struct {
	preview.Row
	Progress *preview.Progress `json:"progress,omitempty"`
}

// Environments returns all environments.
func (c *Client) Environments(ctx context.Context) ([]Environment, error) {
	var answer struct {
		Environments []Environment `json:"environments"`
	}
	err := c.get(ctx, &answer, nil, "environments")
	if err == nil && answer.Environments == nil {
		err = c.unexpected("no environments")
	}
	return answer.Environments, err
}

// Environment returns an environment. With a commit of the config branch, ConfigRead reports whether the generator has
// read that commit.
func (c *Client) Environment(ctx context.Context, name, configCommit string) (preview.Status, error) {
	var s preview.Status
	query := url.Values{}
	if configCommit != "" {
		query.Set("config_commit", configCommit)
	}
	err := c.get(ctx, &s, query, "environments", name)
	if err == nil && s.Name != name {
		err = c.unexpected("another environment than requested")
	}
	return s, err
}

// Application returns Argo CD's state of an environment, which the generator may have removed already.
func (c *Client) Application(ctx context.Context, name string) (preview.ApplicationStatus, error) {
	var a preview.ApplicationStatus
	err := c.get(ctx, &a, nil, "environments", name, "application")
	return a, err
}

// Decisions are the generator's decisions, and the problems of the configuration in force.
type Decisions struct {
	Decisions []preview.Decision `json:"decisions"`
	Problems  []string           `json:"problems"`
}

// Decisions returns the decisions about a pull request, or all decisions for "" and 0.
func (c *Client) Decisions(ctx context.Context, repository string, number int) (Decisions, error) {
	query := url.Values{}
	if repository != "" {
		query.Set("repository", repository)
	}
	if number > 0 {
		query.Set("number", strconv.Itoa(number))
	}
	var answer Decisions
	err := c.get(ctx, &answer, query, "decisions")
	if err == nil && answer.Decisions == nil {
		err = c.unexpected("no decisions")
	}
	return answer, err
}

// DecisionAbout returns the most relevant decision about an environment, nil for an unknown environment.
func (c *Client) DecisionAbout(ctx context.Context, name string) (*preview.Decision, error) {
	answer, err := c.Decisions(ctx, "", 0)
	if err != nil {
		return nil, err
	}
	return FirstOf(answer.Decisions, func(d preview.Decision) bool { return d.Environment == name }), nil
}

// Usage is the usage of environments since a point in time.
type Usage struct {
	By    string    `json:"by"`
	Since time.Time `json:"since"`
	preview.Usage
}

// Usage returns the usage of the last period, added up by owner, repository, profile or environment.
func (c *Client) Usage(ctx context.Context, by string, period time.Duration) (Usage, error) {
	var u Usage
	err := c.get(ctx, &u, url.Values{"by": {by}, "since": {period.String()}}, "usage")
	if err == nil && u.Rows == nil {
		err = c.unexpected("no usage")
	}
	return u, err
}

// Facts returns the input of the generator's newest snapshot.
func (c *Client) Facts(ctx context.Context) (preview.Inputs, error) {
	var in preview.Inputs
	err := c.get(ctx, &in, nil, "facts")
	if err == nil && in.Facts.Repositories == nil {
		err = c.unexpected("no facts")
	}
	return in, err
}
