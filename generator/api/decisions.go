package api

import (
	"net/http"
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
	p := a.published(c)
	if p == nil {
		return
	}
	number, err := strconv.Atoi(c.DefaultQuery("number", "0"))
	if err != nil {
		httpserver.Fail(c, http.StatusBadRequest, "number: expected the number of a pull request")
		return
	}
	repository := c.Query("repository")
	names, decisions := namesOf(p, repository), []preview.Decision{}
	for _, d := range p.Snapshot.Decisions {
		if (repository == "" || answer.ContainsFold(names, d.Repository)) && (number == 0 || number == d.Number) {
			decisions = append(decisions, d)
		}
	}
	problems := a.Service.Status().ConfigProblems(p.Snapshot)
	if why := a.Service.Status().NotRead(names); repository != "" && why != "" {
		problems = append(problems, why)
	}
	c.JSON(http.StatusOK, DecisionList{Decisions: decisions, Problems: problems})
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
