package githubtest

import (
	"net/http"
	"strconv"
)

// answer is the result of a handler. If the body costs much time, the handler sets render and version instead of
// body: a 304 doesn't render it.
type answer struct {
	status  int
	header  http.Header
	body    []byte
	render  func() []byte
	version string // differs whenever the rendered body differs
}

func ok(v any) *answer { return reply(http.StatusOK, v) }

// reply answers with v as JSON; nil means no body.
func reply(status int, v any) *answer {
	if v == nil {
		return &answer{status: status, header: http.Header{}}
	}
	return rendered(status, encode(v))
}

// rendered answers with JSON that exists already.
func rendered(status int, body []byte) *answer {
	return &answer{status: status, header: jsonHeader(), body: body}
}

func jsonHeader() http.Header {
	return http.Header{"Content-Type": {"application/json; charset=utf-8"}}
}

func problem(status int, message string) *answer {
	return reply(status, object{
		"message": message, "documentation_url": "https://docs.github.com/rest", "status": strconv.Itoa(status),
	})
}

func notFound() *answer { return problem(http.StatusNotFound, "Not Found") }

func unprocessable(message string) *answer { return problem(http.StatusUnprocessableEntity, message) }
