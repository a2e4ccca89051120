package previewspage

import (
	"net/http"
	"time"

	"github.com/gin-gonic/gin"

	"github.com/previewset/previewset/generator/answer"
	"github.com/previewset/previewset/generator/history"
)

const (
	// changesSince is how far back the recent changes of all previews go, and maxChanges bounds their number.
	changesSince = 24 * time.Hour
	maxChanges   = 200
)

// changesView is the content of the page with the recent changes of all previews.
type changesView struct {
	Person     person
	Changes    []change
	OnlyPeople bool // only what people did
	Version    string
	clock
}

// change is an event with the path of its preview's page.
type change struct {
	history.Change
	Path string
}

// changes answers what happened lately to all previews.
func (s *Pages) changes(c *gin.Context, p *answer.Published, v visitor) {
	now := s.Now()
	view := changesView{
		Person: s.personOf(v), OnlyPeople: c.Query("people") != "", Version: versionOf(p, s.Watch.Changes()), clock: clock{now},
	}
	for _, one := range s.History.Recent(now.Add(-changesSince), maxChanges) {
		if !view.OnlyPeople || one.Who != "" {
			view.Changes = append(view.Changes, change{one, PathOf(one.Environment)})
		}
	}
	s.render(c, http.StatusOK, "changes", view)
}
