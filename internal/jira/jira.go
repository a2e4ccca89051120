// Package jira writes the remote links of issues in Jira Cloud or Jira Data Center. Both have the same resource:
// https://developer.atlassian.com/cloud/jira/platform/rest/v2/api-group-issue-remote-links/
//
// It sends one kind of request, with net/http. It must not know which issue gets a link, and when.
package jira

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"regexp"
	"strconv"
	"strings"
	"sync"
	"time"

	"github.com/previewset/previewset/internal/preview"
)

const (
	timeout = 15 * time.Second
	// maxBody bounds what is read of an answer, in bytes.
	maxBody = 64 << 10
	// maxPause bounds what a Retry-After header can ask for. A proxy may send anything.
	maxPause = time.Hour
)

// Options of a Client.
type Options struct {
	// URL is Jira's root, such as https://acme.atlassian.net.
	URL string
	// User is the e-mail address of the account in Jira Cloud. Without it, the token is a personal access token of Jira
	// Data Center.
	User string
	// Token returns the account's API token.
	Token func() string
	// Transport sends the requests; http.DefaultTransport by default.
	Transport http.RoundTripper
	Now       func() time.Time
}

// Client writes remote links. It is safe for concurrent use.
type Client struct {
	options Options
	root    *url.URL
	http    *http.Client

	mu     sync.Mutex
	paused time.Time // Jira asked for no requests before this time
}

// New returns a Client. It sends no request.
func New(o Options) (*Client, error) {
	root, err := url.Parse(o.URL)
	isWeb := err == nil && (root.Scheme == "https" || root.Scheme == "http")
	if !isWeb || root.Host == "" || root.User != nil || root.RawQuery != "" {
		return nil, errors.New("it isn't the address of Jira; write one like https://acme.atlassian.net")
	}
	return &Client{options: o, root: root, http: &http.Client{
		Transport: o.Transport, Timeout: timeout,
		// Only the configured server gets the token.
		CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse },
	}}, nil
}

// issueKey is the form of issue keys in Jira: the project's key, and a number.
var issueKey = regexp.MustCompile(`^[A-Z][A-Z0-9_]+-[0-9]{1,18}$`)

// link is the body of a request to create or update a remote link.
type link struct {
	GlobalID    string `json:"globalId"`
	Application struct {
		Type string `json:"type"`
		Name string `json:"name"`
	} `json:"application"`
	Relationship string     `json:"relationship"`
	Object       linkObject `json:"object"`
}

type linkObject struct {
	URL     string `json:"url"`
	Title   string `json:"title"`
	Summary string `json:"summary,omitempty"`
	Status  struct {
		Resolved bool `json:"resolved"`
	} `json:"status"`
}

// PutRemoteLink creates a remote link of an issue, or changes the one with the same ID. It returns false if the issue
// doesn't exist for the account; texts like UTF-8 look like the key of an issue.
func (c *Client) PutRemoteLink(ctx context.Context, issue string, wanted preview.RemoteLink) (exists bool, err error) {
	if !issueKey.MatchString(issue) {
		return false, nil
	}
	if pause := c.pause(); pause > 0 {
		return true, fmt.Errorf("write a link on Jira's issue %s: Jira asked for a pause of %s", issue, pause.Round(time.Second))
	}
	body := link{GlobalID: wanted.ID, Relationship: "Preview", Object: linkObject{
		URL: wanted.URL, Title: wanted.Title, Summary: wanted.Summary,
	}}
	body.Application.Type, body.Application.Name = "dev.previewset", "PreviewSet"
	body.Object.Status.Resolved = wanted.Resolved
	status, err := c.send(ctx, issue, body)
	if status == http.StatusNotFound {
		return false, nil
	}
	if err != nil {
		return true, fmt.Errorf("write a link on Jira's issue %s: %w", issue, err)
	}
	return true, nil
}

// send returns the status code of the answer, 0 without one. Each status but 200 and 201 is an error.
func (c *Client) send(ctx context.Context, issue string, body link) (status int, err error) {
	content, err := json.Marshal(body)
	if err != nil {
		return 0, err
	}
	address := c.root.JoinPath("rest/api/2/issue", issue, "remotelink").String()
	request, err := http.NewRequestWithContext(ctx, http.MethodPost, address, bytes.NewReader(content))
	if err != nil {
		return 0, err
	}
	request.Header.Set("Content-Type", "application/json")
	request.Header.Set("Accept", "application/json")
	if c.options.User != "" {
		request.SetBasicAuth(c.options.User, c.options.Token())
	} else {
		request.Header.Set("Authorization", "Bearer "+c.options.Token())
	}
	response, err := c.http.Do(request)
	if err != nil {
		return 0, err
	}
	defer func() { _ = response.Body.Close() }()
	answer, _ := io.ReadAll(io.LimitReader(response.Body, maxBody))
	c.notePause(response)
	return response.StatusCode, explain(response, answer)
}

// explain returns an error with the remedy, unless the link was written.
func explain(response *http.Response, answer []byte) error {
	switch code := response.StatusCode; {
	case code == http.StatusOK || code == http.StatusCreated:
		return nil
	case code == http.StatusUnauthorized:
		return fmt.Errorf("%s; check --jira-user and the token in --jira-token-file", response.Status)
	case code == http.StatusForbidden:
		return fmt.Errorf("%s; the account of --jira-user needs the permission to link issues", response.Status)
	case code == http.StatusTooManyRequests:
		return fmt.Errorf("%s; it will be tried again", response.Status)
	case code >= 300 && code < 400:
		return fmt.Errorf("redirect (%s); set --jira-url to the address of Jira itself", response.Status)
	}
	if text := errorText(answer); text != "" {
		return fmt.Errorf("%s: %s", response.Status, text)
	}
	return errors.New(response.Status)
}

// errorText returns the messages in an answer of Jira.
func errorText(answer []byte) string {
	var found struct {
		Messages []string          `json:"errorMessages"`
		Errors   map[string]string `json:"errors"`
	}
	if json.Unmarshal(answer, &found) != nil {
		return ""
	}
	for field, message := range found.Errors {
		found.Messages = append(found.Messages, field+": "+message)
	}
	return strings.Join(found.Messages, "; ")
}

func (c *Client) pause() time.Duration {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.paused.Sub(c.options.Now())
}

// notePause notes a Retry-After header. Jira sends it with 429 and 503.
func (c *Client) notePause(response *http.Response) {
	seconds, err := strconv.Atoi(response.Header.Get("Retry-After"))
	if err != nil || seconds <= 0 {
		return
	}
	c.mu.Lock()
	defer c.mu.Unlock()
	c.paused = c.options.Now().Add(time.Duration(min(seconds, int(maxPause.Seconds()))) * time.Second)
}
