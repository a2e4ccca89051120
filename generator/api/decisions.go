package api

import (
	"fmt"
	"net/http"
	"reflect"
	"strconv"
	"strings"

	"github.com/gin-gonic/gin"

	"github.com/previewset/previewset/generator/answer"
	"github.com/previewset/previewset/generator/httpserver"
	"github.com/previewset/previewset/internal/config"
	"github.com/previewset/previewset/internal/preview"
)

// listDecisions answers all decisions, or the decisions about a repository or pull request.
func (a *API) listDecisions(c *gin.Context) {
	number, err := strconv.Atoi(c.DefaultQuery("number", "0"))
	if err != nil {
		httpserver.Fail(c, http.StatusBadRequest, "number: expected the number of a pull request")
		return
	}
	repository := c.Query("repository")
	a.serve(c, lister{
		kind: reflect.TypeFor[preview.Decision](), identity: []string{"environment", "repository", "number", "rule"},
		items: func() ([]item, bool) { return a.decisionItems(repository, number) },
		answer: func(items []any, next string) any {
			body := listAnswer("decisions", items, next)
			body["problems"] = a.problems(repository)
			return body
		},
	})
}

// decisionItems returns the decisions about a repository and a pull request; "" and 0 select all.
func (a *API) decisionItems(repository string, number int) (all []item, ok bool) {
	p := a.Service.Published()
	if p == nil {
		return nil, false
	}
	names := namesOf(p, repository)
	for _, d := range p.Snapshot.Decisions {
		if (repository == "" || answer.ContainsFold(names, d.Repository)) && (number == 0 || number == d.Number) {
			key := fmt.Sprintf("%s\x00%09d\x00%s\x00%s", strings.ToLower(d.Repository), d.Number, d.Environment, d.Rule)
			all = append(all, item{key, d})
		}
	}
	return distinct(all), true
}

// problems returns mistakes in the configuration, and why a repository can't be read.
func (a *API) problems(repository string) []string {
	p, status := a.Service.Published(), a.Service.Status()
	if p == nil { // only if the generator has stood aside just now
		return []string{}
	}
	problems := status.ConfigProblems(p.Snapshot)
	if why := status.NotRead(namesOf(p, repository)); repository != "" && why != "" {
		problems = append(problems, why)
	}
	return problems
}

// namesOf returns the names of a repository in decisions: GitHub may have another name for it than the configuration.
func namesOf(p *answer.Published, repository string) []string {
	names, key := []string{repository}, strings.ToLower(repository)
	if name := p.Facts.Repositories[key].FullName; name != "" {
		names = append(names, config.Printable(name))
	}
	for i := range p.Snapshot.Rows { // for a repository that can't be read now
		row := p.Snapshot.Rows[i]
		isNew := row.Repository != "" && !answer.ContainsFold(names, row.Repository)
		if isNew && answer.ContainsFold(answer.RepositoryNames(p.Snapshot, row), key) {
			names = append(names, row.Repository)
		}
	}
	return names
}
