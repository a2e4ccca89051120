package cli

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"os"
	"strings"
	"time"

	"github.com/spf13/cobra"

	"github.com/previewset/previewset/internal/preview"
)

// Bounds on what the service is waited for and read.
const (
	serverTimeout = 30 * time.Second
	maxAnswer     = 256 << 20
)

// serverOptions are the flags of every command that asks the service.
type serverOptions struct {
	server, tokenFile string
}

func (o *serverOptions) flags(cmd *cobra.Command) {
	cmd.Flags().StringVar(&o.server, "server", "", "address of the service, like http://127.0.0.1:4355 (or PREVIEWSET_SERVER)")
	cmd.Flags().StringVar(&o.tokenFile, "api-token-file", "", "file with the service's API token (or PREVIEWSET_API_TOKEN_FILE)")
}

// client asks the service's API.
type client struct {
	base  *url.URL
	token string
	http  *http.Client
}

// newClient fills unset flags from the environment. The answer is a usage error where no service is named.
func newClient(cmd *cobra.Command, env *process, o serverOptions) (*client, error) {
	server, tokenFile := env.or(o.server, "PREVIEWSET_SERVER"), env.or(o.tokenFile, "PREVIEWSET_API_TOKEN_FILE")
	if server == "" {
		return nil, usagef(cmd, "no service is named: set --server or PREVIEWSET_SERVER, after for example\n"+
			"kubectl -n argocd port-forward service/preview-generator 4355")
	}
	base, err := url.Parse(server)
	if err != nil || (base.Scheme != "http" && base.Scheme != "https") || base.Host == "" || base.User != nil || base.RawQuery != "" {
		return nil, usagef(cmd, "--server is not an address like https://previews.example.org, without user, password or query")
	}
	c := &client{base: base, http: &http.Client{Timeout: serverTimeout, CheckRedirect: refuseRedirect}}
	if tokenFile == "" {
		return c, nil
	}
	content, err := os.ReadFile(tokenFile) //nolint:gosec // G304: the file that a person names
	if err != nil {
		return nil, fmt.Errorf("read the API token: %w\nname the file that holds it with --api-token-file", err)
	}
	if c.token = strings.TrimSpace(string(content)); c.token == "" || strings.ContainsAny(c.token, "\r\n") {
		return nil, fmt.Errorf("read the API token: %s doesn't hold one line with a token", tokenFile)
	}
	return c, nil
}

// refuseRedirect keeps the token where it was meant to go; the service never redirects.
func refuseRedirect(*http.Request, []*http.Request) error { return http.ErrUseLastResponse }

func (c *client) environments(ctx context.Context) ([]preview.Row, error) {
	var answer struct {
		Environments []preview.Row `json:"environments"`
	}
	err := c.get(ctx, &answer, nil, "environments")
	if err == nil && answer.Environments == nil {
		err = c.odd("an answer without environments")
	}
	return answer.Environments, err
}

// environment is a live environment. Where a commit of the config branch is given, it says whether that has been read.
func (c *client) environment(ctx context.Context, name, configCommit string) (preview.Status, error) {
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

// application is what Argo CD has of an environment, live or not.
func (c *client) application(ctx context.Context, name string) (preview.ApplicationStatus, error) {
	var a preview.ApplicationStatus
	err := c.get(ctx, &a, nil, "environments", name, "application")
	return a, err
}

// decisions are those about one repository and pull request, or all for "" and 0.
func (c *client) decisions(ctx context.Context, repository string, number int) (decided, error) {
	query := url.Values{}
	if repository != "" {
		query.Set("repository", repository)
	}
	if number > 0 {
		query.Set("number", fmt.Sprint(number))
	}
	var answer decided
	err := c.get(ctx, &answer, query, "decisions")
	if err == nil && answer.Decisions == nil {
		err = c.odd("an answer without decisions")
	}
	return answer, err
}

// decided is what the service decided, and what is wrong with the configuration in force.
type decided struct {
	Decisions []preview.Decision `json:"decisions"`
	Problems  []string           `json:"problems"`
}

// confirmation is what somebody says may go, and who.
type confirmation struct {
	Environments []string `json:"environments,omitempty"`
	Repositories []string `json:"repositories,omitempty"`
	Caller       string   `json:"caller,omitempty"`
}

func (c *client) confirm(ctx context.Context, what confirmation) error {
	return c.post(ctx, what, "confirm")
}

// ask asks something of an environment: to wake, to sleep, or to stay longer.
func (c *client) ask(ctx context.Context, name, action string, length time.Duration, caller string) error {
	body := struct {
		For    string `json:"for,omitempty"`
		Caller string `json:"caller,omitempty"`
	}{Caller: caller}
	if length > 0 {
		body.For = length.String()
	}
	return c.post(ctx, body, "environments", name, action)
}

// usage is what environments cost since a while ago.
func (c *client) usage(ctx context.Context, by string, since time.Duration) (usage, error) {
	var u usage
	err := c.get(ctx, &u, url.Values{"by": {by}, "since": {since.String()}}, "usage")
	if err == nil && u.Rows == nil {
		err = c.odd("an answer without rows")
	}
	return u, err
}

// post sends what somebody asks for; the service has noted it then.
func (c *client) post(ctx context.Context, what any, path ...string) error {
	body, err := json.Marshal(what)
	if err != nil {
		return err
	}
	request, err := http.NewRequestWithContext(ctx, http.MethodPost, c.url(path...).String(), bytes.NewReader(body))
	if err != nil {
		return err
	}
	request.Header.Set("Content-Type", "application/json")
	var answer struct {
		Message string `json:"message"`
	}
	return c.do(request, http.StatusAccepted, &answer)
}

// facts are what the service's newest answer was computed from.
func (c *client) facts(ctx context.Context) (preview.Inputs, error) {
	var in preview.Inputs
	err := c.get(ctx, &in, nil, "facts")
	if err == nil && in.Facts.Repositories == nil {
		err = c.odd("an answer without facts")
	}
	return in, err
}

func (c *client) url(path ...string) *url.URL {
	return c.base.JoinPath(append([]string{"api", "v1"}, path...)...)
}

func (c *client) get(ctx context.Context, into any, query url.Values, path ...string) error {
	u := c.url(path...)
	u.RawQuery = query.Encode()
	request, err := http.NewRequestWithContext(ctx, http.MethodGet, u.String(), http.NoBody)
	if err != nil {
		return err
	}
	return c.do(request, http.StatusOK, into)
}

// do sends a request and decodes its answer, which must have the code that is wanted.
func (c *client) do(request *http.Request, want int, into any) error {
	request.Header.Set("Accept", "application/json")
	if c.token != "" {
		request.Header.Set("Authorization", "Bearer "+c.token)
	}
	response, err := c.http.Do(request)
	if err != nil {
		return c.unreachable(err)
	}
	defer func() { _ = response.Body.Close() }()
	body, err := io.ReadAll(io.LimitReader(response.Body, maxAnswer))
	if err != nil {
		return c.unreachable(err)
	}
	if response.StatusCode != want {
		return c.refused(response.StatusCode, body)
	}
	if err := json.Unmarshal(body, into); err != nil {
		return c.odd("something that isn't its JSON: " + err.Error())
	}
	return nil
}

func (c *client) unreachable(err error) error {
	if inner, ok := errors.AsType[*url.Error](err); ok {
		err = inner.Err
	}
	return &unreachableError{fmt.Errorf("ask the service at %s: %w\nis it running, and is the address right? In the cluster: kubectl -n argocd port-forward service/preview-generator 4355", c.base, err)}
}

// unreachableError is that no whole answer came.
type unreachableError struct{ err error }

func (e *unreachableError) Error() string { return e.err.Error() }
func (e *unreachableError) Unwrap() error { return e.err }

func (c *client) odd(what string) error {
	return fmt.Errorf("the service at %s gave %s\nis that address PreviewSet's, and its version this one's?", c.base, what)
}

// statusError is an answer other than was wanted, with what the service says.
type statusError struct {
	code    int
	message string
}

func (e *statusError) Error() string { return e.message }

func (c *client) refused(code int, body []byte) error {
	var answer struct {
		Message string `json:"message"`
	}
	if json.Unmarshal(body, &answer) != nil || answer.Message == "" {
		answer.Message = http.StatusText(code)
	}
	text := fmt.Sprintf("the service at %s answers %d: %s", c.base, code, preview.Printable(answer.Message))
	switch code {
	case http.StatusUnauthorized:
		text += "\nname the file with its API token: --api-token-file, or PREVIEWSET_API_TOKEN_FILE"
	case http.StatusServiceUnavailable:
		text += fmt.Sprintf("\ntry again soon; what it waits for: %s", c.base.JoinPath("readyz")) + "?verbose"
	case http.StatusNotFound:
		text += "\nsee what there is with previewctl list"
	}
	return &statusError{code: code, message: text}
}
