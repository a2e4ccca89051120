package apiclient

import (
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"net/url"

	"github.com/previewset/previewset/internal/config"
)

// UnreachableError means that the generator sent no complete answer.
type UnreachableError struct{ err error }

func (e *UnreachableError) Error() string { return e.err.Error() }

func (e *UnreachableError) Unwrap() error { return e.err }

func (c *Client) unreachable(err error) error {
	if inner, ok := errors.AsType[*url.Error](err); ok {
		err = inner.Err
	}
	return &UnreachableError{fmt.Errorf("ask the generator at %s: %w\n"+
		"check that it is running and that the address is right; "+
		"in the cluster: kubectl -n argocd port-forward service/preview-generator 4355", c.base, err)}
}

// unexpected is the error for an answer that isn't the API's.
func (c *Client) unexpected(cause string) error {
	return fmt.Errorf("read the answer of the generator at %s: %s\n"+
		"check that the address is PreviewSet's and that its version is this command's", c.base, cause)
}

// StatusError is an answer with an unexpected status code.
type StatusError struct {
	Code    int
	message string
}

func (e *StatusError) Error() string { return e.message }

// IsStatus reports whether the generator answered with the status code.
func IsStatus(err error, code int) bool {
	s, ok := errors.AsType[*StatusError](err)
	return ok && s.Code == code
}

func (c *Client) refused(code int, body []byte) error {
	var answer struct {
		Message string `json:"message"`
	}
	if json.Unmarshal(body, &answer) != nil || answer.Message == "" {
		answer.Message = http.StatusText(code)
	}
	text := fmt.Sprintf("the generator at %s answers %d: %s", c.base, code, config.Printable(answer.Message))
	switch code {
	case http.StatusUnauthorized:
		text += "\nname the file with its API token: --api-token-file, or PREVIEWSET_API_TOKEN_FILE"
	case http.StatusServiceUnavailable:
		text += fmt.Sprintf("\ntry again soon; see the cause at %s?verbose", c.base.JoinPath("readyz"))
	case http.StatusNotFound:
		text += "\nsee all environments: previewctl list"
	}
	return &StatusError{Code: code, message: text}
}
