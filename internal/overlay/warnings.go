package overlay

import (
	"strings"

	"github.com/previewset/previewset/internal/config"
)

// exampleDomain is the domain in the files that init writes.
const exampleDomain = "preview.example.dev"

// warnings returns settings that work, but that most users don't want.
func warnings(p *config.Policy) []string {
	var found []string
	if p.Domain == exampleDomain {
		found = append(found, policyFile+": domain: is still the example's, so no address answers; write your own domain")
	}
	if !p.Activity.IsMeasured() {
		found = append(found, policyFile+": activity: isn't configured, so every environment counts as used: "+
			"none sleeps or is deleted when idle; write your Prometheus' address")
	}
	if names := withoutReady(p); len(names) > 0 {
		found = append(found, policyFile+": services: "+strings.Join(names, ", ")+": without `ready`, a commit is deployed "+
			"before CI has pushed its image; name the check that reports the image")
	}
	return found
}

// withoutReady returns the services that deploy the image of a commit, and wait for no check on it.
func withoutReady(p *config.Policy) []string {
	var names []string
	for _, s := range p.Services {
		if s.Repository != "" && s.Ready == nil && s.TagHasCommit() {
			names = append(names, s.Name)
		}
	}
	return names
}
