package cli

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"maps"
	"slices"
	"strings"

	"github.com/spf13/cobra"

	"github.com/previewset/previewset/internal/cli/configrepo"
	"github.com/previewset/previewset/internal/cli/envfile"
	"github.com/previewset/previewset/internal/cli/flags"
	"github.com/previewset/previewset/internal/cli/terminal"
	"github.com/previewset/previewset/internal/config"
	"github.com/previewset/previewset/internal/gitrepo"
	"github.com/previewset/previewset/internal/overlay/yamldoc"
)

type eventOptions struct {
	term   *terminal.Process
	event  event
	flags  envfile.Flags
	commit configrepo.CommitOptions
}

// event is the document that other programs send: an environment, and the tag of each project.
type event struct {
	Action   string             `json:"action"`
	Name     string             `json:"name"`
	Projects map[string]project `json:"projects"`
}

type project struct {
	Org  string `json:"org"`
	Repo string `json:"repo"`
	Tag  string `json:"tag"`
}

var eventActions = []string{"create", "update", "refresh", "delete"}

func newEventCmd(term *terminal.Process, runF func(context.Context, *eventOptions) error) *cobra.Command {
	opts := &eventOptions{term: term}
	cmd := &cobra.Command{
		Use:   "event FILE|-",
		Short: "Apply an event document that another program sent",
		Long: `event applies a JSON document to an environment, as one commit:

  {"action": "create", "name": "jakub", "projects": {"products": {"org": "acme", "repo": "shop", "tag": "dev"}}}

The actions create, update and refresh do the same: they write the tags of the projects into the
environment's file, and create the environment if it doesn't exist. The action delete deletes the
environment. The same event twice in a row changes nothing the second time. Events have no
order: a late one sets its older tags again, or creates a deleted environment again.

Flags such as --owner apply to create, update and refresh. FILE - is standard input.`,
		Example: `  previewctl event event.json
  previewctl event event.json --owner jakub --dry-run
  previewctl event - <event.json`,
		Args: flags.OneArg("file"),
		RunE: func(cmd *cobra.Command, args []string) error {
			if err := opts.parse(cmd, args[0]); err != nil {
				return err
			}
			return runF(cmd.Context(), opts)
		},
	}
	opts.flags.Add(cmd, configrepo.Completer(term, &opts.commit.Repo))
	opts.commit.AddFlags(cmd)
	return cmd
}

func (o *eventOptions) parse(cmd *cobra.Command, file string) error {
	content, err := envfile.ReadInput(o.term, file)
	if err != nil {
		return err
	}
	if o.event, err = parseEvent(content); err != nil {
		return flags.Usagef(cmd, "read event %s: %w", file, err)
	}
	if err := o.flags.Check(cmd, o.term.Now()); err != nil {
		return err
	}
	if o.event.Action == "delete" && len(o.flags.Settings) > 0 {
		return flags.Usagef(cmd, "the event deletes %s; remove the flags that change the environment", o.event.Name)
	}
	return o.commit.Check(cmd)
}

func parseEvent(content []byte) (event, error) {
	var e event
	d := json.NewDecoder(bytes.NewReader(content))
	d.DisallowUnknownFields()
	if err := d.Decode(&e); err != nil {
		return e, err
	}
	switch {
	case !slices.Contains(eventActions, e.Action):
		return e, fmt.Errorf("unknown action %q; use create, update, refresh or delete", e.Action)
	case !flags.IsDNSLabel(e.Name):
		return e, fmt.Errorf("name %q can't name an environment; use a-z, 0-9 and hyphens", e.Name)
	}
	for service, p := range e.Projects {
		if !flags.IsServiceName(service) || !flags.IsGitName(p.Tag) {
			return e, fmt.Errorf("project %q: tag %q; use a service's name and a tag", service, p.Tag)
		}
	}
	return e, nil
}

// settings returns the changes that the event makes to an environment's file.
func (e event) settings() []envfile.Setting {
	var all []envfile.Setting
	for _, service := range slices.Sorted(maps.Keys(e.Projects)) {
		p := e.Projects[service]
		all = append(all, envfile.SetValue(nil, "", "links", service), envfile.Setting{
			Keys: []string{"services", service}, Label: service,
			Value: func(policy *config.Policy, _ *yamldoc.Document) (any, error) { return p.ref(policy, service) },
		})
	}
	return all
}

// ref returns the value of the service's key. It refuses a project of another repository.
func (p project) ref(policy *config.Policy, service string) (any, error) {
	for _, s := range policy.Services {
		if s.Name == service && !strings.EqualFold(s.Repository, p.Org+"/"+p.Repo) {
			return nil, fmt.Errorf("project %s: repository is %s/%s, but previewset.yaml has %s\n"+
				"correct org and repo in the event", service, p.Org, p.Repo, s.Repository)
		}
	}
	return map[string]string{"tag": p.Tag}, nil
}

func runEvent(ctx context.Context, opts *eventOptions) error {
	if opts.event.Action == "delete" {
		return runDelete(ctx, &deleteOptions{term: opts.term, target: opts.event.Name, ifExists: true, commit: opts.commit})
	}
	settings := slices.Concat(opts.flags.Settings, opts.event.settings())
	isNew := false
	apply := func(f *envfile.File) (gitrepo.Edits, error) {
		if isNew = f.Content == nil; isNew {
			return f.Create(nil, settings)
		}
		if err := f.RequireExisting(); err != nil {
			return gitrepo.Edits{}, err
		}
		return f.Change(settings)
	}
	f, result, err := envfile.Commit(ctx, &opts.commit, opts.term, opts.event.Name, apply)
	if err != nil {
		return err
	}
	done := "changed "
	if isNew {
		done = "created "
	}
	opts.commit.Report(opts.term, result, done+f.Name)
	return nil
}
