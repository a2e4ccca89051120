package config

import (
	"fmt"
	"maps"
	"slices"
	"strings"
	"time"
	"unicode/utf8"
)

// validateEnvironment checks one environment file against the policy. It adds every mistake to the decoder.
func (v *validator) validateEnvironment(name string, e *Environment) {
	v.header(e.APIVersion, e.Kind, "Environment")
	if e.PullRequest == "" {
		if why := v.cfg.Policy.NameProblem(name); why != "" {
			v.mistake("", "the folder's name can't be an environment's name: "+why, "rename the folder")
		}
	} else {
		v.validateAdjusted(name, e.PullRequest)
	}
	if e.Adopted && e.PullRequest == "" {
		v.mistake(
			"adopted",
			"needs pullRequest: it keeps a pull request's environment",
			"write pullRequest: owner/name#number, or remove adopted",
		)
	}
	v.validateLease(e)
	if e.Owner != "" && !loginPattern.MatchString(e.Owner) {
		v.mistake("owner", fmt.Sprintf("%q is not a GitHub login", Printable(e.Owner)), "write the login without @")
	}
	if n := utf8.RuneCountInString(e.Purpose); n > maxPurpose {
		v.mistake("purpose", fmt.Sprintf("has %d characters", n), fmt.Sprintf("write at most %d", maxPurpose))
	}
	if _, ok := v.cfg.Policy.Profiles[e.Profile]; !ok && e.Profile != "" {
		v.mistake("profile", fmt.Sprintf("there is no profile %q", Printable(e.Profile)), KnownNames(v.cfg.Policy.Profiles))
	}
	validateLength(v.decoder, "lifetime.idleAfter", e.Lifetime.IdleAfter, 1)
	v.validateFeatures("", e.Dataset, e.Components)
	v.validateReset(e.Reset)
	if e.Shared && !v.cfg.catalog.components[SharedComponent] {
		v.mistake(
			"shared",
			"kustomize-base/components/"+SharedComponent+" is missing; it lets other environments in",
			"add the component; previewctl init writes one",
		)
	}
	v.validateChoices(e)
}

// validateLease checks that a lease ends, and isn't a pull request's environment.
func (v *validator) validateLease(e *Environment) {
	switch {
	case !e.Lease:
	case e.PullRequest != "":
		v.mistake("lease", "a pull request's environment can't be a lease", "remove lease or pullRequest")
	case e.Lifetime.Expires == nil:
		v.mistake("lease", "needs lifetime.expires: a lease has an end", "write lifetime.expires, or remove lease")
	case e.Lifetime.KeepAwake:
		v.mistake("lease", "can't be kept awake: a lease sleeps for other environments", "remove lease or lifetime.keepAwake")
	}
}

func (v *validator) validateReset(stores map[string]time.Time) {
	for _, store := range slices.Sorted(maps.Keys(stores)) {
		at := "reset." + store
		if v.cfg.catalog.datasets[store] == nil {
			v.mistake(at, fmt.Sprintf("there is no data store %q", Printable(store)), KnownNames(v.cfg.catalog.datasets))
		} else if !v.cfg.catalog.reset[store] {
			v.mistake(
				at, fmt.Sprintf("%s/data/%s/reset is missing; it empties the store's volume", BaseFolder, store),
				"add the component; previewctl init writes one",
			)
		}
	}
}

// validateAdjusted checks that the file is in the folder of the pull request that it adjusts.
func (v *validator) validateAdjusted(name, pullRequest string) {
	repository, number, ok := ParsePullRequest(pullRequest)
	if !ok {
		v.mistake("pullRequest", fmt.Sprintf("%q is not a pull request", Printable(pullRequest)), "write owner/name#number")
		return
	}
	if v.cfg.repoByLower[strings.ToLower(repository)] == nil {
		v.mistake("pullRequest", "no service is in repository "+repository, someOf(v.cfg.Repositories()))
		return
	}
	if want := PullRequestName(v.cfg.Policy, repository, number); want != name {
		v.mistake(
			"pullRequest",
			"its environment is "+want+", not "+Printable(name),
			"move the file to "+OverlaysFolder+"/"+want,
		)
	}
}

func (v *validator) validateChoices(e *Environment) {
	for _, s := range slices.Sorted(maps.Keys(e.Services)) {
		v.validateServiceName("services."+s, s)
		v.validateChoice("services."+s, s, e.Services[s])
	}
	for _, s := range slices.Sorted(maps.Keys(e.Links)) {
		at := "links." + s
		v.validateServiceName(at, s)
		v.validateLink(at, e.Links[s])
		if _, both := e.RefOf(s); both {
			v.mistake(at, "is both a service that runs here and a link", "keep one of them")
		}
	}
	for i, s := range e.Handover {
		at := fmt.Sprintf("handover[%d]", i)
		v.validateServiceName(at, s)
		if _, linked := e.Links[s]; linked {
			v.mistake(
				at,
				fmt.Sprintf("service %s is linked, so it has no workload here to hand over", Printable(s)),
				"remove the link or the handover",
			)
		}
	}
}

// validateChoice checks the ref and the variables of a service.
func (v *validator) validateChoice(at, name string, s EnvironmentService) {
	v.validateEnv(at+".env", s.Env)
	if s.Ref == (Ref{}) && len(s.Env) > 0 {
		return
	}
	if why := s.invalidity(); why != "" {
		v.mistake(at, why, "write one, like {branch: main}")
	}
	if service := v.cfg.Policy.Services.Get(name); service != nil && service.Repository == "" {
		v.mistake(at, "its service has no repository, so it has no "+s.String(),
			"remove it, or add services."+name+".repository to "+PolicyFile)
	}
}

func (v *validator) validateLink(at string, link Link) {
	_, _, isPullRequest := ParsePullRequest(link.PullRequest)
	switch {
	case (link.Environment == "") == (link.PullRequest == ""):
		v.mistake(
			at,
			"must name exactly one environment or pull request",
			"write {environment: alice} or {pullRequest: owner/name#number}",
		)
	case link.PullRequest != "" && !isPullRequest:
		v.mistake(at, fmt.Sprintf("%q is not a pull request", Printable(link.PullRequest)), "write owner/name#number")
	case link.Environment != "" && !IsDNSLabel(link.Environment, MaxEnvironmentName):
		v.mistake(
			at,
			fmt.Sprintf("%q is not an environment's name", Printable(link.Environment)),
			fmt.Sprintf("write at most %d of a to z, 0 to 9 and -", MaxEnvironmentName),
		)
	}
}

func (v *validator) validateServiceName(at, name string) {
	if v.cfg.Policy.Services.Get(name) == nil {
		v.mistake(at, fmt.Sprintf("there is no service %q", Printable(name)), v.knownServices())
	}
}
