package githubtest

import (
	"cmp"
	"fmt"
	"net/http"
	"slices"
	"strings"
)

func withPull(h func(*call, *repository, *pull) *answer) func(*call) *answer {
	return withRepo(func(c *call, r *repository) *answer {
		p := r.pulls[c.number("number")]
		if p == nil {
			return notFound()
		}
		return h(c, r, p)
	})
}

// listPulls makes only the page that is asked for, and no body where the client has it already.
func listPulls(c *call, r *repository) *answer {
	all := r.selected(c)
	from, to, link := c.page(r, len(all))
	page := all[from:to]
	a := &answer{status: http.StatusOK, header: jsonHeader(), version: c.server.pullsVersion(r, page)}
	if link != "" {
		a.header.Set("Link", link)
	}
	s := c.server
	a.render = func() []byte { return s.pullsJSON(r, page) }
	return a
}

func (r *repository) selected(c *call) []*pull {
	state, head, base := c.query("state", "open"), c.query("head", ""), c.query("base", "")
	var out []*pull
	for _, p := range r.order {
		if (state == "all" || p.State == state) && (base == "" || p.BaseRef == base) && (head == "" || c.server.headLabel(p) == head) {
			out = append(out, p)
		}
	}
	order := byCreation
	if c.query("sort", "created") == "updated" {
		order = func(a, b *pull) int { return cmp.Or(a.Updated.Compare(b.Updated), cmp.Compare(a.Number, b.Number)) }
	}
	if !slices.IsSortedFunc(out, order) {
		slices.SortFunc(out, order)
	}
	defaultDirection := "asc"
	if c.query("sort", "created") == "created" {
		defaultDirection = "desc"
	}
	if c.query("direction", defaultDirection) == "desc" {
		slices.Reverse(out)
	}
	return out
}

func byCreation(a, b *pull) int {
	return cmp.Or(a.Created.Compare(b.Created), cmp.Compare(a.Number, b.Number))
}

// pullsVersion changes whenever the JSON of the page does: with each of its pull requests and with any activity in a
// repository that they embed.
func (s *Server) pullsVersion(r *repository, page []*pull) string {
	var b strings.Builder
	_, _ = fmt.Fprintf(&b, "%d %d;", r.version, s.padding)
	for _, p := range page {
		head := int64(0)
		if h := s.repos[p.HeadRepository]; h != nil {
			head = h.version
		}
		_, _ = fmt.Fprintf(&b, "%d %d %d;", p.id, p.version, head)
	}
	return b.String()
}

func getPull(c *call, r *repository, p *pull) *answer {
	return &answer{status: http.StatusOK, header: jsonHeader(), body: c.server.pullJSON(r, p, true)}
}

func createPull(c *call, r *repository) *answer {
	var in struct {
		Title, Body, Head, Base string
		Draft                   bool
	}
	if a := c.decode(&in); a != nil {
		return a
	}
	owner, branch, forked := strings.Cut(in.Head, ":")
	head := r
	if !forked {
		branch = in.Head
	} else if head = c.server.repos[c.server.names[strings.ToLower(owner+"/"+r.name)]]; head == nil {
		return unprocessable("Validation Failed")
	}
	if in.Title == "" || head.refs["heads/"+branch] == "" || r.refs["heads/"+in.Base] == "" {
		return unprocessable("Validation Failed")
	}
	p := c.server.open(r, PullRequest{Title: in.Title, Body: in.Body, Draft: in.Draft, HeadRef: branch, HeadRepository: head.id, BaseRef: in.Base})
	a := getPull(c, r, p)
	a.status = http.StatusCreated
	return a
}

// patchPull is for issues/N and pulls/N alike; draft is an addition of ours.
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
	c.server.edit(r, p, func(p *PullRequest) {
		set(&p.Title, in.Title)
		set(&p.Body, in.Body)
		set(&p.State, in.State)
		set(&p.Draft, in.Draft)
		set(&p.Labels, in.Labels)
		if in.Base != nil {
			p.BaseRef, p.BaseSHA = *in.Base, r.refs["heads/"+*in.Base]
		}
	})
	return getPull(c, r, p)
}

func set[T any](to, from *T) {
	if from != nil {
		*to = *from
	}
}

func mergePull(c *call, r *repository, p *pull) *answer {
	if p.State != "open" || p.Draft {
		return problem(http.StatusMethodNotAllowed, "Pull Request is not mergeable")
	}
	return ok(object{"sha": c.server.merge(r, p), "merged": true, "message": "Pull Request successfully merged"})
}

// isMerged is GET pulls/N/merge.
func isMerged(_ *call, _ *repository, p *pull) *answer {
	if p.Merged {
		return reply(http.StatusNoContent, nil)
	}
	return notFound()
}

// maxFiles is how many files of a pull request GitHub lists.
const maxFiles = 3000

func listFiles(c *call, r *repository, p *pull) *answer {
	return listed(c, r, p.Files[:min(len(p.Files), maxFiles)], func(f File) any { return fileJSON(r, p, f) })
}

func listLabels(c *call, r *repository, p *pull) *answer {
	return listed(c, r, p.Labels, func(l string) any { return labelJSON(r, l) })
}

// changeLabels is for POST (add) and PUT (replace), with {"labels": […]} or a bare list, of names or of objects.
func changeLabels(replace bool) func(*call, *repository, *pull) *answer {
	return func(c *call, r *repository, p *pull) *answer {
		var in any
		if a := c.decode(&in); a != nil {
			return a
		}
		if o, isObject := in.(map[string]any); isObject {
			in = o["labels"]
		}
		names, good := labelNames(in)
		if !good || (!replace && len(names) == 0) {
			return unprocessable("Invalid request. No subschema in \"anyOf\" matched.")
		}
		c.server.edit(r, p, func(p *PullRequest) {
			if replace {
				p.Labels = nil
			}
			p.addLabels(names)
		})
		return listLabels(c, r, p)
	}
}

func labelNames(in any) ([]string, bool) {
	items, isList := in.([]any)
	var names []string
	for _, item := range items {
		if o, isObject := item.(map[string]any); isObject {
			item = o["name"]
		}
		name, isText := item.(string)
		if !isText || name == "" {
			return nil, false
		}
		names = append(names, name)
	}
	return names, isList
}

func deleteLabel(c *call, r *repository, p *pull) *answer {
	if !p.hasLabel(c.value("name")) {
		return problem(http.StatusNotFound, "Label does not exist")
	}
	c.server.edit(r, p, func(p *PullRequest) { p.removeLabel(c.value("name")) })
	return listLabels(c, r, p)
}

func deleteLabels(c *call, r *repository, p *pull) *answer {
	c.server.edit(r, p, func(p *PullRequest) { p.Labels = nil })
	return reply(http.StatusNoContent, nil)
}
