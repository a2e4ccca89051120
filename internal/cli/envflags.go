package cli

import (
	"fmt"
	"maps"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/spf13/cobra"

	"github.com/previewset/previewset/internal/overlay/yamldoc"
	"github.com/previewset/previewset/internal/preview"
)

// environmentFlags are what create and set say of an environment.
type environmentFlags struct {
	profile, dataset, owner, purpose, expires string
	services, links, components               []string
	shared, keepAwake                         bool

	set []setting // what of it was said, in the order of the file
}

// setting is one key of environment.yaml and its new value; nil takes the key out.
type setting struct {
	keys  []string
	value func(*preview.Policy, *yamldoc.Document) (any, error)
	what  string // for the commit's subject
}

func (f *environmentFlags) flags(cmd *cobra.Command, complete func(kind string) cobra.CompletionFunc) {
	p := cmd.Flags()
	p.StringVar(&f.owner, "owner", "", "whose it is, a GitHub login (create: or PREVIEWSET_OWNER, or github.user of Git's configuration)")
	p.StringVar(&f.purpose, "purpose", "", "what it is for")
	p.StringVar(&f.profile, "profile", "", "what runs in it, a profile of previewset.yaml")
	p.StringArrayVar(&f.components, "component", nil, "feature of kustomize-base/components to add; NAME- takes it out again")
	p.StringArrayVar(&f.services, "service", nil, "run a service at SERVICE=pr:OWNER/REPO#N, branch:NAME, tag:NAME or sha:COMMIT; SERVICE=default as the profile says")
	p.StringArrayVar(&f.links, "link", nil, "let a service's name lead to SERVICE=env:NAME or pr:OWNER/REPO#N; SERVICE=default to the baseline")
	p.StringVar(&f.dataset, "dataset", "", "what its data stores start with")
	p.BoolVar(&f.shared, "shared", false, "let other environments link to it; --shared=false takes that back")
	p.StringVar(&f.expires, "expires", "", "when it is over: a length like 72h or 7d from now, a day, or a time like 2026-12-24T18:00:00Z")
	p.BoolVar(&f.keepAwake, "keep-awake", false, "let it never sleep, however idle it is; --keep-awake=false takes that back")
	for flag, kind := range map[string]string{"profile": "profile", "component": "component", "service": "service", "link": "link", "dataset": "dataset"} {
		if err := cmd.RegisterFlagCompletionFunc(flag, complete(kind)); err != nil {
			panic(err) // the flags are those above
		}
	}
}

// check turns what was said into settings.
func (f *environmentFlags) check(cmd *cobra.Command, now time.Time) error {
	if err := f.checkTexts(cmd, [2]string{"owner", f.owner}, [2]string{"purpose", f.purpose}, [2]string{"profile", f.profile}); err != nil {
		return err
	}
	if len(f.components) > 0 {
		f.set = append(f.set, setting{keys: []string{"components"}, value: f.componentList, what: "components"})
	}
	if err := f.checkServices(cmd); err != nil {
		return err
	}
	if err := f.checkTexts(cmd, [2]string{"dataset", f.dataset}); err != nil {
		return err
	}
	f.addSwitch(cmd, "shared", f.shared, "shared")
	f.addSwitch(cmd, "keep-awake", f.keepAwake, "lifetime", "keepAwake")
	return f.checkExpires(cmd, now)
}

// addSwitch sets a key to true, or takes it out, if its flag was given.
func (f *environmentFlags) addSwitch(cmd *cobra.Command, flag string, on bool, keys ...string) {
	if !cmd.Flags().Changed(flag) {
		return
	}
	var value any
	if on {
		value = true
	}
	f.add(value, flag, keys...)
}

// checkTexts sets the keys that are called like their flags.
func (f *environmentFlags) checkTexts(cmd *cobra.Command, texts ...[2]string) error {
	for _, text := range texts {
		if err := checkLine(cmd, "--"+text[0], text[1]); err != nil {
			return err
		}
		if cmd.Flags().Changed(text[0]) {
			f.add(textOrNothing(text[1]), text[0], text[0])
		}
	}
	return nil
}

func (f *environmentFlags) add(value any, what string, keys ...string) {
	f.set = append(f.set, valueSetting(value, what, keys...))
}

// valueSetting is a setting that is known already.
func valueSetting(value any, what string, keys ...string) setting {
	return setting{keys: keys, what: what, value: func(*preview.Policy, *yamldoc.Document) (any, error) { return value, nil }}
}

func textOrNothing(s string) any {
	if s == "" {
		return nil
	}
	return s
}

// componentList is what the file has, with what was added and without what was taken out.
func (f *environmentFlags) componentList(_ *preview.Policy, d *yamldoc.Document) (any, error) {
	var list []string
	if err := d.Decode(&list, "components"); err != nil {
		return nil, err
	}
	for _, name := range f.components {
		if gone, isOff := strings.CutSuffix(name, "-"); isOff {
			list = slices.DeleteFunc(list, func(s string) bool { return s == gone })
		} else if !slices.Contains(list, name) {
			list = append(list, name)
		}
	}
	if len(list) == 0 {
		return nil, nil
	}
	return list, nil
}

var serviceName = regexp.MustCompile(`^[a-z0-9]([a-z0-9-]{0,20}[a-z0-9])?$`)

func (f *environmentFlags) checkServices(cmd *cobra.Command) error {
	seen := map[string]string{}
	for _, flag := range []struct {
		name, key string
		given     []string
		parse     func(service, text string) (func(*preview.Policy) (any, error), error)
	}{{"service", "services", f.services, parseRef}, {"link", "links", f.links, parseLink}} {
		for _, text := range flag.given {
			service, what, ok := strings.Cut(text, "=")
			if !ok || !serviceName.MatchString(service) {
				return usagef(cmd, "--%s %q is not like %s", flag.name, text, map[string]string{"service": "gateway=branch:main", "link": "products=env:alice"}[flag.name])
			}
			if other, isTwice := seen[service]; isTwice {
				return usagef(cmd, "--%s %q: --%s says something of %s already", flag.name, text, other, service)
			}
			seen[service] = flag.name
			value, err := flag.parse(service, what)
			if err != nil {
				return usagef(cmd, "--%s %q: %w", flag.name, text, err)
			}
			f.service(flag.key, service, value)
		}
	}
	return nil
}

// service sets one service, and takes out that it was the other: it can't run and be a link at once.
func (f *environmentFlags) service(key, service string, value func(*preview.Policy) (any, error)) {
	other := map[string]string{"services": "links", "links": "services"}[key]
	if value == nil {
		f.add(nil, service, key, service)
		return
	}
	f.add(nil, "", other, service)
	f.set = append(f.set, setting{
		keys: []string{key, service}, what: service,
		value: func(p *preview.Policy, _ *yamldoc.Document) (any, error) { return value(p) },
	})
}

// gitName is what a branch or tag may be called: as Git says, without what shells take for their own.
var gitName = regexp.MustCompile(`^[^\x00-\x20\x7f~^:?*\[\\$` + "`" + `'"/.-][^\x00-\x20\x7f~^:?*\[\\$` + "`" + `'"]{0,254}$`)

func isGitName(s string) bool {
	return gitName.MatchString(s) && !hides(s) && !strings.Contains(s, "..") && !strings.Contains(s, "@{") && !strings.Contains(s, "//") &&
		!strings.HasSuffix(s, "/") && !strings.HasSuffix(s, ".lock") && !strings.HasSuffix(s, ".")
}

// parseRef takes what a service is pinned to. Nil is what the profile says.
func parseRef(service, text string) (func(*preview.Policy) (any, error), error) {
	kind, what, _ := strings.Cut(text, ":")
	switch {
	case text == "default":
		return nil, nil
	case kind == "pr":
		return parsePullRequestRef(service, what)
	case (kind == "branch" || kind == "tag") && isGitName(what):
		return always(map[string]string{kind: what}), nil
	case kind == "sha" && fullSHA.MatchString(what):
		return always(map[string]string{"sha": what}), nil
	case kind == "sha":
		return nil, fmt.Errorf("%q is not a full commit: 40 characters of 0 to 9 and a to f", what)
	case kind == "branch" || kind == "tag":
		return nil, fmt.Errorf("%q is not the name of a %s", what, kind)
	}
	return nil, fmt.Errorf("%q is none of pr:OWNER/REPO#N, branch:NAME, tag:NAME, sha:COMMIT and default", text)
}

func always(value any) func(*preview.Policy) (any, error) {
	return func(*preview.Policy) (any, error) { return value, nil }
}

// parsePullRequestRef takes a number, or a pull request of the service's own repository.
func parsePullRequestRef(service, what string) (func(*preview.Policy) (any, error), error) {
	if n, err := strconv.Atoi(strings.TrimPrefix(what, "#")); err == nil && n > 0 {
		return always(map[string]int{"pullRequest": n}), nil
	}
	repository, number, ok := preview.ParsePullRequest(what)
	if !ok {
		return nil, fmt.Errorf("%q is not a pull request like acme/gateway#12", what)
	}
	return func(p *preview.Policy) (any, error) {
		for _, s := range p.Services {
			if s.Name == service && !strings.EqualFold(s.Repository, repository) {
				return nil, fmt.Errorf("--service %s=pr:%s: service %s comes from %s, not from %s\nname a pull request of that repository", service, what, service, s.Repository, repository)
			}
		}
		return map[string]int{"pullRequest": number}, nil
	}, nil
}

// parseLink takes where a service's name leads to. Nil is the baseline.
func parseLink(_, text string) (func(*preview.Policy) (any, error), error) {
	kind, what, _ := strings.Cut(text, ":")
	_, _, isPullRequest := preview.ParsePullRequest(what)
	switch {
	case text == "default" || text == "baseline":
		return nil, nil
	case kind == "env" && dnsLabel.MatchString(what):
		return always(map[string]string{"environment": what}), nil
	case kind == "env":
		return nil, fmt.Errorf("%q is not an environment's name", what)
	case kind == "pr" && isPullRequest:
		return always(map[string]string{"pullRequest": what}), nil
	case kind == "pr":
		return nil, fmt.Errorf("%q is not a pull request like acme/gateway#12", what)
	}
	return nil, fmt.Errorf("%q is none of env:NAME, pr:OWNER/REPO#N and default", text)
}

func (f *environmentFlags) checkExpires(cmd *cobra.Command, now time.Time) error {
	if !cmd.Flags().Changed("expires") {
		return nil
	}
	if f.expires == "" {
		f.add(nil, "expiry", "lifetime", "expires")
		return nil
	}
	t, err := parseTime(f.expires, now)
	if err != nil {
		return usagef(cmd, "--expires %w", err)
	}
	f.add(t, "expiry", "lifetime", "expires")
	return nil
}

// parseTime takes a length of time from now, a day (its end, UTC) or a point in time, which must lie ahead.
func parseTime(text string, now time.Time) (time.Time, error) {
	t, err := time.Parse(time.RFC3339, text)
	if err != nil {
		if t, err = time.Parse(time.DateOnly, text); err == nil {
			t = t.Add(24*time.Hour - time.Second)
		}
	}
	if err != nil {
		length := text
		if days, isDays := strings.CutSuffix(text, "d"); isDays {
			if n, dayErr := strconv.Atoi(days); dayErr == nil && n < 10_000 {
				length = strconv.Itoa(24*n) + "h"
			}
		}
		d, lengthErr := time.ParseDuration(length)
		if lengthErr != nil {
			return t, fmt.Errorf("%q is not a length like 72h or 7d, a day like 2026-12-24, or a time like 2026-12-24T18:00:00Z", text)
		}
		t = now.Add(d)
	}
	if t = t.UTC().Truncate(time.Second); !t.After(now) {
		return t, fmt.Errorf("%q is not in the future", text)
	}
	return t, nil
}

// apply sets what was said in a file, and names what that changes.
func applySettings(settings []setting, p *preview.Policy, d *yamldoc.Document) ([]string, error) {
	changed := map[string]bool{}
	for _, s := range settings {
		before := string(d.Bytes())
		value, err := s.value(p, d)
		if err == nil && value == nil {
			err = d.Remove(s.keys...)
		} else if err == nil {
			err = d.Set(value, s.keys...)
		}
		if err != nil {
			return nil, err
		}
		if string(d.Bytes()) != before && s.what != "" {
			changed[s.what] = true
		}
	}
	return slices.Sorted(maps.Keys(changed)), nil
}
