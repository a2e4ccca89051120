package actions

import (
	"time"

	"github.com/previewset/previewset/generator/answer"
	"github.com/previewset/previewset/internal/config"
	"github.com/previewset/previewset/internal/preview"
)

// Offer is a request about an environment that makes sense now. Pages show it as a button.
type Offer struct {
	// Action is one of wake, sleep, extend and redeploy.
	Action string `json:"action"`
	// For are the durations to choose from; missing for an action without a duration.
	For []string `json:"for,omitempty"`
}

// Durations are the offered lengths of an extension and of a link for guests. Longer extensions than
// lifetime.maxExtension aren't offered.
var Durations = []time.Duration{24 * time.Hour, 3 * 24 * time.Hour, 7 * 24 * time.Hour}

// Offers returns the requests about an environment. Without a live environment the row is nil. The decision is the one
// with its times; it may be nil.
func Offers(p *answer.Published, environment string, row *preview.Row, d *preview.Decision) []Offer {
	var all []Offer
	switch {
	case row == nil:
	case row.State == preview.Asleep:
		all = append(all, Offer{Action: preview.ActionWake})
	case row.State == preview.Awake:
		all = append(all, Offer{Action: preview.ActionSleep}, Offer{Action: preview.ActionRedeploy})
	}
	canStay := row != nil && d != nil && d.ExpiresAt != nil && !d.EndsWithClaim() // the holder moves the end of a claim
	if _, hasExpired := p.Snapshot.Memory.Expired[environment]; hasExpired || canStay {
		all = append(all, Offer{Action: preview.ActionExtend, For: extensionsOf(p.Config, row)})
	}
	return all
}

func extensionsOf(c *config.Config, row *preview.Row) []string {
	profile, offered := "", []time.Duration{}
	if row != nil {
		profile = row.Profile
	}
	most := c.LifetimeOf(profile).MaxExtension
	for _, d := range Durations {
		if d <= most {
			offered = append(offered, d)
		}
	}
	if len(offered) == 0 {
		offered = append(offered, most)
	}
	return Texts(offered)
}

// Texts returns durations as people write them.
func Texts(all []time.Duration) []string {
	texts := make([]string, len(all))
	for i, d := range all {
		texts[i] = config.FormatDuration(d)
	}
	return texts
}
