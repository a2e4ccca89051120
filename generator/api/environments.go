package api

import (
	"errors"
	"net/http"
	"reflect"
	"regexp"

	"github.com/gin-gonic/gin"

	"github.com/previewset/previewset/generator/actions"
	"github.com/previewset/previewset/generator/answer"
	"github.com/previewset/previewset/generator/httpserver"
	"github.com/previewset/previewset/generator/progress"
	"github.com/previewset/previewset/internal/config"
	"github.com/previewset/previewset/internal/preview"
)

// listEnvironments answers all live environments.
func (a *API) listEnvironments(c *gin.Context) {
	a.serve(c, lister{
		kind: reflect.TypeFor[ListedEnvironment](), identity: []string{"name"}, items: a.environmentItems,
		answer: func(items []any, next string) any { return listAnswer("environments", items, next) },
	})
}

func (a *API) environmentItems() (all []item, ok bool) {
	p := a.Service.Published()
	if p == nil {
		return nil, false
	}
	decisions := p.LiveDecisions()
	all = make([]item, len(p.Snapshot.Rows))
	for i := range p.Snapshot.Rows {
		row := &p.Snapshot.Rows[i]
		e := ListedEnvironment{Row: row, Decision: decisions[row.Name]}
		if latest := a.Watch.Latest(row.Name); latest != nil {
			p := latest.WithDecision(decisions[row.Name])
			e.Progress = &p
		}
		all[i] = item{row.Name, e}
	}
	return all, true
}

var commitPattern = regexp.MustCompile(`^[0-9a-f]{7,40}$`)

// getEnvironment answers a live environment with its progress. With ?config_commit it says whether that commit has been
// read.
func (a *API) getEnvironment(c *gin.Context) {
	p := a.published(c)
	if p == nil {
		return
	}
	commit := c.Query("config_commit")
	if commit != "" && !commitPattern.MatchString(commit) {
		httpserver.Fail(c, http.StatusBadRequest, "config_commit: expected a commit of 7 to 40 characters 0-9 and a-f")
		return
	}
	row := p.Row(c.Param("name"))
	if row == nil {
		why := "no live environment has this name"
		if removal := a.removal(c, p); removal != "" {
			why = "the environment isn't live any more; " + removal
		}
		httpserver.Fail(c, http.StatusNotFound, "%s; previewctl why says whether one is held or gone", why)
		return
	}
	s := a.Progress.Environment(c.Request.Context(), *row)
	s.Decision = p.LiveDecisions()[row.Name]
	s.Progress = a.Watch.Complete(row.Name, s.Progress).WithDecision(s.Decision)
	if commit != "" {
		read := p.Config != nil && p.Config.IsAtOrAfter(commit)
		s.ConfigRead = &read
	}
	c.JSON(http.StatusOK, ShownEnvironment{
		Status: s, PullRequests: p.PullRequests(row.Name), CommitURLs: p.CommitURLs(row), Offers: a.offers(p, s, callerOf(c)),
	})
}

// removal says how far the removal of the named environment is; "" without a removal.
func (a *API) removal(c *gin.Context, p *answer.Published) string {
	if p.Config == nil {
		return ""
	}
	return a.Progress.Removal(c.Request.Context(), p.NamespacePrefix()+c.Param("name"))
}

// offers returns the requests that a caller may send now.
func (a *API) offers(p *answer.Published, s preview.Status, who caller) []actions.Offer {
	isAllowed := who.role.Includes(config.RoleDeveloper) && who.refusal(p, s.Name, a.Now()) == ""
	if !isAllowed || p.Config == nil {
		return nil
	}
	return actions.Offers(p, s.Name, &s.Row, s.Decision)
}

// getApplication answers the status of an environment's Application. The environment needn't be live, because Argo CD
// takes time to delete an Application.
func (a *API) getApplication(c *gin.Context) {
	if !a.Progress.HasApplications() && a.Service.Published() != nil {
		httpserver.Fail(
			c, http.StatusNotImplemented, "the generator has no cluster; run it beside Argo CD, or with --kubeconfig",
		)
		return
	}
	p := a.publishedWithConfig(c)
	if p == nil {
		return
	}
	s, err := a.Progress.Application(c.Request.Context(), p.NamespacePrefix()+c.Param("name"))
	switch {
	case errors.Is(err, progress.ErrBusy):
		httpserver.Fail(c, http.StatusServiceUnavailable, "%s", err)
	case err != nil:
		_ = c.Error(err)
	case s == nil:
		httpserver.Fail(c, http.StatusNotFound, "this Application doesn't exist")
	default:
		c.JSON(http.StatusOK, s)
	}
}
