package generator_test

import (
	"math/rand/v2"
	"net/http"
	"slices"
	"testing/synctest"

	"github.com/previewset/previewset/generator/testworld"
)

// filterMistakes are mistakes in the input parameters of the ApplicationSet. They have random numbers of their own.
type filterMistakes struct {
	*rand.Rand
	isSaved bool // the generator has saved the filter of the ApplicationSet
}

// mistypeFilter asks once with a mistyped filter, as Argo CD does after a mistake in the ApplicationSet. The answer may
// not lack all environments, unless a person confirms it. The mistake is then corrected.
func (sim *simulation) mistypeFilter() {
	sim.t.Helper()
	f := &sim.filters
	if sim.noCluster || sim.failed || !f.isSaved || f.IntN(4) > 0 {
		return
	}
	const mistyped = `{"applicationSetName":"previews","input":{"parameters":{"owner":"nobody"}}}`
	got := sim.getParamsWith(mistyped)
	sim.logf("a mistyped filter is answered %d", got.Code)
	before := sim.getParams()
	switch {
	case got.Code == http.StatusOK && before.Code == http.StatusOK && sim.hasLive(before.Rows(sim.t)):
		sim.failf("a mistyped filter removes all %d environments", len(before.Rows(sim.t)))
	case got.Code == http.StatusConflict && f.IntN(3) == 0:
		sim.logf("a person confirms it, and then it is corrected")
		f.isSaved = false // the disk may be full when the corrected one is to be saved
		sim.getParamsWith(mistyped)
		sim.events().post("/api/v1/confirm", `{"applicationSets":["previews"]}`)
		synctest.Wait()
		if a := sim.getParamsWith(mistyped); a.Code != http.StatusOK || len(a.Rows(sim.t)) > 0 {
			sim.failf("a confirmed filter is answered %d %s", a.Code, a.Body)
		}
		if again := sim.getParams(); again.Code != http.StatusOK {
			sim.failf("the corrected filter is answered %d %s", again.Code, again.Body)
		}
	}
}

// hasLive reports whether Argo CD had one of the rows until now. It loses nothing that it never had.
func (sim *simulation) hasLive(rows []map[string]any) bool {
	return slices.ContainsFunc(rows, func(row map[string]any) bool {
		name, _ := row["name"].(string)
		return sim.environments[name] != nil
	})
}

// getParamsWith requests rows with a body.
func (sim *simulation) getParamsWith(body string) testworld.Response {
	return sendRequest(
		sim.t, sim.process.private, http.MethodPost, testworld.ParamsPath, body,
		map[string]string{"Authorization": "Bearer " + testworld.ArgoToken},
	)
}
