package generator

import (
	"crypto/hmac"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"errors"
	"io"
	"net/http"
	"strings"
	"sync"

	"github.com/gin-gonic/gin"
)

const (
	// maxEvent bounds a webhook's body, in bytes: GitHub sends at most 25 MB.
	maxEvent = 25 << 20
	// maxDeliveries bounds how many deliveries are remembered, to know repeated ones.
	maxDeliveries = 4096
)

// events are those that can change an answer. Any other is accepted and costs nothing.
var events = map[string]bool{
	"pull_request": true, "push": true, "create": true, "delete": true, "status": true, "check_run": true, "check_suite": true,
	"pull_request_review": true, "repository": true, "label": true,
}

// receiveEvent takes a webhook of GitHub's. What it says is never a fact: it only makes its repository be read again
// sooner.
func (g *Generator) receiveEvent(c *gin.Context) {
	event, delivery := c.GetHeader("X-GitHub-Event"), c.GetHeader("X-GitHub-Delivery")
	became := "refused"
	defer func() { g.metrics.webhooks.WithLabelValues(eventLabel(event), became).Inc() }()
	body, ok := g.signedBody(c)
	if !ok {
		return
	}
	var payload struct {
		Repository struct {
			FullName string `json:"full_name"`
		} `json:"repository"`
	}
	if err := json.Unmarshal(body, &payload); err != nil {
		fail(c, http.StatusBadRequest, "the body is no JSON; set the webhook's content type to application/json")
		return
	}
	name := strings.ToLower(payload.Repository.FullName)
	message := "accepted; the repository is read again"
	repositories, concerned := g.concerned(name)
	switch {
	case !events[event] || !concerned:
		became, message = "ignored", "accepted; it concerns nothing here"
	case g.deliveries.seen(delivery):
		became, message = "repeated", "accepted; this delivery came before"
	default:
		became = "accepted"
		g.requests.add(scope{config: g.opts.ConfigRepository == name, repositories: repositories})
	}
	c.JSON(http.StatusAccepted, gin.H{"message": message})
}

// eventLabel is an event's name in metrics: anybody can send any name, so only known ones are told apart.
func eventLabel(event string) string {
	if events[event] {
		return event
	}
	return "other"
}

// concerned are the configured repositories that a repository's events are about: it may have been renamed since. The
// config branch's own repository needs to be none of them.
func (g *Generator) concerned(name string) (repositories map[string]bool, ok bool) {
	if name == "" {
		return nil, false
	}
	repositories = map[string]bool{}
	for _, r := range g.status.Load().Repositories {
		if r.Name == name || r.Now == name {
			repositories[r.Name] = true
		}
	}
	return repositories, len(repositories) > 0 || name == g.opts.ConfigRepository
}

// signedBody reads the body and checks its signature in constant time.
func (g *Generator) signedBody(c *gin.Context) ([]byte, bool) {
	if g.opts.WebhookSecret == nil {
		fail(c, http.StatusForbidden, "webhooks are off: the service runs without --webhook-secret-file")
		return nil, false
	}
	body, err := io.ReadAll(c.Request.Body)
	if _, tooLarge := errors.AsType[*http.MaxBytesError](err); tooLarge {
		fail(c, http.StatusRequestEntityTooLarge, "the body is larger than %d MiB", maxEvent>>20)
		return nil, false
	}
	if err != nil {
		fail(c, http.StatusBadRequest, "the body can't be read")
		return nil, false
	}
	mac := hmac.New(sha256.New, []byte(g.opts.WebhookSecret.Value()))
	mac.Write(body)
	want := "sha256=" + hex.EncodeToString(mac.Sum(nil))
	if !hmac.Equal([]byte(want), []byte(c.GetHeader("X-Hub-Signature-256"))) {
		fail(c, http.StatusUnauthorized, "the signature is wrong or missing; give the webhook the secret that the service has")
		return nil, false
	}
	return body, true
}

// deliveries remembers the last deliveries' IDs, to know those that come twice.
type deliveries struct {
	mu    sync.Mutex
	known map[string]bool
	order []string // a ring
	next  int
}

// seen notes a delivery and says whether it was noted before. One without an ID never was.
func (d *deliveries) seen(id string) bool {
	if id == "" || len(id) > 128 {
		return false
	}
	d.mu.Lock()
	defer d.mu.Unlock()
	if d.known[id] {
		return true
	}
	if d.known == nil {
		d.known = map[string]bool{}
	}
	if len(d.order) < maxDeliveries {
		d.order = append(d.order, id)
	} else {
		delete(d.known, d.order[d.next])
		d.order[d.next] = id
		d.next = (d.next + 1) % maxDeliveries
	}
	d.known[id] = true
	return false
}
