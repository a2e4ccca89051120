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
	body, ok := g.signedBody(c)
	if !ok {
		return
	}
	event, delivery := c.GetHeader("X-GitHub-Event"), c.GetHeader("X-GitHub-Delivery")
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
	known := events[event] && g.concerns(name)
	if known && !g.deliveries.seen(delivery) {
		g.requests.add(scope{config: g.opts.ConfigRepository == name, repositories: map[string]bool{name: true}})
	}
	c.JSON(http.StatusAccepted, gin.H{"message": eventMessage(known)})
}

func eventMessage(known bool) string {
	if known {
		return "accepted; the repository is read again"
	}
	return "accepted; it concerns nothing here"
}

// concerns says whether a repository is one that is read.
func (g *Generator) concerns(name string) bool {
	if name == "" {
		return false
	}
	if name == g.opts.ConfigRepository {
		return true
	}
	for _, r := range g.status.Load().Repositories {
		if r.Name == name {
			return true
		}
	}
	return false
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
