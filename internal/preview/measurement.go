package preview

import (
	"slices"
	"time"

	"github.com/previewset/previewset/internal/config"
)

// Measurement has the measured use of environments. The zero value means that use is unknown.
type Measurement struct {
	// At is the start of the newest complete measurement; zero if there is none.
	At time.Time
	// Window is the time before At that a measurement covers.
	Window time.Duration
	// Used reports for each measured namespace whether it was used within Window before At, by the query or by the presets
	// of ingress controllers. If one of several presets knows nothing about a namespace, it is in Used only if it was used.
	Used map[string]bool
	// Stores has the same for each preset that asks the exporters of data stores.
	Stores map[string]map[string]bool `json:",omitempty"`
	// Problem says why there is no newer measurement; empty after a success.
	Problem string
}

// isUsed reports whether an environment was used, and whether that is known. A use that any preset knows counts. An
// environment is known to be idle if each preset that counts for it says so: those of ingress controllers, and those of the
// exporters in the environment. A preset counts for all environments if no store in kustomize-base has an exporter for
// it: people then have exporters of their own.
func (m Measurement) isUsed(c *config.Config, row Row) (used, isKnown bool) {
	needed := map[string]bool{}
	for _, component := range row.Kustomize.Components {
		needed[config.ExporterOf(component)] = true
	}
	used = m.Used[row.Namespace]
	var counting []map[string]bool
	if !config.OnlyStorePresets(c.Policy) {
		counting = append(counting, m.Used)
	}
	for _, preset := range config.StorePresets(c.Policy) {
		used = used || m.Stores[preset][row.Namespace]
		if needed[preset] || !config.HasExporter(c, preset) {
			counting = append(counting, m.Stores[preset])
		}
	}
	isKnown = len(counting) > 0 && !slices.ContainsFunc(counting, func(measured map[string]bool) bool {
		_, ok := measured[row.Namespace]
		return !ok
	})
	return used, used || isKnown
}
