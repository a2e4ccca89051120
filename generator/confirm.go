package generator

import (
	"encoding/json"
	"errors"
	"io"
	"maps"
	"net/http"
	"slices"
	"strings"

	"github.com/gin-gonic/gin"

	"github.com/previewset/previewset/internal/preview"
)

// maxConfirmed bounds how many names one request confirms.
const maxConfirmed = 1000

// confirmAway takes somebody's word that environments which are withheld may go, and that repositories which were never
// read may count as empty. It happens with the next snapshot, which is made at once.
func (g *Generator) confirmAway(c *gin.Context) {
	var r struct {
		Environments []string `json:"environments"`
		Repositories []string `json:"repositories"`
		Caller       string   `json:"caller"`
	}
	content, err := io.ReadAll(c.Request.Body)
	if err == nil {
		err = json.Unmarshal(content, &r)
	}
	names := slices.Concat(r.Environments, lower(r.Repositories))
	if err != nil || len(names) == 0 || len(names) > maxConfirmed {
		fail(c, http.StatusBadRequest, `the body is not {"environments": [names], "repositories": ["owner/name"]} with 1 to %d names`, maxConfirmed)
		return
	}
	for _, name := range names {
		if !g.confirmable(name) {
			fail(c, http.StatusNotFound, "%s is not withheld, and no repository that was never read; see /api/v1/decisions", preview.Printable(name))
			return
		}
	}
	g.opts.Logger.Warn("confirmed that these may go", "names", names, "caller", preview.Printable(r.Caller), "address", c.ClientIP())
	g.requests.add(scope{confirm: names})
	c.JSON(http.StatusAccepted, gin.H{"message": "confirmed; they go with the next snapshot"})
}

func lower(names []string) []string {
	out := make([]string, len(names))
	for i, n := range names {
		out[i] = strings.ToLower(n)
	}
	return out
}

// confirmable says whether a name is that of an environment that is kept only until somebody confirms, or of a repository
// that was never read, in this run or before.
func (g *Generator) confirmable(name string) bool {
	for _, r := range g.status.Load().Repositories {
		if r.Name == name {
			return r.Read.IsZero() && !r.Remembered
		}
	}
	s := g.served.Load()
	if s == nil {
		return false
	}
	for _, d := range s.snapshot.Decisions {
		if d.Environment == name && d.Withheld { // others may want the same name, and be held for it
			return true
		}
	}
	return false
}

// confirm notes in memory what was confirmed. The refresher calls it.
func (g *Generator) confirm(names []string) {
	if len(names) == 0 {
		return
	}
	m := &g.state.memory
	g.state.unsaved = true
	m.Confirmed, m.Repositories = cloned(m.Confirmed), cloned(m.Repositories)
	for _, name := range names {
		if !strings.Contains(name, "/") {
			m.Confirmed[name] = true
			continue
		}
		m.Repositories[name] = g.state.facts.Repositories[name].ID
		if isIdentity(g.state.failed[name]) { // nothing but that was read of it
			delete(g.state.facts.Repositories, name)
			g.state.reads.want(name, true)
		}
	}
}

// isIdentity says whether a read failed because the repository's name is another's now.
func isIdentity(err error) bool { return errors.As(err, new(*preview.IdentityError)) }

func cloned[V any](m map[string]V) map[string]V {
	if m == nil {
		return map[string]V{}
	}
	return maps.Clone(m)
}
