package config

import (
	"cmp"
	"fmt"
	"maps"
	"slices"
	"strings"
)

// validateEnvironment checks one environment file against the policy. It adds every mistake to the decoder.
func (v *validator) validateEnvironment(name string, e *Environment) {
	v.header(e.APIVersion, e.Kind, "Environment")
	if e.PullRequest == "" {
		if why := v.cfg.Policy.NameProblem(name); why != "" {
			v.at("", "the folder's name can't be an environment's name: "+why, "rename the folder")
		}
	} else {
		v.validateAdjusted(name, e.PullRequest)
	}
	if e.Adopted && e.PullRequest == "" {
		v.at(
			"adopted",
			"needs pullRequest: it keeps a pull request's environment",
			"write pullRequest: owner/name#number, or remove adopted",
		)
	}
	if e.Owner != "" && !loginPattern.MatchString(e.Owner) {
		v.at("owner", fmt.Sprintf("%q is not a GitHub login", Printable(e.Owner)), "write the login without @")
	}
	if _, ok := v.cfg.Policy.Profiles[e.Profile]; !ok && e.Profile != "" {
		v.at("profile", fmt.Sprintf("there is no profile %q", Printable(e.Profile)), KnownNames(v.cfg.Policy.Profiles))
	}
	v.validateFeatures("", e.Dataset, e.Components)
	if e.Shared && !v.cfg.catalog.components[SharedComponent] {
		v.at(
			"shared",
			"kustomize-base/components/"+SharedComponent+" is missing; it lets other environments in",
			"add the component; previewctl init writes one",
		)
	}
	v.validateChoices(e)
}

// validateAdjusted checks that the file is in the folder of the pull request that it adjusts.
func (v *validator) validateAdjusted(name, pullRequest string) {
	repository, number, ok := ParsePullRequest(pullRequest)
	if !ok {
		v.at("pullRequest", fmt.Sprintf("%q is not a pull request", Printable(pullRequest)), "write owner/name#number")
		return
	}
	if v.cfg.repoByLower[strings.ToLower(repository)] == nil {
		v.at("pullRequest", "no service is in repository "+repository, someOf(v.cfg.Repositories()))
		return
	}
	if want := PullRequestName(v.cfg.Policy, repository, number); want != name {
		v.at(
			"pullRequest",
			"its environment is "+want+", not "+Printable(name),
			"move the file to "+OverlaysFolder+"/"+want,
		)
	}
}

func (v *validator) validateChoices(e *Environment) {
	for _, s := range slices.Sorted(maps.Keys(e.Services)) {
		v.validateServiceName("services."+s, s)
		if why := e.Services[s].problem(); why != "" {
			v.at("services."+s, why, "write one, like {branch: main}")
		}
	}
	for _, s := range slices.Sorted(maps.Keys(e.Links)) {
		at, link := "links."+s, e.Links[s]
		v.validateServiceName(at, s)
		_, _, isPullRequest := ParsePullRequest(link.PullRequest)
		if (link.Environment == "") == (link.PullRequest == "") || (link.PullRequest != "" && !isPullRequest) ||
			(link.Environment != "" && !IsDNSLabel(link.Environment, MaxEnvironmentName)) {
			v.at(
				at,
				"must name exactly one environment or pull request",
				"write {environment: alice} or {pullRequest: owner/name#number}",
			)
		}
		if _, both := e.Services[s]; both {
			v.at(at, "is both a service that runs here and a link", "keep one of them")
		}
	}
	for i, s := range e.Handover {
		at := fmt.Sprintf("handover[%d]", i)
		v.validateServiceName(at, s)
		if _, linked := e.Links[s]; linked {
			v.at(
				at,
				fmt.Sprintf("service %s is linked, so it has no workload here to hand over", Printable(s)),
				"remove the link or the handover",
			)
		}
	}
}

func (v *validator) validateServiceName(at, name string) {
	if v.cfg.Policy.Services.Get(name) == nil {
		v.at(at, fmt.Sprintf("there is no service %q", Printable(name)), v.knownServices())
	}
}

// unmeasured lists the settings for idle environments if previewset.yaml configures no usage data.
func unmeasured(p *Policy, d *decoder) []string {
	why := map[string]string{}
	if p.Activity.Prometheus != nil {
		return nil
	}
	lifetimes := []string{"lifetime"}
	for name := range p.Profiles {
		lifetimes = append(lifetimes, "profiles."+name+".lifetime")
	}
	for _, at := range lifetimes {
		for _, key := range []string{"deleteAfterIdle", "sleep"} {
			why[at+"."+key] = "has no effect without activity.prometheus; without usage data no environment counts as idle"
		}
	}
	if p.Limits.WhenFull == WhenFullSleepIdlest {
		why["limits.whenFull"] = why["lifetime.sleep"]
	}
	return d.notInForce(why)
}

// notInForce formats the reasons of the paths that are in the file, in file order.
func (d *decoder) notInForce(why map[string]string) []string {
	paths := slices.DeleteFunc(slices.Collect(maps.Keys(why)), func(p string) bool { return d.lines[p] == 0 })
	slices.SortFunc(paths, func(a, b string) int { return cmp.Or(d.lines[a]-d.lines[b], strings.Compare(a, b)) })
	var lines []string
	for _, p := range paths {
		lines = append(lines, d.unused(p, why[p]))
	}
	return lines
}
