package githubtest

import (
	"fmt"
	"maps"
	"strconv"
	"strings"
)

// webhookSender sends the webhooks for changes of the state. The caller holds the lock of the state.
type webhookSender struct {
	*state
	hooks *hookQueue
	actor string // login of the webhooks' sender and of the issue events' actor
}

// send sends an event of a repository, with the fields that all events have.
func (w webhookSender) send(r *repository, event string, payload object) {
	hooks := w.hooks.subscribed(r.id, event)
	if len(hooks) == 0 {
		return
	}
	payload["repository"], payload["sender"] = encoded(repositoryJSON(r)), userJSON(w.actor)
	body := encode(payload)
	for _, k := range hooks {
		guid := digest(strconv.FormatInt(w.newID(), 10))
		guid = fmt.Sprintf("%s-%s-%s-%s-%s", guid[:8], guid[8:12], guid[12:16], guid[16:20], guid[20:32])
		w.hooks.deliver(&Delivery{GUID: guid, Event: event, Body: body, hook: k})
	}
}

func (w webhookSender) sendPull(r *repository, p *pull, action string, more object) {
	if len(w.hooks.subscribed(r.id, "pull_request")) == 0 {
		return // rendering costs time
	}
	payload := object{"action": action, "number": p.Number, "pull_request": encoded(pullJSON(w.state, r, p))}
	maps.Copy(payload, more)
	w.send(r, "pull_request", payload)
}

// sendReview sends an event about a review. The parameter review is its JSON.
func (w webhookSender) sendReview(r *repository, p *pull, review object, action string) {
	if len(w.hooks.subscribed(r.id, "pull_request_review")) == 0 {
		return
	}
	pull := encoded(listedPullJSON(w.state, r, p))
	w.send(r, "pull_request_review", object{"action": action, "review": review, "pull_request": pull})
}

// sendRef sends the event "create" or "delete" of a ref.
func (w webhookSender) sendRef(r *repository, event, ref string) {
	kind, name, _ := strings.Cut(ref, "/")
	refType := map[string]string{"heads": "branch", "tags": "tag"}[kind]
	payload := object{"ref": name, "ref_type": refType, "pusher_type": "user"}
	if event == "create" {
		payload["master_branch"], payload["description"] = r.defaultBranch, ""
	}
	w.send(r, event, payload)
}

func (w webhookSender) sendPush(r *repository, ref, before, after string) {
	payload := object{
		"ref": "refs/" + ref, "before": before, "after": after, "created": before == noCommit, "deleted": after == noCommit,
		"forced": false, "base_ref": nil, "compare": r.htmlURL() + "/compare/" + before + "..." + after, "commits": []any{},
		"head_commit": nil, "pusher": object{"name": octocat, "email": octocat + "@example.com"},
	}
	if after != noCommit {
		payload["head_commit"] = object{
			"id": after, "message": "Change something", "timestamp": stamp(w.now()), "added": []any{}, "removed": []any{},
			"modified": []any{},
		}
	}
	w.send(r, "push", payload)
}
