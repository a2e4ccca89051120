package githubtest

import (
	"bytes"
	"context"
	"crypto/hmac"
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"maps"
	"net/http"
	"slices"
	"strconv"
	"strings"
	"sync"
	"time"
)

// Delivery is one webhook that was sent, or lost.
type Delivery struct {
	ID     int64
	GUID   string // X-GitHub-Delivery; the same when it is sent again
	Event  string
	Body   []byte
	Lost   bool
	Status int // what the receiver answered; 0 if nothing

	hook hook
}

type hook struct {
	id         int64
	repository int64 // 0: every repository
	url        string
	secret     string
	events     []string
}

// hooks sends one delivery after the other, in the background. It never holds Server.mu.
type hooks struct {
	client *http.Client
	mu     sync.Mutex
	idle   *sync.Cond
	hooks  []hook
	queue  []*Delivery
	busy   bool
	lose   int
	sent   []*Delivery
	lastID int64
}

// maxDeliveries is how many past deliveries are remembered.
const maxDeliveries = 1000

func newHooks() *hooks {
	h := &hooks{client: &http.Client{Timeout: 10 * time.Second}}
	h.idle = sync.NewCond(&h.mu)
	return h
}

// AddHook sends the events of all repositories to the URL, signed with the secret unless that is empty; all events if none is named.
func (s *Server) AddHook(url, secret string, events ...string) {
	s.hooks.add(hook{url: url, secret: secret, events: events})
}

func (h *hooks) add(k hook) hook {
	h.mu.Lock()
	defer h.mu.Unlock()
	h.lastID++
	k.id = h.lastID
	h.hooks = append(h.hooks, k)
	return k
}

// LoseDeliveries makes the next n deliveries not arrive; they can be sent again.
func (s *Server) LoseDeliveries(n int) {
	s.hooks.mu.Lock()
	defer s.hooks.mu.Unlock()
	s.hooks.lose = n
}

// Deliveries returns what was sent or lost, the oldest first, after waiting until nothing is on its way.
func (s *Server) Deliveries() []Delivery {
	h := s.hooks
	h.mu.Lock()
	defer h.mu.Unlock()
	for h.busy {
		h.idle.Wait()
	}
	out := make([]Delivery, 0, len(h.sent))
	for _, d := range h.sent {
		out = append(out, *d)
	}
	return out
}

// Redeliver sends a delivery again, with its GUID, and returns whether there is one.
func (s *Server) Redeliver(id int64) bool {
	h := s.hooks
	h.mu.Lock()
	defer h.mu.Unlock()
	for _, d := range h.sent {
		if d.ID == id {
			h.enqueue(&Delivery{GUID: d.GUID, Event: d.Event, Body: d.Body, hook: d.hook})
			return true
		}
	}
	return false
}

func (h *hooks) wanted(r *repository, event string) []hook {
	h.mu.Lock()
	defer h.mu.Unlock()
	var out []hook
	for _, k := range h.hooks {
		everything := len(k.events) == 0 || slices.Contains(k.events, "*")
		if (k.repository == 0 || k.repository == r.id) && (everything || slices.Contains(k.events, event)) {
			out = append(out, k)
		}
	}
	return out
}

func (h *hooks) enqueue(d *Delivery) {
	h.lastID++
	d.ID = h.lastID
	h.queue = append(h.queue, d)
	if !h.busy {
		h.busy = true
		go h.run()
	}
}

func (h *hooks) run() {
	h.mu.Lock()
	defer h.mu.Unlock()
	for len(h.queue) > 0 {
		d := h.queue[0]
		h.queue = h.queue[1:]
		if h.lose > 0 {
			h.lose--
			d.Lost = true
		} else {
			h.mu.Unlock()
			status := h.send(d)
			h.mu.Lock()
			d.Status = status
		}
		h.sent = append(h.sent, d)
		h.sent = h.sent[max(0, len(h.sent)-maxDeliveries):]
	}
	h.busy = false
	h.idle.Broadcast()
}

func (h *hooks) send(d *Delivery) int {
	req, err := http.NewRequestWithContext(context.Background(), http.MethodPost, d.hook.url, bytes.NewReader(d.Body))
	if err != nil {
		return 0
	}
	req.Header.Set("Content-Type", "application/json")
	req.Header.Set("User-Agent", "GitHub-Hookshot/044aadd")
	req.Header.Set("X-GitHub-Event", d.Event)
	req.Header.Set("X-GitHub-Delivery", d.GUID)
	req.Header.Set("X-GitHub-Hook-ID", strconv.FormatInt(d.hook.id, 10))
	if d.hook.secret != "" {
		req.Header.Set("X-Hub-Signature-256", sign(d.hook.secret, d.Body))
	}
	resp, err := h.client.Do(req)
	if err != nil {
		return 0
	}
	_ = resp.Body.Close()
	return resp.StatusCode
}

func sign(secret string, body []byte) string {
	mac := hmac.New(sha256.New, []byte(secret))
	mac.Write(body)
	return "sha256=" + hex.EncodeToString(mac.Sum(nil))
}

// emit sends an event of a repository, with the fields that all events have.
func (s *Server) emit(r *repository, event string, payload object) {
	wanted := s.hooks.wanted(r, event)
	if len(wanted) == 0 {
		return
	}
	payload["repository"], payload["sender"] = raw(s.repositoryJSON(r)), userJSON(s.actor)
	body := encode(payload)
	for _, k := range wanted {
		guid := digest(strconv.FormatInt(s.newID(), 10))
		guid = fmt.Sprintf("%s-%s-%s-%s-%s", guid[:8], guid[8:12], guid[12:16], guid[16:20], guid[20:32])
		s.hooks.mu.Lock()
		s.hooks.enqueue(&Delivery{GUID: guid, Event: event, Body: body, hook: k})
		s.hooks.mu.Unlock()
	}
}

func (s *Server) emitPull(r *repository, p *pull, action string, more object) {
	if len(s.hooks.wanted(r, "pull_request")) == 0 {
		return
	}
	payload := object{"action": action, "number": p.Number, "pull_request": raw(s.pullJSON(r, p, true))}
	maps.Copy(payload, more)
	s.emit(r, "pull_request", payload)
}

func (s *Server) pullJSONIfHooked(r *repository, p *pull) []byte {
	if len(s.hooks.wanted(r, "pull_request_review")) == 0 {
		return []byte("null")
	}
	return s.pullJSON(r, p, false)
}

// emitRef sends create or delete.
func (s *Server) emitRef(r *repository, event, ref string) {
	kind, name, _ := strings.Cut(ref, "/")
	refType := map[string]string{"heads": "branch", "tags": "tag"}[kind]
	payload := object{"ref": name, "ref_type": refType, "pusher_type": "user"}
	if event == "create" {
		payload["master_branch"], payload["description"] = r.defaultBranch, ""
	}
	s.emit(r, event, payload)
}

func (s *Server) emitPush(r *repository, ref, before, after string) {
	payload := object{
		"ref": "refs/" + ref, "before": before, "after": after, "created": before == noCommit, "deleted": after == noCommit, "forced": false,
		"base_ref": nil, "compare": r.html() + "/compare/" + before + "..." + after, "commits": []any{}, "head_commit": nil,
		"pusher": object{"name": "octocat", "email": "octocat@example.com"},
	}
	if after != noCommit {
		payload["head_commit"] = object{"id": after, "message": "Change something", "timestamp": stamp(s.now()), "added": []any{}, "removed": []any{}, "modified": []any{}}
	}
	s.emit(r, "push", payload)
}
