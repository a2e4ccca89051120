package api

import (
	"cmp"
	"encoding/json"
	"io"
	"net/http"
	"slices"
	"strings"

	"github.com/gin-gonic/gin"

	"github.com/previewset/previewset/generator/actions"
	"github.com/previewset/previewset/generator/httpserver"
	"github.com/previewset/previewset/generator/pending"
	"github.com/previewset/previewset/internal/config"
)

// maxConfirmed bounds the names in one confirmation.
const maxConfirmed = 1000

// postConfirm takes a user's confirmation: environments that wait for it may be removed. Repositories that were never
// read count as empty, and a name that belongs to another repository now is taken for that one. The next snapshot,
// which is computed at once, has the effect.
func (a *API) postConfirm(c *gin.Context) {
	var r Confirmation
	content, err := io.ReadAll(c.Request.Body)
	if err == nil {
		err = json.Unmarshal(content, &r)
	}
	names := slices.Concat(r.Environments, toLower(r.Repositories))
	if n := len(names) + len(r.ApplicationSets); err != nil || n == 0 || n > maxConfirmed {
		httpserver.Fail(c, http.StatusBadRequest, `expected {"environments": [names], "repositories": ["owner/name"], `+
			`"applicationSets": [names]} in the body, with 1 to %d names`, maxConfirmed)
		return
	}
	for _, name := range names {
		if !a.canConfirm(name) {
			httpserver.Fail(c, http.StatusNotFound,
				"%s is neither an environment that waits for confirmation nor "+
					"a repository that was never read or has lost its name to another one; see /api/v1/decisions",
				config.Printable(name))
			return
		}
	}
	for _, name := range r.ApplicationSets {
		if !a.Filters.IsRefused(name) {
			httpserver.Fail(c, http.StatusNotFound, "ApplicationSet %s doesn't wait for confirmation; "+
				"it does after Argo CD has asked for it and has got the status 409", config.Printable(name))
			return
		}
	}
	for _, name := range r.ApplicationSets {
		a.Filters.Confirm(name)
	}
	a.Actions.Confirm(
		pending.Work{Confirmed: names, Saves: len(r.ApplicationSets) > 0}, cmp.Or(callerOf(c).name, config.Printable(r.Caller)), a.Now(),
		actions.Origin{Via: "API", Address: c.ClientIP()},
	)
	c.JSON(http.StatusAccepted, Message{Message: "confirmed; the next snapshot removes them"})
}

func toLower(names []string) []string {
	out := make([]string, len(names))
	for i, n := range names {
		out[i] = strings.ToLower(n)
	}
	return out
}

// canConfirm says whether a name is an environment that waits for confirmation, or a repository that neither this run
// nor an earlier one has read, or a name that belongs to another repository now.
func (a *API) canConfirm(name string) bool {
	for _, r := range a.Service.Status().Repositories {
		if r.Name == name {
			return r.Read.IsZero() && !r.Remembered
		}
	}
	p := a.Service.Published()
	return p != nil && p.WaitsForConfirmation(name)
}
