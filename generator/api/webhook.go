package api

import (
	"crypto/hmac"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"io"
	"net/http"
	"os"
	"strings"

	"github.com/gin-gonic/gin"
	"github.com/prometheus/client_golang/prometheus"

	"github.com/previewset/previewset/generator/httpserver"
	"github.com/previewset/previewset/generator/pending"
	"github.com/previewset/previewset/generator/secret"
)

// MaxWebhookBody bounds a webhook's body in bytes: GitHub's limit is 25 MB.
const MaxWebhookBody = 25 << 20

// relevantEvents can change an answer. Any other event is accepted and ignored.
var relevantEvents = map[string]bool{
	"pull_request": true, "push": true, "create": true, "delete": true, "status": true, "check_run": true,
	"check_suite":         true,
	"pull_request_review": true, "repository": true, "label": true,
}

// Repositories finds the configured repositories that a repository's webhooks concern. GitHub may have renamed it.
type Repositories interface {
	Concerned(name string, id int64) map[string]bool
}

// Webhooks receives GitHub's webhooks.
type Webhooks struct {
	Secret       *secret.File // nil refuses all webhooks
	Repositories Repositories
	Queue        *pending.Queue
	// ConfigRepository is the GitOps repository ("owner/name", lower case), or empty if it isn't on GitHub.
	ConfigRepository string
	// StatusContext names our own commit statuses and check runs. Webhooks about them are ignored, except for clicks on
	// buttons.
	StatusContext string
	// App is the ID of the GitHub App that writes the check runs; 0 without one.
	App   int64
	Count *prometheus.CounterVec // by event and outcome

	deliveries deliveries
}

// Handle receives a webhook. Its content is never a fact: the repository is only read again sooner.
func (w *Webhooks) Handle(c *gin.Context) {
	kind, outcome := c.GetHeader("X-GitHub-Event"), "refused"
	defer func() { w.Count.WithLabelValues(eventLabel(kind), outcome).Inc() }()
	e, ok := w.signedEvent(c)
	if !ok {
		return
	}
	var message string
	outcome, message = w.accept(kind, c.GetHeader("X-GitHub-Delivery"), e)
	c.JSON(http.StatusAccepted, Message{Message: message})
}

// accept queues the reads for an event.
func (w *Webhooks) accept(kind, delivery string, e event) (outcome, message string) {
	name := strings.ToLower(e.Repository.FullName)
	var repositories map[string]bool
	if name != "" {
		repositories = w.Repositories.Concerned(name, e.Repository.ID)
	}
	isConfig := name != "" && name == w.ConfigRepository
	isOurs := w.isOurs(kind, e)
	isClick := isOurs && e.isClick(kind)
	switch {
	case !relevantEvents[kind] || isOurs && !isClick || (len(repositories) == 0 && !isConfig):
		return "ignored", "accepted; the event changes nothing here"
	case w.deliveries.note(delivery):
		return "repeated", "accepted; the same delivery came before"
	}
	if isClick {
		w.Queue.Add(pending.Work{Clicks: pending.Clicks{e.click()}})
		return "accepted", "accepted; it will be done if the user may push to the repository"
	}
	work := pending.Work{Config: isConfig, Repositories: repositories, Expected: pending.Expected{}}
	for repository := range repositories {
		work.Expected[repository] = e.expectedPullRequests()
	}
	w.Queue.Add(work)
	return "accepted", "accepted; it will be read again"
}

// isOurs reports whether an event is about a report of the generator. The App may have other check runs too.
func (w *Webhooks) isOurs(kind string, e event) bool {
	switch kind {
	case "status":
		return e.Context == w.StatusContext
	case "check_run":
		return w.App != 0 && e.CheckRun.App.ID == w.App && e.CheckRun.Name == w.StatusContext
	case "check_suite":
		return w.App != 0 && e.CheckSuite.App.ID == w.App
	}
	return false
}

// signedEvent reads the body and checks its signature in constant time. A sender without a signature is refused before
// its body is read.
func (w *Webhooks) signedEvent(c *gin.Context) (e event, ok bool) {
	if w.Secret == nil {
		httpserver.Fail(c, http.StatusForbidden, "webhooks are off: the generator runs without --webhook-secret-file")
		return e, false
	}
	mac, fields := hmac.New(sha256.New, []byte(w.Secret.Value())), &compactor{}
	sent, isSigned := readSignature(c.GetHeader("X-Hub-Signature-256"))
	var err error
	if isSigned {
		_, err = io.CopyBuffer(io.MultiWriter(mac, fields), c.Request.Body, make([]byte, 8<<10))
	}
	_, tooLarge := errors.AsType[*http.MaxBytesError](err)
	switch {
	case tooLarge:
		httpserver.Fail(c, http.StatusRequestEntityTooLarge, "the body is larger than %d MiB", MaxWebhookBody>>20)
	case errors.Is(err, os.ErrDeadlineExceeded):
		httpserver.Fail(c, http.StatusRequestTimeout, "the body comes too slowly; send it again")
	case err != nil:
		httpserver.Fail(c, http.StatusBadRequest, "the body can't be read")
	case !isSigned || !hmac.Equal(mac.Sum(nil), sent):
		httpserver.Fail(
			c, http.StatusUnauthorized, "wrong or missing signature; give the webhook the secret of --webhook-secret-file",
		)
	default:
		if e, err = fields.event(); err == nil {
			return e, true
		}
		httpserver.Fail(c, http.StatusBadRequest, "the body isn't JSON; set the webhook's content type to application/json")
	}
	return e, false
}

// readSignature decodes a header like sha256=<64 hexadecimal digits>.
func readSignature(header string) (signature []byte, ok bool) {
	text, hasPrefix := strings.CutPrefix(header, "sha256=")
	signature, err := hex.DecodeString(text)
	return signature, hasPrefix && err == nil && len(signature) == sha256.Size
}

// RememberedDeliveries is the size of all remembered delivery IDs in bytes.
func (w *Webhooks) RememberedDeliveries() int { return w.deliveries.size() }

// eventLabel is the event's name in metrics. A sender can use any name, so unknown ones are "other".
func eventLabel(kind string) string {
	if relevantEvents[kind] {
		return kind
	}
	return "other"
}
