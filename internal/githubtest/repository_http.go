package githubtest

import (
	"cmp"
	"fmt"
	"net/http"
	"strings"
)

// withRepository returns a handler for paths below /repos/{owner}/{repo}. It answers 404 if the repository doesn't
// exist or the token may not read it, and redirects from a former name.
func withRepository(h func(*call, *repository) *answer) func(*call) *answer {
	return func(c *call) *answer {
		name := c.value("owner") + "/" + c.value("repo")
		if r := c.change.byName(name); r != nil && c.token.canRead(r) {
			return h(c, r)
		} else if r != nil {
			return notFound()
		}
		r := c.change.byFormerName(name)
		if r == nil || !c.token.canRead(r) {
			return notFound()
		}
		return redirect(c, r)
	}
}

// redirect leads to the same path of a repository that has another name now.
func redirect(c *call, r *repository) *answer {
	parts := strings.SplitN(c.request.URL.EscapedPath(), "/", 5)
	to := fmt.Sprintf("http://%s%s/repositories/%d", c.request.Host, c.prefix, r.id)
	if len(parts) == 5 {
		to += "/" + parts[4]
	}
	if c.request.URL.RawQuery != "" {
		to += "?" + c.request.URL.RawQuery
	}
	status := http.StatusMovedPermanently
	if c.request.Method != http.MethodGet {
		status = http.StatusTemporaryRedirect
	}
	a := reply(status, object{"message": "Moved Permanently", "url": to})
	a.header.Set("Location", to)
	return a
}

func getRepository(_ *call, r *repository) *answer { return rendered(http.StatusOK, repositoryJSON(r)) }

func patchRepository(c *call, r *repository) *answer {
	var in struct {
		Name          string
		Private       *bool
		DefaultBranch string `json:"default_branch"`
	}
	if a := c.decode(&in); a != nil {
		return a
	}
	r.defaultBranch = cmp.Or(in.DefaultBranch, r.defaultBranch)
	c.change.recordActivity(r)
	if in.Private != nil {
		c.change.setPrivate(r, *in.Private)
	}
	if in.Name != "" && in.Name != r.name {
		c.change.rename(r, r.owner+"/"+in.Name)
	}
	return getRepository(c, r)
}

func transferRepository(c *call, r *repository) *answer {
	var in struct {
		NewOwner string `json:"new_owner"`
		NewName  string `json:"new_name"`
	}
	if a := c.decode(&in); a != nil {
		return a
	}
	if in.NewOwner == "" {
		return unprocessable("Invalid request. new_owner is missing.")
	}
	c.change.rename(r, in.NewOwner+"/"+cmp.Or(in.NewName, r.name))
	return rendered(http.StatusAccepted, repositoryJSON(r))
}

func deleteRepository(c *call, r *repository) *answer {
	c.change.removeRepository(r)
	return reply(http.StatusNoContent, nil)
}

func createRepository(c *call) *answer {
	var in struct {
		Name    string
		Private bool
	}
	if a := c.decode(&in); a != nil {
		return a
	}
	name := cmp.Or(c.value("org"), octocat) + "/" + in.Name
	if in.Name == "" || c.change.byName(name) != nil {
		return unprocessable("Repository creation failed.")
	}
	r := c.change.addRepository(name, false)
	r.private = in.Private
	return rendered(http.StatusCreated, repositoryJSON(r))
}
