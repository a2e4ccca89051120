package githubtest

import (
	"cmp"
	"net/http"
	"slices"
	"strings"
)

// withPull returns a handler for paths of one pull request.
func withPull(h func(*call, *repository, *pull) *answer) func(*call) *answer {
	return withRepository(func(c *call, r *repository) *answer {
		p := r.pulls[c.number("number")]
		if p == nil {
			return notFound()
		}
		return h(c, r, p)
	})
}

// listPulls renders only the page that the request asks for, and renders nothing if the client already has the page.
func listPulls(c *call, r *repository) *answer {
	all := selectPulls(c, r)
	p := pageOf(c, r, len(all))
	page, s := all[p.from:p.to], c.change.state
	a := &answer{status: http.StatusOK, header: jsonHeader(), version: pullsVersion(s, r, page)}
	a.render = func() []byte { return pullsJSON(s, r, page) }
	p.setLink(a.header)
	return a
}

// selectPulls filters and sorts the pull requests by the parameters of the request.
func selectPulls(c *call, r *repository) []*pull {
	state, head, base := c.query("state", "open"), c.query("head", ""), c.query("base", "")
	var out []*pull
	for _, p := range r.pullsInOrder {
		hasHead := head == "" || headOwner(c.change.state, p)+":"+p.HeadRef == head
		if (state == "all" || p.State == state) && (base == "" || p.BaseRef == base) && hasHead {
			out = append(out, p)
		}
	}
	order, direction := byCreation, "desc"
	if sort := c.query("sort", "created"); sort != "created" {
		direction = "asc"
		if sort == "updated" {
			order = byUpdate
		}
	}
	if !slices.IsSortedFunc(out, order) {
		slices.SortFunc(out, order)
	}
	if c.query("direction", direction) == "desc" {
		slices.Reverse(out)
	}
	return out
}

func byCreation(a, b *pull) int {
	return cmp.Or(a.Created.Compare(b.Created), cmp.Compare(a.Number, b.Number))
}

func byUpdate(a, b *pull) int {
	return cmp.Or(a.Updated.Compare(b.Updated), cmp.Compare(a.Number, b.Number))
}

func getPull(c *call, r *repository, p *pull) *answer {
	return rendered(http.StatusOK, pullJSON(c.change.state, r, p))
}

func createPull(c *call, r *repository) *answer {
	var in struct {
		Title, Body, Head, Base string
		Draft                   bool
	}
	if a := c.decode(&in); a != nil {
		return a
	}
	head, branch := r, in.Head
	if owner, name, forked := strings.Cut(in.Head, ":"); forked {
		head, branch = c.change.byName(owner+"/"+r.name), name
	}
	if head == nil || in.Title == "" || head.refs["heads/"+branch] == "" || r.refs["heads/"+in.Base] == "" {
		return unprocessable("Validation Failed")
	}
	p := c.change.openPull(r, PullRequest{
		Title: in.Title, Body: in.Body, Draft: in.Draft, HeadRef: branch, HeadRepository: head.id, BaseRef: in.Base,
	})
	return rendered(http.StatusCreated, pullJSON(c.change.state, r, p))
}

// patchPull answers PATCH issues/N and pulls/N. GitHub doesn't know the field draft.
func patchPull(c *call, r *repository, p *pull) *answer {
	var in struct {
		Title, Body, State, Base *string
		Draft                    *bool
		Labels                   *[]string
	}
	if a := c.decode(&in); a != nil {
		return a
	}
	if in.State != nil && (p.Merged || (*in.State != "open" && *in.State != "closed")) {
		return unprocessable("Validation Failed")
	}
	c.change.editPull(r, p, func(p *PullRequest) {
		setIfPresent(&p.Title, in.Title)
		setIfPresent(&p.Body, in.Body)
		setIfPresent(&p.State, in.State)
		setIfPresent(&p.Draft, in.Draft)
		setIfPresent(&p.Labels, in.Labels)
		if in.Base != nil {
			p.BaseRef, p.BaseSHA = *in.Base, r.refs["heads/"+*in.Base]
		}
	})
	return getPull(c, r, p)
}

func setIfPresent[T any](to, from *T) {
	if from != nil {
		*to = *from
	}
}

func mergePull(c *call, r *repository, p *pull) *answer {
	if p.State != "open" || p.Draft {
		return problem(http.StatusMethodNotAllowed, "Pull Request is not mergeable")
	}
	c.change.merge(r, p)
	return ok(object{"sha": mergeSHA(r, p), "merged": true, "message": "Pull Request successfully merged"})
}

// getMerged answers GET pulls/N/merge.
func getMerged(_ *call, _ *repository, p *pull) *answer {
	if p.Merged {
		return reply(http.StatusNoContent, nil)
	}
	return notFound()
}

// maxFiles is how many files of a pull request GitHub lists.
const maxFiles = 3000

func listFiles(c *call, r *repository, p *pull) *answer {
	return listPage(c, r, p.Files[:min(len(p.Files), maxFiles)], func(f File) any { return fileJSON(r, p, f) })
}
