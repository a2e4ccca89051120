package githubtest

import (
	"net/http"
	"slices"
)

func (k hook) json(r *repository) object {
	return object{
		"type": "Repository", "id": k.id, "name": "web", "active": true, "events": k.events, "url": r.api() + "/hooks",
		"config": object{"url": k.url, "content_type": "json", "insecure_ssl": "0"},
	}
}

func listHooks(c *call, r *repository) *answer {
	h := c.server.hooks
	h.mu.Lock()
	defer h.mu.Unlock()
	var mine []hook
	for _, k := range h.hooks {
		if k.repository == r.id {
			mine = append(mine, k)
		}
	}
	return listed(c, r, mine, func(k hook) any { return k.json(r) })
}

func createHook(c *call, r *repository) *answer {
	var in struct {
		Events []string
		Config struct{ URL, Secret string }
	}
	if a := c.decode(&in); a != nil {
		return a
	}
	if in.Config.URL == "" {
		return unprocessable("Validation Failed")
	}
	if len(in.Events) == 0 {
		in.Events = []string{"push"} // GitHub's default
	}
	k := c.server.hooks.add(hook{repository: r.id, url: in.Config.URL, secret: in.Config.Secret, events: in.Events})
	return reply(http.StatusCreated, k.json(r))
}

func deleteHook(c *call, r *repository) *answer {
	h := c.server.hooks
	h.mu.Lock()
	defer h.mu.Unlock()
	h.hooks = slices.DeleteFunc(h.hooks, func(k hook) bool { return k.repository == r.id && k.id == int64(c.number("hook")) })
	return reply(http.StatusNoContent, nil)
}

func listDeliveries(c *call, r *repository) *answer {
	h := c.server.hooks
	h.mu.Lock()
	defer h.mu.Unlock()
	var mine []*Delivery
	for _, d := range h.sent {
		if d.hook.id == int64(c.number("hook")) {
			mine = append([]*Delivery{d}, mine...)
		}
	}
	return listed(c, r, mine, func(d *Delivery) any {
		return object{"id": d.ID, "guid": d.GUID, "event": d.Event, "status_code": d.Status, "status": http.StatusText(d.Status)}
	})
}

func redeliver(c *call, _ *repository) *answer {
	if !c.server.Redeliver(int64(c.number("delivery"))) {
		return notFound()
	}
	return reply(http.StatusAccepted, object{})
}
