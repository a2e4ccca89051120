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

// Flags are the flags that describe an environment.
type Flags struct {
	profile, dataset, Owner, purpose, expires string
	services, links, components, env          []string
	shared, keepAwake                         bool

	// Settings are the given flags in the order of the file's keys. Check fills them.
	Settings []Setting
}

// Add adds all flags to a command. The function complete returns the completion for names of a kind.
func (f *Flags) Add(cmd *cobra.Command, complete func(kind string) cobra.CompletionFunc) {
	f.AddContent(cmd, complete)
	p := cmd.Flags()
	p.BoolVar(&f.shared, "shared", false, "let other environments link to this one; --shared=false ends that")
	p.StringVar(&f.expires, "expires", "", "remove the environment at a time: "+flags.TimeFormats)
	p.BoolVar(&f.keepAwake, "keep-awake", false, "never let the environment sleep; --keep-awake=false ends that")
}

// AddContent adds the flags about the owner and the content of an environment.
func (f *Flags) AddContent(cmd *cobra.Command, complete func(kind string) cobra.CompletionFunc) {
	p := cmd.Flags()
	p.StringVar(&f.Owner, "owner", "",
		"set the owner, a GitHub login (create: default PREVIEWSET_OWNER, else Git's github.user)")
	p.StringVar(&f.purpose, "purpose", "", "set the purpose, one line of text")
	p.StringVar(&f.profile, "profile", "", "use a profile of previewset.yaml")
	p.StringArrayVar(&f.components, "component", nil,
		"add a folder of kustomize-base/components; NAME- removes it; repeatable")
	p.StringArrayVar(&f.services, "service", nil,
		"run SERVICE=pr:OWNER/REPO#N, branch:NAME, tag:NAME or sha:COMMIT; SERVICE=default removes it; repeatable")
	p.StringArrayVar(&f.links, "link", nil,
		"link SERVICE=env:NAME or pr:OWNER/REPO#N; SERVICE=default links to the baseline; repeatable")
	p.StringArrayVar(&f.env, "env", nil,
		"set a variable of a service's container, SERVICE.NAME=VALUE; SERVICE.NAME- removes it; repeatable")
	p.StringVar(&f.dataset, "dataset", "", "start data stores with a folder of kustomize-base/data/STORE/datasets")
	for _, flag := range []string{"profile", "component", "service", "link", "dataset"} {
		flags.CompleteWith(cmd, flag, complete(flag))
	}
}

// ChangesDataset reports whether the dataset is given.
func (f *Flags) ChangesDataset() bool { return f.dataset != "" }

// HasLinks reports whether the environment gets links to others.
func (f *Flags) HasLinks() bool { return len(f.links) > 0 }

// Check checks the flags and fills Settings.
func (f *Flags) Check(cmd *cobra.Command, now time.Time) error {
	err := f.checkTexts(cmd, [2]string{"owner", f.Owner}, [2]string{"purpose", f.purpose}, [2]string{"profile", f.profile})
	if err != nil {
		return err
	}
	if len(f.components) > 0 {
		f.Settings = append(f.Settings, Setting{Keys: []string{"components"}, Value: f.componentList, Label: "components"})
	}
	if err := f.checkServices(cmd); err != nil {
		return err
	}
	if err := f.checkEnv(cmd); err != nil {
		return err
	}
	if err := f.checkTexts(cmd, [2]string{"dataset", f.dataset}); err != nil {
		return err
	}
	f.addSwitch(cmd, "shared", f.shared, "shared")
	f.addSwitch(cmd, "keep-awake", f.keepAwake, "lifetime", "keepAwake")
	return f.checkExpires(cmd, now)
}

// addSwitch sets a key to true for --flag, and removes it for --flag=false.
func (f *Flags) addSwitch(cmd *cobra.Command, flag string, on bool, keys ...string) {
	if !cmd.Flags().Changed(flag) {
		return
	}
	var value any
	if on {
		value = true
	}
	f.set(value, flag, keys...)
}

// checkTexts sets the keys that have the same name as their flag. An empty text removes the key.
func (f *Flags) checkTexts(cmd *cobra.Command, texts ...[2]string) error {
	for _, text := range texts {
		flag, value := text[0], text[1]
		if err := flags.CheckLine(cmd, "--"+flag, value); err != nil {
			return err
		}
		switch {
		case !cmd.Flags().Changed(flag):
		case value == "":
			f.set(nil, flag, flag)
		default:
			f.set(value, flag, flag)
		}
	}
	return nil
}

func (f *Flags) set(value any, label string, keys ...string) {
	f.Settings = append(f.Settings, SetValue(value, label, keys...))
}

// componentList returns the file's list with the flags' additions and removals.
func (f *Flags) componentList(_ *config.Policy, d *yamldoc.Document) (any, error) {
	var list []string
	if err := d.Decode(&list, "components"); err != nil {
		return nil, err
	}
	for _, name := range f.components {
		if removed, isRemoval := strings.CutSuffix(name, "-"); isRemoval {
			list = slices.DeleteFunc(list, func(s string) bool { return s == removed })
		} else if !slices.Contains(list, name) {
			list = append(list, name)
		}
	}
	if len(list) == 0 {
		return nil, nil
	}
	return list, nil
}

// serviceFlag is --service or --link.
type serviceFlag struct {
	name, key, otherKey string
	values              []string
	example             string
	parse               func(service, text string) (refValue, error)
}

func (f *Flags) checkServices(cmd *cobra.Command) error {
	seen := map[string]string{}
	for _, flag := range []serviceFlag{
		{"service", "services", "links", f.services, "gateway=branch:main", parseRef},
		{"link", "links", "services", f.links, "products=env:alice", parseLink},
	} {
		for _, text := range flag.values {
			service, ref, ok := strings.Cut(text, "=")
			if !ok || !flags.IsServiceName(service) {
				return flags.Usagef(cmd, "--%s %q: invalid format; use for example %s", flag.name, text, flag.example)
			}
			if other, isTwice := seen[service]; isTwice {
				return flags.Usagef(cmd, "--%s %q: --%s already sets %s; remove one of the two", flag.name, text, other, service)
			}
			seen[service] = flag.name
			value, err := flag.parse(service, ref)
			if err != nil {
				return flags.Usagef(cmd, "--%s %q: %w", flag.name, text, err)
			}
			f.setService(flag, service, value)
		}
	}
	return nil
}

// setService sets one service and removes its entry from the other key: a service either runs or is a link.
func (f *Flags) setService(flag serviceFlag, service string, value refValue) {
	if value != nil {
		f.set(nil, "", flag.otherKey, service)
	}
	f.Settings = append(f.Settings, Setting{
		Keys: []string{flag.key, service}, Label: service,
		Value: func(p *config.Policy, d *yamldoc.Document) (any, error) {
			return withVariables(p, d, value, flag.key, service)
		},
	})
}

func (f *Flags) checkExpires(cmd *cobra.Command, now time.Time) error {
	if !cmd.Flags().Changed("expires") {
		return nil
	}
	if f.expires == "" {
		f.set(nil, "expiry", "lifetime", "expires")
		return nil
	}
	t, err := flags.ParseTime(f.expires, now)
	if err != nil {
		return flags.Usagef(cmd, "--expires %w", err)
	}
	f.set(t, "expiry", "lifetime", "expires")
	return nil
}
