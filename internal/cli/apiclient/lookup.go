package apiclient

import (
	"context"
	"errors"
	"fmt"
	"net/http"

	"github.com/spf13/cobra"

	"github.com/previewset/previewset/internal/cli/flags"
	"github.com/previewset/previewset/internal/cli/terminal"
	"github.com/previewset/previewset/internal/config"
	"github.com/previewset/previewset/internal/preview"
)

// Lookup is what commands about one environment that is live have in common.
type Lookup struct {
	Env    *terminal.Process
	Client *Client
	Target string // an environment's name, or owner/repo#number
}

// Parse takes the argument and finds the service.
func (o *Lookup) Parse(cmd *cobra.Command, server Flags, args []string) error {
	o.Target = args[0]
	err := flags.CheckTarget(cmd, o.Target)
	if err == nil {
		o.Client, err = New(cmd, o.Env, server)
	}
	return err
}

// Status is the environment and what Argo CD has made of it; the error says why there is none.
func (o *Lookup) Status(ctx context.Context) (preview.Status, error) {
	name := o.Target
	if repository, number, ok := config.ParsePullRequest(o.Target); ok {
		answer, err := o.Client.Decisions(ctx, repository, number)
		if err != nil {
			return preview.Status{}, err
		}
		if name, err = liveName(o.Target, answer.Decisions); err != nil {
			return preview.Status{}, err
		}
	}
	s, err := o.Client.Environment(ctx, name, "")
	if !IsStatus(err, http.StatusNotFound) {
		return s, err
	}
	if d, askErr := o.Client.DecisionAbout(ctx, name); askErr == nil && d != nil {
		return s, NotLive(name, *d)
	}
	return s, err
}

// StatusWithNotice is status, and tells a person where that takes long.
func (o *Lookup) StatusWithNotice(ctx context.Context) (preview.Status, error) {
	defer o.Env.NoticeIfSlow(terminal.SlowService)()
	return o.Status(ctx)
}

// EnvironmentName is the name of the environment that is meant: that of a pull request is the one that it is in, or would be.
func (o *Lookup) EnvironmentName(ctx context.Context) (string, error) {
	repository, number, ok := config.ParsePullRequest(o.Target)
	if !ok {
		return o.Target, nil
	}
	answer, err := o.Client.Decisions(ctx, repository, number)
	if err != nil {
		return "", err
	}
	d := FirstOf(answer.Decisions, func(d preview.Decision) bool { return d.Environment != "" })
	if d == nil {
		return "", unknownPullRequest(o.Target)
	}
	return d.Environment, nil
}

func unknownPullRequest(what string) error {
	return fmt.Errorf("the service knows no open pull request %s\nsee what there is with: previewctl list --all", what)
}

// liveName is the environment that decisions about one pull request say is live, or why there is none.
func liveName(what string, decisions []preview.Decision) (string, error) {
	if len(decisions) == 0 {
		return "", unknownPullRequest(what)
	}
	d := decisions[0]
	if !HasEnvironment(d) {
		return "", NotLive(what, d)
	}
	return d.Environment, nil
}

func NotLive(what string, d preview.Decision) error {
	text := fmt.Sprintf("%s is %s: %s", what, d.Outcome, d.Reason)
	if d.Remedy != "" {
		text += "\n" + d.Remedy
	}
	return errors.New(text)
}
