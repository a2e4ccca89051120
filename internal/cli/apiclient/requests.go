package apiclient

import (
	"context"
	"time"
)

// Confirmation names environments that may be removed, repositories that count as empty, ApplicationSets that may lose
// environments, and the caller.
type Confirmation struct {
	Environments    []string `json:"environments,omitempty"`
	Repositories    []string `json:"repositories,omitempty"`
	ApplicationSets []string `json:"applicationSets,omitempty"`
	Caller          string   `json:"caller,omitempty"`
}

// Confirm sends a confirmation.
func (c *Client) Confirm(ctx context.Context, what Confirmation) error {
	_, err := c.post(ctx, what, "confirm")
	return err
}

// Request asks to wake, sleep, extend or redeploy an environment. Length 0 is the generator's default. It returns the time until
// which the request counts; zero if it has no end, or if the generator is too old to say it. The note is for the user; it
// may be empty.
func (c *Client) Request(
	ctx context.Context, name, action string, length time.Duration, caller string,
) (until time.Time, note string, err error) {
	body := struct {
		For    string `json:"for,omitempty"`
		Caller string `json:"caller,omitempty"`
	}{Caller: caller}
	if length > 0 {
		body.For = length.String()
	}
	answer, err := c.post(ctx, body, "environments", name, action)
	return answer.Until, answer.Note, err
}
