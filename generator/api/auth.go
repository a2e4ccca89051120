package api

import (
	"net/http"
	"slices"
	"strings"
	"time"

	"github.com/gin-gonic/gin"

	"github.com/previewset/previewset/generator/answer"
	"github.com/previewset/previewset/generator/httpserver"
	"github.com/previewset/previewset/generator/secret"
	"github.com/previewset/previewset/generator/signin"
	"github.com/previewset/previewset/internal/config"
	"github.com/previewset/previewset/internal/preview"
)

// bearer returns the bearer token of a request. It refuses a request without one. Kind names the wanted token in
// messages.
func bearer(c *gin.Context, kind string) (token string, ok bool) {
	scheme, sent, _ := strings.Cut(c.GetHeader("Authorization"), " ")
	switch {
	case sent == "":
		httpserver.Fail(c, http.StatusUnauthorized, "missing bearer token; send %s", kind)
	case strings.HasPrefix(sent, "$"):
		httpserver.Fail(c, http.StatusUnauthorized,
			"the token starts with $: Argo CD didn't find the key in the Secret that the plugin's ConfigMap names")
	case !strings.EqualFold(scheme, "Bearer"):
		httpserver.Fail(c, http.StatusUnauthorized, "wrong token; send %s", kind)
	default:
		return sent, true
	}
	return "", false
}

// authorize requires Argo CD's token, which gives access to rows only.
func authorize(token *secret.File) gin.HandlerFunc {
	const kind = "Argo CD's token"
	return func(c *gin.Context) {
		if sent, ok := bearer(c, kind); ok && !token.Matches(sent) {
			httpserver.Fail(c, http.StatusUnauthorized, "wrong token; send %s", kind)
		}
	}
}

// caller is the client of a request to the API.
type caller struct {
	// name names the person, or the client of a token of its own; empty for the API token, which many people may share.
	name string
	role config.Role
	// person is the person for whom Argo CD sends the request; nil for other clients.
	person *config.Person
	// repository is the repository, in lower case, that a workflow belongs to; empty for other clients.
	repository string
}

// callerKey is the key of the caller in a request's context.
const callerKey = "caller"

func callerOf(c *gin.Context) caller {
	who, _ := c.MustGet(callerKey).(caller) // the middleware has set it
	return who
}

// identify finds out who calls the API: a client with the API token, with a token of access.yaml, a person through Argo
// CD, or a workflow.
func (a *API) identify(c *gin.Context) {
	const kind = "the API token, or a token that access.yaml lists"
	hasTokens := a.Service.Published() != nil && a.access().HasTokens()
	if a.APIToken == nil && a.Workflows == nil && !hasTokens {
		httpserver.Fail(c, http.StatusUnauthorized, "this endpoint is off: the generator runs without the API token")
		return
	}
	sent, ok := bearer(c, kind)
	if !ok {
		return
	}
	if a.APIToken != nil && a.APIToken.Matches(sent) {
		c.Set(callerKey, caller{role: config.RoleAdmin})
		return
	}
	if name, token := a.access().TokenOf(sent); name != "" {
		if token.ActsFor == config.ActsForArgoCD {
			a.identifyPerson(c, token.Role)
			return
		}
		c.Set(callerKey, caller{name: name, role: token.Role})
		return
	}
	if a.Workflows != nil && signin.IsWorkflowToken(sent) {
		a.identifyWorkflow(c, sent)
		return
	}
	httpserver.Fail(c, http.StatusUnauthorized, "wrong token; send %s", kind)
}

// access is the access.yaml in force; nil if there is none.
func (a *API) access() *config.Access {
	if p := a.Service.Published(); p != nil && p.Config != nil {
		return p.Config.Access
	}
	return nil
}

// identifyWorkflow accepts workflows of configured repositories. A repository is known by its lasting identity, because
// a name can belong to another repository after a rename.
func (a *API) identifyWorkflow(c *gin.Context, token string) {
	w, err := a.Workflows.Verify(c.Request.Context(), token)
	if err != nil {
		a.Logger.Warn("workflow refused", "error", config.Printable(err.Error()))
		httpserver.Fail(c, http.StatusUnauthorized, "the workflow's token isn't valid here: %s",
			config.Shorten(config.Printable(err.Error()), maxReason))
		return
	}
	name := strings.ToLower(w.Repository)
	p := a.Service.Published()
	if p == nil || p.Config == nil || !slices.Contains(p.Config.Repositories(), name) ||
		p.Facts.Repositories[name].ID != w.RepositoryID {
		httpserver.Fail(c, http.StatusForbidden,
			"%s isn't a repository of the configuration, or it couldn't be read yet", config.Printable(w.Repository))
		return
	}
	c.Set(callerKey, caller{name: w.Name, role: config.RoleDeveloper, repository: name})
}

// maxReason bounds the reason of a refused token in characters.
const maxReason = 300

// require refuses callers without a role.
func require(role config.Role) gin.HandlerFunc {
	return func(c *gin.Context) {
		if who := callerOf(c); !who.role.Includes(role) {
			httpserver.Fail(c, http.StatusForbidden, "this needs the role %s; %s has the role %s", role, who.name, who.role)
		}
	}
}

// refusal says why a caller may not change an environment; "" if it may. A workflow may change only environments with a
// pull request of its repository, and a person with the role developer only their own ones.
func (who caller) refusal(p *answer.Published, environment string, now time.Time) string {
	switch {
	case who.repository != "" && !who.hasMember(p, environment):
		return "a workflow of " + config.Printable(who.repository) + " may change only previews of its own pull requests"
	case who.person == nil || who.role.Includes(config.RoleAdmin):
		return ""
	}
	login := ""
	if p.Config != nil {
		login = p.Config.Access.LoginOf(*who.person)
	}
	switch {
	case login == "":
		return "the generator doesn't know the GitHub login of " + who.name + ", and so not which previews are theirs; ask " +
			"the platform team to add it under people in " + config.AccessFile
	case !p.Owns(login, environment, now):
		return "only its owner, the authors of its pull requests, the holders of its slot and admins may change it; ask " +
			"one of them"
	}
	return ""
}

// hasMember reports whether a pull request of a workflow's repository runs in an environment.
func (who caller) hasMember(p *answer.Published, environment string) bool {
	names := namesOf(p, who.repository)
	for i := range p.Snapshot.Decisions {
		d := &p.Snapshot.Decisions[i]
		isMember := d.Number > 0 && (d.Outcome == preview.Live || d.Outcome == preview.AsleepOutcome)
		if isMember && d.Environment == environment && answer.ContainsFold(names, d.Repository) {
			return true
		}
	}
	return false
}
