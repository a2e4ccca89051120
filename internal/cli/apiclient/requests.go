package apiclient

import (
	"context"
	"time"
)

// Confirmation is what somebody says may go, and who.
type Confirmation struct {
	Environments []string `json:"environments,omitempty"`
	Repositories []string `json:"repositories,omitempty"`
	Caller       string   `json:"caller,omitempty"`
}

func (c *Client) Confirm(ctx context.Context, what Confirmation) error {
	return c.post(ctx, what, "confirm")
}

// Request asks something of an environment: to wake, to sleep, or to stay longer.
func (c *Client) Request(ctx context.Context, name, action string, length time.Duration, caller string) error {
	body := struct {
		For    string `json:"for,omitempty"`
		Caller string `json:"caller,omitempty"`
	}{Caller: caller}
	if length > 0 {
		body.For = length.String()
	}
	return c.post(ctx, body, "environments", name, action)
}
