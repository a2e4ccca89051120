package githubtest

import (
	"fmt"
	"maps"
	"strconv"
	"strings"
)

// change changes the state in the name of a user, and sends the webhooks that belong to the change. Its methods are in the
// files of the objects that they change. The caller holds the lock of the state.
type change struct {
	*state
	hooks *hookQueue
	actor string // the webhooks' sender and the issue events' actor
}

// by returns a change in the name of another user.
func (c change) by(login string) change {
	c.actor = login
	return c
}

// send sends an event of a repository, with the fields that all events have.
func (c change) send(r *repository, event string, payload object) {
	wanted := c.hooks.wanting(r.id, event)
	if len(wanted) == 0 {
		return
	}
	payload["repository"], payload["sender"] = encoded(repositoryJSON(r)), userJSON(c.actor)
	body := encode(payload)
	for _, k := range wanted {
		guid := digest(strconv.FormatInt(c.newID(), 10))
		guid = fmt.Sprintf("%s-%s-%s-%s-%s", guid[:8], guid[8:12], guid[12:16], guid[16:20], guid[20:32])
		c.hooks.deliver(&Delivery{GUID: guid, Event: event, Body: body, hook: k})
	}
}

func (c change) sendPull(r *repository, p *pull, action string, more object) {
	if len(c.hooks.wanting(r.id, "pull_request")) == 0 {
		return // rendering costs time
	}
	payload := object{"action": action, "number": p.Number, "pull_request": encoded(pullJSON(c.state, r, p))}
	maps.Copy(payload, more)
	c.send(r, "pull_request", payload)
}

// sendReview sends an event about a review, whose JSON is given.
func (c change) sendReview(r *repository, p *pull, review object, action string) {
	if len(c.hooks.wanting(r.id, "pull_request_review")) == 0 {
		return
	}
	pull := encoded(listedPullJSON(c.state, r, p))
	c.send(r, "pull_request_review", object{"action": action, "review": review, "pull_request": pull})
}

// sendRef sends the event "create" or "delete" of a ref.
func (c change) sendRef(r *repository, event, ref string) {
	kind, name, _ := strings.Cut(ref, "/")
	refType := map[string]string{"heads": "branch", "tags": "tag"}[kind]
	payload := object{"ref": name, "ref_type": refType, "pusher_type": "user"}
	if event == "create" {
		payload["master_branch"], payload["description"] = r.defaultBranch, ""
	}
	c.send(r, event, payload)
}

func (c change) sendPush(r *repository, ref, before, after string) {
	payload := object{
		"ref": "refs/" + ref, "before": before, "after": after, "created": before == noCommit, "deleted": after == noCommit,
		"forced": false, "base_ref": nil, "compare": r.htmlURL() + "/compare/" + before + "..." + after, "commits": []any{},
		"head_commit": nil, "pusher": object{"name": octocat, "email": octocat + "@example.com"},
	}
	if after != noCommit {
		payload["head_commit"] = object{
			"id": after, "message": "Change something", "timestamp": stamp(c.now()), "added": []any{}, "removed": []any{},
			"modified": []any{},
		}
	}
	c.send(r, "push", payload)
}
