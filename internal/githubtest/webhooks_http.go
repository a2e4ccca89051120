package githubtest

import "net/http"

func hookJSON(r *repository, k hook) object {
	return object{
		"type": "Repository", "id": k.id, "name": "web", "active": true, "events": k.events, "url": r.apiURL() + "/hooks",
		"config": object{"url": k.url, "content_type": "json", "insecure_ssl": "0"},
	}
}

func listHooks(c *call, r *repository) *answer {
	return listPage(c, r, c.change.hooks.ofRepository(r.id), func(k hook) any { return hookJSON(r, k) })
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
	k := c.change.hooks.subscribe(hook{repository: r.id, url: in.Config.URL, secret: in.Config.Secret, events: in.Events})
	return reply(http.StatusCreated, hookJSON(r, k))
}

func deleteHook(c *call, r *repository) *answer {
	c.change.hooks.unsubscribe(r.id, int64(c.number("hook")))
	return reply(http.StatusNoContent, nil)
}

func listDeliveries(c *call, r *repository) *answer {
	return listPage(c, r, c.change.hooks.deliveriesOf(int64(c.number("hook"))), func(d Delivery) any {
		return object{
			"id": d.ID, "guid": d.GUID, "event": d.Event, "status_code": d.Status, "status": http.StatusText(d.Status),
		}
	})
}

func redeliverHook(c *call, _ *repository) *answer {
	if !c.change.hooks.Redeliver(int64(c.number("delivery"))) {
		return notFound()
	}
	return reply(http.StatusAccepted, object{})
}
