package apiclient

import (
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"net/url"

	"github.com/previewset/previewset/internal/config"
)

func (c *Client) unreachable(err error) error {
	if inner, ok := errors.AsType[*url.Error](err); ok {
		err = inner.Err
	}
	return &UnreachableError{fmt.Errorf("ask the service at %s: %w\nis it running, and is the address right? In the cluster: kubectl -n argocd port-forward service/preview-generator 4355", c.base, err)}
}

// UnreachableError is that no whole answer came.
type UnreachableError struct{ err error }

func (c *Client) odd(what string) error {
	return fmt.Errorf("the service at %s gave %s\nis that address PreviewSet's, and its version this one's?", c.base, what)
}

// StatusError is an answer other than was wanted, with what the service says.
type StatusError struct {
	Code    int
	message string
}

func (c *Client) refused(code int, body []byte) error {
	var answer struct {
		Message string `json:"message"`
	}
	if json.Unmarshal(body, &answer) != nil || answer.Message == "" {
		answer.Message = http.StatusText(code)
	}
	text := fmt.Sprintf("the service at %s answers %d: %s", c.base, code, config.Printable(answer.Message))
	switch code {
	case http.StatusUnauthorized:
		text += "\nname the file with its API token: --api-token-file, or PREVIEWSET_API_TOKEN_FILE"
	case http.StatusServiceUnavailable:
		text += fmt.Sprintf("\ntry again soon; what it waits for: %s", c.base.JoinPath("readyz")) + "?verbose"
	case http.StatusNotFound:
		text += "\nsee what there is with previewctl list"
	}
	return &StatusError{Code: code, message: text}
}

// IsStatus says whether the service answered with that code.
func IsStatus(err error, code int) bool {
	s, ok := errors.AsType[*StatusError](err)
	return ok && s.Code == code
}

func (e *UnreachableError) Error() string { return e.err.Error() }

func (e *UnreachableError) Unwrap() error { return e.err }

func (e *StatusError) Error() string { return e.message }
