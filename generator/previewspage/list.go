package previewspage

import (
	"net/http"

	"github.com/gin-gonic/gin"

	"github.com/previewset/previewset/generator/answer"
)

// listView is the content of the list.
type listView struct {
	Person       person
	Filter       filter
	Choices      choices
	Entries      []*entry
	Total        int
	ToConfirm    int // previews that wait for the confirmation of their removal
	Slots, Queue []slot
	Problems     []string
	Version      string // of the snapshot and the progress, for stream
	clock
}

func (s *Pages) list(c *gin.Context, p *answer.Published, v visitor) {
	now := s.Now()
	known, changes := s.Watch.Known()
	all := entriesOf(p, known, v.Login, now)
	view := listView{
		Person: s.personOf(v), Filter: filterOf(c.Request.URL.Query()), Choices: choicesOf(all), Total: len(all),
		Problems: s.Status().ConfigProblems(p.Snapshot), Version: versionOf(p, changes), clock: clock{now},
	}
	for _, e := range all {
		if e.WaitsForConfirmation {
			view.ToConfirm++
		}
		if view.Filter.matches(e) {
			view.Entries = append(view.Entries, e)
		}
	}
	view.Slots, view.Queue = slotsOf(p.Config, all, now)
	s.render(c, http.StatusOK, "list", view)
}
