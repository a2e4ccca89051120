package previewspage

import (
	"cmp"
	"fmt"

	"github.com/gin-contrib/sse"
	"github.com/gin-gonic/gin"

	"github.com/previewset/previewset/generator/answer"
)

// stream tells a browser of changes. An event has only the new version: the browser then loads its page again. The
// browser says which version it has: in the address at first, and in Last-Event-ID after an event.
func (s *Pages) stream(c *gin.Context, v visitor) {
	last := cmp.Or(c.GetHeader("Last-Event-ID"), c.Query("since"))
	s.streams.Serve(c, v.Subject, s.version, func() []sse.Event {
		now := s.version()
		if now == last {
			return nil
		}
		last = now
		return []sse.Event{{Event: "change", Id: now, Data: ""}}
	})
}

// version is different after each change of what the pages show.
func (s *Pages) version() string {
	return versionOf(s.Snapshots.Published(), s.Watch.Changes())
}

func versionOf(p *answer.Published, changes int) string {
	number := 0
	if p != nil {
		number = p.Number
	}
	return fmt.Sprintf("%d-%d", number, changes)
}
