package httpserver

import (
	"errors"
	"fmt"
	"net/http"

	"github.com/gin-gonic/gin"
)

// publicError is an error response. The client gets its message as it is; the message of any other error is only
// logged.
type publicError struct {
	status  int
	message string
}

func (e *publicError) Error() string { return e.message }

// Fail answers with a status and a message, and runs no further handlers.
func Fail(c *gin.Context, status int, format string, args ...any) {
	_ = c.Error(&publicError{status: status, message: fmt.Sprintf(format, args...)})
	c.Abort()
}

// writeError is the only place that writes error bodies.
func writeError(c *gin.Context) {
	c.Next()
	last := c.Errors.Last()
	if last == nil || c.Writer.Written() {
		return
	}
	e := &publicError{status: http.StatusInternalServerError, message: "internal error; see the generator's log"}
	errors.As(last.Err, &e)
	if e.status == http.StatusUnauthorized {
		c.Header("WWW-Authenticate", "Bearer")
	}
	c.JSON(e.status, gin.H{"message": e.message})
}
