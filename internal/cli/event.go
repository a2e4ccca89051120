package cli

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"maps"
	"slices"
	"strings"

	"github.com/previewset/previewset/internal/cli/envfile"
	"github.com/previewset/previewset/internal/cli/flags"
	"github.com/previewset/previewset/internal/config"
	"github.com/previewset/previewset/internal/gitrepo"
	"github.com/previewset/previewset/internal/overlay/yamldoc"
)

// event is what event scripts send: an environment, and the tag that each project of it follows.
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

// isEvent tells an event from an environment.yaml that is written as JSON.
func isEvent(content []byte) bool {
	var keys map[string]json.RawMessage
	return json.Unmarshal(content, &keys) == nil && (keys["action"] != nil || keys["projects"] != nil)
}

// brokenJSON is what is wrong with what begins as JSON does.
func brokenJSON(content []byte) error {
	if !bytes.HasPrefix(bytes.TrimSpace(content), []byte("{")) {
		return nil
	}
	return json.Unmarshal(content, new(any))
}

func parseEvent(content []byte, what string) (*event, error) {
	e := &event{}
	d := json.NewDecoder(bytes.NewReader(content))
	d.DisallowUnknownFields()
	if err := d.Decode(e); err != nil {
		return nil, flags.UsageError{Err: fmt.Errorf("read the event: %w", err)}
	}
	switch {
	case !slices.Contains([]string{"create", "update", "delete"}, e.Action):
		return nil, flags.UsageError{Err: fmt.Errorf("read the event: action %q is none of create, update, delete", e.Action)}
	case what != "" && e.Name != "" && what != e.Name:
		return nil, flags.UsageError{Err: fmt.Errorf("read the event: it is about %q, not about %s", e.Name, what)}
	case what == "" && !flags.IsDNSLabel(e.Name):
		return nil, flags.UsageError{Err: fmt.Errorf("read the event: name %q is not an environment's", e.Name)}
	}
	if e.Name == "" {
		e.Name = what
	}
	return e, nil
}

// settings are the pins of an event's projects, each checked against the service's repository.
func (e *event) settings() ([]envfile.Setting, error) {
	var all []envfile.Setting
	for _, service := range slices.Sorted(maps.Keys(e.Projects)) {
		p := e.Projects[service]
		if !flags.IsServiceName(service) || !flags.IsGitName(p.Tag) {
			return nil, flags.UsageError{Err: fmt.Errorf("read the event: project %q with tag %q is not a service and a tag", service, p.Tag)}
		}
		all = append(all, envfile.SetValue(nil, "", "links", service), envfile.Setting{
			Keys: []string{"services", service}, Label: service,
			Value: func(policy *config.Policy, _ *yamldoc.Document) (any, error) { return p.pin(policy, service) },
		})
	}
	return all, nil
}

func (p project) pin(policy *config.Policy, service string) (any, error) {
	for _, s := range policy.Services {
		if s.Name == service && !strings.EqualFold(s.Repository, p.Org+"/"+p.Repo) {
			return nil, fmt.Errorf("project %s is said to be of %s/%s, but previewset.yaml says %s\ncorrect org and repo", service, p.Org, p.Repo, s.Repository)
		}
	}
	return map[string]string{"tag": p.Tag}, nil
}

// runEvent does what an event says. It may come twice, or late: what is there is changed, what is gone stays gone.
func runEvent(ctx context.Context, opts *createOptions) error {
	e, err := parseEvent(opts.content, opts.what)
	if err != nil {
		return err
	}
	if e.Action == "delete" {
		if len(opts.flags.Settings) > 0 {
			return flags.UsageError{Err: errors.New("the event deletes the environment: leave out what the flags say of it")}
		}
		return runDelete(ctx, &deleteOptions{env: opts.env, what: e.Name, ifExists: true, commit: opts.commit})
	}
	settings, err := e.settings()
	if err != nil {
		return err
	}
	opts.what, opts.content, opts.flags.Settings = e.Name, nil, slices.Concat(opts.flags.Settings, settings)
	created := false
	w, result, err := envfile.Commit(ctx, &opts.commit, opts.env, e.Name, func(w *envfile.File) (gitrepo.Edits, error) {
		if created = w.Content == nil; created {
			return opts.edits(w)
		}
		if err = w.RequireExisting(); err != nil {
			return gitrepo.Edits{}, err
		}
		return w.Change(opts.flags.Settings)
	})
	if err != nil {
		return err
	}
	opts.commit.Report(opts.env, result, map[bool]string{true: "created ", false: "changed "}[created]+w.Name)
	return nil
}
