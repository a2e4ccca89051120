package envfile

import (
	"slices"
	"strings"
	"time"

	"github.com/spf13/cobra"

	"github.com/previewset/previewset/internal/cli/flags"
	"github.com/previewset/previewset/internal/config"
	"github.com/previewset/previewset/internal/overlay/yamldoc"
)

// Flags are what create and set say of an environment.
type Flags struct {
	profile, dataset, Owner, purpose, expires string
	services, links, components               []string
	shared, keepAwake                         bool

	Settings []Setting // what of it was said, in the order of the file
}

func (f *Flags) Add(cmd *cobra.Command, complete func(kind string) cobra.CompletionFunc) {
	p := cmd.Flags()
	p.StringVar(&f.Owner, "owner", "", "whose it is, a GitHub login (create: or PREVIEWSET_OWNER, or github.user of Git's configuration)")
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

// Check turns what was said into settings.
func (f *Flags) Check(cmd *cobra.Command, now time.Time) error {
	if err := f.checkTexts(cmd, [2]string{"owner", f.Owner}, [2]string{"purpose", f.purpose}, [2]string{"profile", f.profile}); err != nil {
		return err
	}
	if len(f.components) > 0 {
		f.Settings = append(f.Settings, Setting{Keys: []string{"components"}, Value: f.componentList, Label: "components"})
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
func (f *Flags) addSwitch(cmd *cobra.Command, flag string, on bool, keys ...string) {
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
func (f *Flags) checkTexts(cmd *cobra.Command, texts ...[2]string) error {
	for _, text := range texts {
		if err := flags.CheckLine(cmd, "--"+text[0], text[1]); err != nil {
			return err
		}
		if cmd.Flags().Changed(text[0]) {
			f.add(textOrNothing(text[1]), text[0], text[0])
		}
	}
	return nil
}

func (f *Flags) add(value any, what string, keys ...string) {
	f.Settings = append(f.Settings, SetValue(value, what, keys...))
}

func textOrNothing(s string) any {
	if s == "" {
		return nil
	}
	return s
}

// componentList is what the file has, with what was added and without what was taken out.
func (f *Flags) componentList(_ *config.Policy, d *yamldoc.Document) (any, error) {
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

func (f *Flags) checkServices(cmd *cobra.Command) error {
	seen := map[string]string{}
	for _, flag := range []struct {
		name, key string
		given     []string
		parse     func(service, text string) (func(*config.Policy) (any, error), error)
	}{{"service", "services", f.services, parseRef}, {"link", "links", f.links, parseLink}} {
		for _, text := range flag.given {
			service, what, ok := strings.Cut(text, "=")
			if !ok || !flags.IsServiceName(service) {
				return flags.Usagef(cmd, "--%s %q is not like %s", flag.name, text, map[string]string{"service": "gateway=branch:main", "link": "products=env:alice"}[flag.name])
			}
			if other, isTwice := seen[service]; isTwice {
				return flags.Usagef(cmd, "--%s %q: --%s says something of %s already", flag.name, text, other, service)
			}
			seen[service] = flag.name
			value, err := flag.parse(service, what)
			if err != nil {
				return flags.Usagef(cmd, "--%s %q: %w", flag.name, text, err)
			}
			f.service(flag.key, service, value)
		}
	}
	return nil
}

// service sets one service, and takes out that it was the other: it can't run and be a link at once.
func (f *Flags) service(key, service string, value func(*config.Policy) (any, error)) {
	other := map[string]string{"services": "links", "links": "services"}[key]
	if value == nil {
		f.add(nil, service, key, service)
		return
	}
	f.add(nil, "", other, service)
	f.Settings = append(f.Settings, Setting{
		Keys: []string{key, service}, Label: service,
		Value: func(p *config.Policy, _ *yamldoc.Document) (any, error) { return value(p) },
	})
}

func (f *Flags) checkExpires(cmd *cobra.Command, now time.Time) error {
	if !cmd.Flags().Changed("expires") {
		return nil
	}
	if f.expires == "" {
		f.add(nil, "expiry", "lifetime", "expires")
		return nil
	}
	t, err := flags.ParseTime(f.expires, now)
	if err != nil {
		return flags.Usagef(cmd, "--expires %w", err)
	}
	f.add(t, "expiry", "lifetime", "expires")
	return nil
}
