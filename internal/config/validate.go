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
	"time"
	_ "time/tzdata" // the known time zones must not depend on the machine

	"github.com/bmatcuk/doublestar/v4"
)

var (
	domainPattern = regexp.MustCompile(`^([a-z0-9]([a-z0-9-]{0,61}[a-z0-9])?\.)+[a-z]([a-z0-9-]{0,61}[a-z0-9])?$`)
	imagePattern  = regexp.MustCompile(
		`^([a-z0-9]+(([._]|-+)[a-z0-9]+)*(:[0-9]+)?/)?[a-z0-9]+(([._]|__|-+)[a-z0-9]+)*(/[a-z0-9]+(([._]|__|-+)[a-z0-9]+)*)*$`,
	)
	timeOfDay = regexp.MustCompile(`^(([01][0-9]|2[0-3]):[0-5][0-9]|24:00)$`)
	weekdays  = []string{"mon", "tue", "wed", "thu", "fri", "sat", "sun"}
)

// validator checks decoded files against the rest of the configuration, and adds each mistake to its decoder.
type validator struct {
	*decoder
	cfg *Config
}

// validate checks the policy as a whole. It adds every mistake to the decoder.
func (v *validator) validate() {
	p := v.cfg.Policy
	v.header(p.APIVersion, p.Kind, "PreviewConfig")
	if len(p.Domain) > maxDomain || !domainPattern.MatchString(p.Domain) {
		v.at(
			"domain",
			fmt.Sprintf("%q is not a domain", Printable(p.Domain)),
			"write one in lower case, like preview.example.dev",
		)
	}
	if p.NamespacePrefix == "" || len(p.NamespacePrefix) > maxPrefix ||
		!IsDNSLabel(p.NamespacePrefix+"x", maxPrefix+1) {
		v.at(
			"namespacePrefix",
			fmt.Sprintf("%q can't start a namespace", Printable(p.NamespacePrefix)),
			fmt.Sprintf("write 1 to %d of a to z, 0 to 9 and -", maxPrefix),
		)
	}
	if !IsDNSLabel(p.Baseline.Namespace, MaxLabel) {
		v.at("baseline.namespace", "is not a namespace", "write the name of the shared namespace that links point to")
	}
	for i, pattern := range p.ProtectedNamespaces {
		if _, err := path.Match(pattern, ""); err != nil || pattern == "" {
			v.at(
				fmt.Sprintf("protectedNamespaces[%d]", i),
				"is not a pattern",
				`write a namespace, or a pattern like "kube-*"`,
			)
		}
	}
	v.validateServices()
	v.validateRepositories()
	v.validateProfiles()
	v.validatePullRequests()
	validateLifetime(v.decoder, "lifetime.", nil, &p.Lifetime)
	v.validateActivity()
	if !v.cfg.catalog.components[Guardrails] {
		v.at(
			"",
			"kustomize-base/components/"+Guardrails+" is missing; every environment needs it",
			"add the component; previewctl init writes one",
		)
	}
}

func (v *validator) validateServices() {
	if len(v.cfg.Policy.Services) == 0 {
		v.at("services", "is empty", "name at least one service with its repository and image")
	}
	images := map[string]string{}
	for i := range v.cfg.Policy.Services {
		s := &v.cfg.Policy.Services[i]
		at := "services." + s.Name
		v.validateService(at, s)
		if other, ok := images[s.Image]; ok {
			v.at(
				at+".image",
				"is also the image of "+other,
				"make them one service with several workloads, because images are replaced by name",
			)
		}
		images[s.Image] = s.Name
	}
}

func (v *validator) validateService(at string, s *Service) {
	if !IsDNSLabel(s.Name, maxServiceName) {
		v.at(at, "is not a service name", fmt.Sprintf("write at most %d of a to z, 0 to 9 and -", maxServiceName))
	}
	if !IsRepository(s.Repository) {
		v.at(at+".repository", fmt.Sprintf("%q is not a repository", Printable(s.Repository)), "write owner/name")
	}
	if !imagePattern.MatchString(s.Image) {
		v.at(
			at+".image",
			fmt.Sprintf("%q is not an image name", Printable(s.Image)),
			"write the name that kustomize-base uses, without tag",
		)
	}
	if err := tagProblem(s.Tag); err != "" {
		v.at(at+".tag", err, tagRemedy)
	}
	for i, pattern := range s.Paths {
		if !doublestar.ValidatePattern(pattern) || pattern == "" || strings.HasPrefix(pattern, "/") ||
			strings.HasPrefix(pattern, "./") {
			v.at(
				fmt.Sprintf("%s.paths[%d]", at, i),
				"is not a path pattern",
				`write one like "orders/**", from the repository's top`,
			)
		}
	}
	v.validateReferences(at, s)
	if s.Ready != nil && (s.Ready.Check == "" || s.Ready.App == "") {
		v.at(at+".ready", "needs check and app", "write {check: image, app: github-actions}")
	}
	v.validateDefault(at, s)
}

func (v *validator) validateReferences(at string, s *Service) {
	for i, name := range s.Calls {
		if v.cfg.Policy.Services.Get(name) == nil {
			v.at(
				fmt.Sprintf("%s.calls[%d]", at, i),
				fmt.Sprintf("there is no service %q", Printable(name)),
				v.knownServices(),
			)
		}
	}
	for i, store := range s.Data {
		if v.cfg.catalog.datasets[store] == nil {
			v.at(
				fmt.Sprintf("%s.data[%d]", at, i),
				fmt.Sprintf("there is no store %q in kustomize-base/data", Printable(store)),
				KnownNames(v.cfg.catalog.datasets),
			)
		}
	}
	if !v.cfg.catalog.run[s.Name] {
		v.at(at, fmt.Sprintf("kustomize-base/services/%s/run is missing", s.Name), "add the component that runs it")
	}
	if !v.cfg.catalog.link[s.Name] {
		v.at(
			at,
			fmt.Sprintf("kustomize-base/services/%s/link is missing", s.Name),
			"add the component that links to it",
		)
	}
}

func (v *validator) validateDefault(at string, s *Service) {
	if s.Default == nil {
		return
	}
	if refProblem := s.Default.problem(); refProblem != "" || s.Default.PullRequest != 0 {
		v.at(
			at+".default",
			"must name exactly one branch, tag or commit",
			"write {branch: main}, {tag: dev} or {sha: …}",
		)
	}
	if s.TagUses("Number") {
		v.at(at+".tag", "uses .Number, but default has no pull request number", "use .SHA, or remove default")
	}
	if s.TagUses("Branch") && s.Default.Tag != "" {
		v.at(at+".tag", "uses .Branch, but default is a tag", "use .SHA, or name a branch in default")
	}
}

func (v *validator) validateRepositories() {
	used, slugs, written := map[string]bool{}, map[string]string{}, map[string]string{}
	for _, s := range v.cfg.Policy.Services {
		used[strings.ToLower(s.Repository)] = true
	}
	for _, name := range slices.Sorted(maps.Keys(v.cfg.Policy.Repositories)) {
		alias := v.cfg.Policy.Repositories[name].Alias
		if !used[strings.ToLower(name)] {
			v.at("repositories."+name, "no service is in that repository", "remove it, or correct the name")
		}
		if other, ok := written[strings.ToLower(name)]; ok {
			v.at(
				"repositories."+name,
				"is the same repository as "+other,
				"keep one of them; names are compared without case",
			)
		}
		written[strings.ToLower(name)] = name
		if alias != "" && !IsDNSLabel(alias, maxAlias) {
			v.at(
				"repositories."+name+".alias",
				fmt.Sprintf("%q is not an alias", Printable(alias)),
				fmt.Sprintf("write at most %d of a to z, 0 to 9 and -", maxAlias),
			)
		}
	}
	for _, repository := range slices.Sorted(maps.Keys(used)) {
		slug := RepositoryPart(v.cfg.Policy, repository)
		if other, ok := slugs[slug]; ok {
			v.at(
				"repositories",
				fmt.Sprintf("%s and %s would share the environment names %s-pr-…", other, repository, slug),
				"give one of them an alias: repositories: {"+repository+": {alias: …}}",
			)
		}
		slugs[slug] = repository
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
		if !IsDNSLabel(name, maxAlias) {
			v.at(at, "is not a profile name", fmt.Sprintf("write at most %d of a to z, 0 to 9 and -", maxAlias))
		}
		if p.Run.Mode == "" {
			v.at(at, "needs run", "write run: changed, run: all or run: [a service, …]")
		}
		for i, s := range p.Run.Services {
			if v.cfg.Policy.Services.Get(s) == nil {
				v.at(
					fmt.Sprintf("%s.run[%d]", at, i),
					fmt.Sprintf("there is no service %q", Printable(s)),
					v.knownServices(),
				)
			}
		}
		v.validateFeatures(at+".", p.Dataset, p.Components)
		if p.Lifetime != nil {
			validateLifetime(v.decoder, at+".lifetime.", &v.cfg.Policy.Lifetime, p.Lifetime)
		}
	}
}

// validateLifetime checks the lifetime of the policy (all is nil) or that of a profile, which overrides it. Zero is a mistake
// if it would delete or stop an environment at once.
func validateLifetime(d *decoder, at string, all, l *Lifetime) {
	validateLength(d, at+"deleteAfterIdle", l.DeleteAfterIdle, 1)
	validateLength(d, at+"expireAfter", l.ExpireAfter, 1)
	validateLength(d, at+"maxExtension", l.MaxExtension, 0)
	validateLength(d, at+"grace", l.Grace, 0)
	if l.Sleep != nil {
		validateLength(d, at+"sleep.idleAfter", l.Sleep.IdleAfter, 1)
		validateLength(d, at+"sleep.maxAwake", l.Sleep.MaxAwake, 1)
		if l.Sleep.WorkingHours != nil {
			validateWorkingHours(d, at+"sleep.workingHours", l.Sleep.WorkingHours)
		}
	}
	validateOrder(d, at, all, l)
}

// maxLength is longer than any useful setting.
const maxLength = 5 * 365 * 24 * time.Hour

func validateLength(d *decoder, at string, length *Duration, least Duration) {
	switch {
	case length == nil:
	case *length < least:
		d.at(at, "is zero", `write a length of time like "90m", or remove the key`)
	case time.Duration(*length) > maxLength:
		d.at(at, "is longer than five years", `write a length of time like "168h", or remove the key for no limit`)
	}
}

// validateOrder checks that idle environments sleep before they are deleted.
func validateOrder(d *decoder, at string, all, l *Lifetime) {
	switch {
	case all == nil:
		all = &Lifetime{}
	case l.DeleteAfterIdle == nil && (l.Sleep == nil || l.Sleep.IdleAfter == nil):
		return // the policy has the same problem
	}
	var idle *Duration
	for _, sleep := range []*Sleep{all.Sleep, l.Sleep} {
		if sleep != nil && sleep.IdleAfter != nil {
			idle = sleep.IdleAfter
		}
	}
	if end := cmp.Or(l.DeleteAfterIdle, all.DeleteAfterIdle); end != nil && idle != nil && *end > 0 && *end <= *idle {
		d.at(
			at+"deleteAfterIdle",
			fmt.Sprintf(
				"is %s, and sleep.idleAfter is %s: an environment would be deleted before it sleeps",
				FormatDuration(time.Duration(*end)),
				FormatDuration(time.Duration(*idle)),
			),
			"write a longer one, or remove one of the two",
		)
	}
}

func validateWorkingHours(d *decoder, at string, w *WorkingHours) {
	if len(w.Days) == 0 {
		d.at(at, "needs days", "write days: ["+strings.Join(weekdays, ", ")+"], or some of them")
	}
	for i, day := range w.Days {
		if !slices.Contains(weekdays, day) || slices.Index(w.Days, day) < i {
			d.at(
				fmt.Sprintf("%s.days[%d]", at, i),
				fmt.Sprintf("%q is not a day, or is a duplicate", Printable(day)),
				"write each once: "+strings.Join(weekdays, ", "),
			)
		}
	}
	for _, t := range [][2]string{{"from", w.From}, {"to", w.To}} {
		if !timeOfDay.MatchString(t[1]) {
			d.at(
				at+"."+t[0],
				fmt.Sprintf("%q is not a time of day", Printable(t[1])),
				`write it like "08:00", from "00:00" to "24:00"`,
			)
		}
	}
	if timeOfDay.MatchString(w.From) && w.To == w.From {
		d.at(
			at+".to",
			"is the same as from",
			`write from: "00:00" and to: "24:00" for whole days; if to is before from, the hours end on the next day`,
		)
	}
	if _, err := time.LoadLocation(w.Timezone); err != nil || w.Timezone == "" || w.Timezone == "Local" {
		d.at(
			at+".timezone",
			fmt.Sprintf("%q is not a time zone", Printable(w.Timezone)),
			"write one of the IANA database, like Europe/Berlin or UTC",
		)
	}
	validateLength(d, at+".idleAfter", w.IdleAfter, 1)
}

func (v *validator) validateFeatures(at, dataset string, components []string) {
	if dataset != "" && !v.cfg.catalog.hasDataset(dataset) {
		v.at(
			at+"dataset",
			fmt.Sprintf("no store has a dataset %q", Printable(dataset)),
			"add kustomize-base/data/<store>/datasets/<dataset>, or name an existing dataset",
		)
	}
	for i, name := range components {
		if !v.cfg.catalog.components[name] {
			v.at(
				fmt.Sprintf("%scomponents[%d]", at, i),
				fmt.Sprintf("there is no component %q in kustomize-base/components", Printable(name)),
				KnownNames(v.cfg.catalog.components),
			)
		}
	}
}

func (v *validator) validatePullRequests() {
	p := v.cfg.Policy.PullRequests
	labels := map[string]string{}
	for _, l := range [][2]string{{"label", p.Label}, {"joinLabel", p.JoinLabel}, {"keepLabel", p.KeepLabel}} {
		key, name := strings.ToLower(l[1]), l[0]
		if key == "" || len(key) > 29 || strings.Contains(key, ":") || Printable(key) != key {
			v.at(
				"pullRequests."+name,
				"is not a label",
				"write 1 to 29 characters without a colon; the text after a colon names the profile",
			)
		}
		if other, ok := labels[key]; ok {
			v.at("pullRequests."+name, "is the same as "+other, "give each a label of its own")
		}
		labels[key] = name
	}
	if _, ok := v.cfg.Policy.Profiles[p.Profile]; !ok {
		v.at(
			"pullRequests.profile",
			fmt.Sprintf("there is no profile %q", Printable(p.Profile)),
			KnownNames(v.cfg.Policy.Profiles),
		)
	}
	if _, err := regexp.Compile(p.IssueKey); err != nil {
		v.at(
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
		v.at("activity.prometheus.url", "is not an address", "write http://host:port, without user and password")
	}
	if (p.Preset == "") == (p.Query == "") {
		v.at(
			"activity.prometheus",
			"must have exactly one of preset and query",
			"write preset: ingress-nginx, or query: and PromQL",
		)
	}
}

func (v *validator) knownServices() string {
	names := make([]string, len(v.cfg.Policy.Services))
	for i, s := range v.cfg.Policy.Services {
		names[i] = s.Name
	}
	return someOf(names)
}

// KnownNames lists the keys of a map as the remedy for an unknown name.
func KnownNames[V any](m map[string]V) string { return someOf(slices.Sorted(maps.Keys(m))) }

// someOf lists names in a message, at most 20.
func someOf(names []string) string {
	const most = 20
	if len(names) == 0 {
		return "none exist"
	}
	if len(names) > most {
		names = append(slices.Clone(names[:most]), "…")
	}
	return "known: " + strings.Join(names, ", ")
}
