package generator

import (
	"cmp"
	"crypto/hmac"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"errors"
	"io"
	"net/http"
	"slices"
	"strconv"
	"strings"
	"sync"

	"github.com/gin-gonic/gin"

	"github.com/previewset/previewset/internal/preview"
)

const (
	// maxEvent bounds a webhook's body, in bytes: GitHub sends at most 25 MB.
	maxEvent = 25 << 20
	// maxHint bounds what of an event is looked at to know what to read ahead, in bytes: a pull request has 20 KB.
	maxHint = 512 << 10
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
			ID       int64  `json:"id"`
			FullName string `json:"full_name"`
		} `json:"repository"`
		PullRequest json.RawMessage `json:"pull_request"`
		Context     string          `json:"context"` // of a commit status
	}
	if err := json.Unmarshal(body, &payload); err != nil {
		fail(c, http.StatusBadRequest, "the body is no JSON; set the webhook's content type to application/json")
		return
	}
	name := strings.ToLower(payload.Repository.FullName)
	message := "accepted; the repository is read again"
	repositories, concerned := g.concerned(name, payload.Repository.ID)
	switch {
	case !events[event] || !concerned || (event == "status" && payload.Context == statusContext):
		became, message = "ignored", "accepted; it concerns nothing here"
	case g.deliveries.seen(delivery):
		became, message = "repeated", "accepted; this delivery came before"
	default:
		became = "accepted"
		s := scope{config: g.opts.ConfigRepository == name, repositories: repositories, expected: expected{}}
		for name := range repositories {
			s.expected[name] = pullRequestIn(payload.PullRequest)
		}
		g.requests.add(s)
	}
	c.JSON(http.StatusAccepted, gin.H{"message": message})
}

// eventPullRequest is as much of a pull request in an event as tells what will have to be read about it.
type eventPullRequest struct {
	Number int  `json:"number"`
	Draft  bool `json:"draft"`
	Labels []struct {
		Name string `json:"name"`
	} `json:"labels"`
	Head, Base struct {
		SHA  string `json:"sha"`
		Repo struct {
			ID int64 `json:"id"`
		} `json:"repo"`
	}
}

// pullRequestIn is what an event says of its pull request; nil where it is about none, or can't be understood.
func pullRequestIn(content json.RawMessage) []preview.PullRequest {
	var p eventPullRequest
	if len(content) > maxHint || json.Unmarshal(content, &p) != nil {
		return nil
	}
	pr := preview.PullRequest{
		Number: p.Number, Draft: p.Draft, HeadSHA: p.Head.SHA, BaseSHA: p.Base.SHA,
		HeadRepositoryID: p.Head.Repo.ID, BaseRepositoryID: p.Base.Repo.ID,
	}
	for _, l := range p.Labels {
		pr.Labels = append(pr.Labels, l.Name)
	}
	return []preview.PullRequest{pr}
}

// eventLabel is an event's name in metrics: anybody can send any name, so only known ones are told apart.
func eventLabel(event string) string {
	if events[event] {
		return event
	}
	return "other"
}

// concerned are the configured repositories that a repository's events are about: it may have been renamed since, even just
// now. The config branch's own repository needs to be none of them.
func (g *Generator) concerned(name string, id int64) (repositories map[string]bool, ok bool) {
	if name == "" {
		return nil, false
	}
	repositories = map[string]bool{}
	if watched := g.watched.Load(); watched != nil {
		for _, r := range slices.Concat((*watched)[name], (*watched)[identity(id)]) {
			repositories[r] = true
		}
	}
	return repositories, len(repositories) > 0 || name == g.opts.ConfigRepository
}

// watch notes which repositories' events concern which configured ones.
func (g *Generator) watch() {
	watched := map[string][]string{}
	for _, name := range g.state.config.Repositories() {
		watched[name] = append(watched[name], name)
		if now := strings.ToLower(g.state.facts.Repositories[name].FullName); now != "" && now != name {
			watched[now] = append(watched[now], name)
		}
		if id := cmp.Or(g.state.memory.Identity(name), g.state.facts.Repositories[name].ID); id != 0 {
			watched[identity(id)] = append(watched[identity(id)], name)
		}
	}
	g.watched.Store(&watched)
}

// identity is a numeric identity as watched has it; no name is like it.
func identity(id int64) string { return strconv.FormatInt(id, 10) }

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
