package config

import (
	"cmp"
	"fmt"
	"maps"
	"net/url"
	"path"
	"regexp"
	"slices"
	"strings"
	_ "time/tzdata" // the known time zones must not depend on the machine
)

var (
	domainPattern = regexp.MustCompile(`^([a-z0-9]([a-z0-9-]{0,61}[a-z0-9])?\.)+[a-z]([a-z0-9-]{0,61}[a-z0-9])?$`)
	imagePattern  = regexp.MustCompile(
		`^([a-z0-9]+(([._]|-+)[a-z0-9]+)*(:[0-9]+)?/)?[a-z0-9]+(([._]|__|-+)[a-z0-9]+)*(/[a-z0-9]+(([._]|__|-+)[a-z0-9]+)*)*$`,
	)
	timeOfDay = regexp.MustCompile(`^(([01][0-9]|2[0-3]):[0-5][0-9]|24:00)$`)
	weekdays  = []string{"mon", "tue", "wed", "thu", "fri", "sat", "sun"}
)

// validate checks the policy as a whole. It adds every mistake to the decoder.
func (v *validator) validate() {
	p := v.cfg.Policy
	v.header(p.APIVersion, p.Kind, "PreviewConfig")
	if len(p.Domain) > maxDomain || !domainPattern.MatchString(p.Domain) {
		v.mistake(
			"domain",
			fmt.Sprintf("%q is not a domain", Printable(p.Domain)),
			"write one in lower case, like preview.example.dev",
		)
	}
	if p.NamespacePrefix == "" || len(p.NamespacePrefix) > maxPrefix ||
		!IsDNSLabel(p.NamespacePrefix+"x", maxPrefix+1) {
		v.mistake(
			"namespacePrefix",
			fmt.Sprintf("%q can't start a namespace", Printable(p.NamespacePrefix)),
			fmt.Sprintf("write 1 to %d of a to z, 0 to 9 and -", maxPrefix),
		)
	}
	if !IsDNSLabel(p.Baseline.Namespace, MaxLabel) {
		v.mistake("baseline.namespace", "is not a namespace", "write the name of the shared namespace that links point to")
	}
	for i, pattern := range p.ProtectedNamespaces {
		if _, err := path.Match(pattern, ""); err != nil || pattern == "" {
			v.mistake(
				fmt.Sprintf("protectedNamespaces[%d]", i),
				"is not a pattern",
				`write a namespace, or a pattern like "kube-*"`,
			)
		}
	}
	v.validateServices()
	v.validateRepositories()
	v.validateCloud()
	v.validateSizes()
	v.validateProfiles()
	v.validatePullRequests()
	validateLifetime(v.decoder, "lifetime.", nil, &p.Lifetime)
	validateLength(v.decoder, "slots.maxClaim", p.Slots.MaxClaim, 1)
	v.validateActivity()
	if !v.cfg.catalog.components[Guardrails] {
		v.mistake(
			"",
			"kustomize-base/components/"+Guardrails+" is missing; every environment needs it",
			"add the component; previewctl init writes one",
		)
	}
}

func (v *validator) validateProfiles() {
	if v.cfg.Policy.Profiles == nil {
		v.cfg.Policy.Profiles = map[string]Profile{}
	}
	if _, ok := v.cfg.Policy.Profiles[defaultProfile]; !ok {
		v.cfg.Policy.Profiles[defaultProfile] = Profile{Run: RunSet{Mode: "changed"}}
	}
	for _, name := range slices.Sorted(maps.Keys(v.cfg.Policy.Profiles)) {
		p, at := v.cfg.Policy.Profiles[name], "profiles."+name
		if !IsDNSLabel(name, maxProfileName) {
			v.mistake(at, "is not a profile name", fmt.Sprintf("write at most %d of a to z, 0 to 9 and -", maxProfileName))
		}
		if p.Run.Mode == "" {
			v.mistake(at, "needs run", "write run: changed, run: all or run: [a service, …]")
		}
		for i, s := range p.Run.Services {
			if v.cfg.Policy.Services.Get(s) == nil {
				v.mistake(
					fmt.Sprintf("%s.run[%d]", at, i),
					fmt.Sprintf("there is no service %q", Printable(s)),
					v.knownServices(),
				)
			}
		}
		v.validateFeatures(at+".", p.Dataset, p.Components)
		v.validateSize(at+".size", p.Size)
		if p.Lifetime != nil {
			validateLifetime(v.decoder, at+".lifetime.", &v.cfg.Policy.Lifetime, p.Lifetime)
		}
	}
}

// validateFeatures checks the dataset and the components of a profile or environment. The text at is "" or ends in a
// dot.
func (v *validator) validateFeatures(at, dataset string, components []string) {
	if dataset != "" && !v.cfg.catalog.hasDataset(dataset) {
		v.mistake(
			at+"dataset",
			fmt.Sprintf("no store has a dataset %q", Printable(dataset)),
			"add kustomize-base/data/<store>/datasets/<dataset>, or name an existing dataset",
		)
	}
	for i, name := range components {
		isDebug := name == DebugComponent && slices.ContainsFunc(v.cfg.Policy.Services, Service.canDebug)
		if !v.cfg.catalog.components[name] && !isDebug {
			v.mistake(
				fmt.Sprintf("%scomponents[%d]", at, i),
				fmt.Sprintf("there is no component %q in kustomize-base/components", Printable(name)),
				KnownNames(v.cfg.catalog.components),
			)
		}
	}
}

func (v *validator) validatePullRequests() {
	p := v.cfg.Policy.PullRequests
	validateLength(v.decoder, "pullRequests.approvalGrace", p.ApprovalGrace, 0)
	labels := map[string]string{}
	for _, l := range [][2]string{
		{"label", p.Label}, {"joinLabel", p.JoinLabel}, {"keepLabel", p.KeepLabel}, {"debugLabel", p.DebugLabel},
	} {
		key, name := strings.ToLower(l[1]), l[0]
		if key == "" || len(key) > maxPolicyLabel || strings.Contains(key, ":") || Printable(key) != key {
			v.mistake(
				"pullRequests."+name,
				"is not a label",
				fmt.Sprintf(
					"write 1 to %d characters without a colon; the text after a colon names the profile",
					maxPolicyLabel,
				),
			)
		}
		if other, ok := labels[key]; ok {
			v.mistake("pullRequests."+name, "is the same as "+other, "give each a label of its own")
		}
		labels[key] = name
	}
	if _, ok := v.cfg.Policy.Profiles[p.Profile]; !ok {
		v.mistake(
			"pullRequests.profile",
			fmt.Sprintf("there is no profile %q", Printable(p.Profile)),
			KnownNames(v.cfg.Policy.Profiles),
		)
	}
	if _, err := regexp.Compile(p.IssueKey); err != nil {
		v.mistake(
			"pullRequests.issueKey",
			"is not a regular expression of RE2: "+err.Error(),
			"see github.com/google/re2/wiki/Syntax",
		)
	}
}

func (v *validator) validateActivity() {
	p := v.cfg.Policy.Activity.Prometheus
	if p == nil {
		return
	}
	u, err := url.Parse(p.URL)
	if err != nil || u.Host == "" || u.User != nil || (u.Scheme != "http" && u.Scheme != "https") {
		v.mistake("activity.prometheus.url", "is not an address", "write http://host:port, without user and password")
	}
	sources := 0
	for _, has := range []bool{p.Preset != "", len(p.Presets) > 0, p.Query != ""} {
		if has {
			sources++
		}
	}
	if sources != 1 {
		v.mistake(
			"activity.prometheus",
			"must have exactly one of preset, presets and query",
			"write preset: envoy-gateway, or presets: [envoy-gateway, postgresql], or query: and PromQL",
		)
	}
	if len(slices.Compact(slices.Sorted(slices.Values(p.Presets)))) < len(p.Presets) {
		v.mistake("activity.prometheus.presets", "has a preset twice", "write each preset once")
	}
}

// settingsWithoutActivity lists the settings for idle environments if previewset.yaml names no source of activity. They
// have no effect then.
func settingsWithoutActivity(p *Policy, d *decoder) []Unused {
	why := map[string]string{}
	if p.Activity.IsMeasured() {
		return nil
	}
	lifetimes := []string{"lifetime"}
	for name := range p.Profiles {
		lifetimes = append(lifetimes, "profiles."+name+".lifetime")
	}
	for _, at := range lifetimes {
		for _, key := range []string{"deleteAfterIdle", "sleep"} {
			why[at+"."+key] = "has no effect without activity.prometheus; without activity no environment counts as idle"
		}
	}
	if p.Limits.WhenFull == WhenFullSleepIdlest {
		why["limits.whenFull"] = why["lifetime.sleep"]
	}
	return d.unusedOf(why)
}

// unusedOf returns the paths that are in the file, in file order, with their reasons.
func (d *decoder) unusedOf(why map[string]string) []Unused {
	paths := slices.DeleteFunc(slices.Collect(maps.Keys(why)), func(p string) bool { return d.lines[p] == 0 })
	slices.SortFunc(paths, func(a, b string) int { return cmp.Or(d.lines[a]-d.lines[b], strings.Compare(a, b)) })
	var found []Unused
	for _, p := range paths {
		found = append(found, d.unused(p, why[p]))
	}
	return found
}
