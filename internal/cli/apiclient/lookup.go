package apiclient

import (
	"context"
	"fmt"
	"net/http"

	"github.com/spf13/cobra"

	"github.com/previewset/previewset/internal/cli/flags"
	"github.com/previewset/previewset/internal/cli/terminal"
	"github.com/previewset/previewset/internal/config"
	"github.com/previewset/previewset/internal/preview"
)

// Lookup finds one environment. It is part of the options of each command about one existing environment.
type Lookup struct {
	Env    *terminal.Process
	Client *Client
	// Target is an environment's name, or owner/repo#number.
	Target string
}

// Parse reads the command's argument and makes the client.
func (l *Lookup) Parse(cmd *cobra.Command, server *Flags, args []string) error {
	l.Target = args[0]
	err := flags.CheckTarget(cmd, l.Target)
	if err == nil {
		l.Client, err = server.Client(cmd, l.Env)
	}
	return err
}

// Status returns the environment and Argo CD's state of it. The error is the decision if the environment doesn't exist.
func (l *Lookup) Status(ctx context.Context) (preview.Status, error) {
	name := l.Target
	if repository, number, ok := config.ParsePullRequest(l.Target); ok {
		answer, err := l.Client.Decisions(ctx, repository, number)
		if err != nil {
			return preview.Status{}, err
		}
		if name, err = l.existingName(answer.Decisions); err != nil {
			return preview.Status{}, err
		}
	}
	s, err := l.Client.Environment(ctx, name, "")
	if !IsStatus(err, http.StatusNotFound) {
		return s, err
	}
	if d, decisionErr := l.Client.DecisionAbout(ctx, name); decisionErr == nil && d != nil {
		return s, NotLive(name, *d)
	}
	return s, err
}

// existingName returns the pull request's environment from the decisions about that pull request.
func (l *Lookup) existingName(decisions []preview.Decision) (string, error) {
	if len(decisions) == 0 {
		return "", l.unknownPullRequest()
	}
	d := decisions[0]
	if !HasEnvironment(d) {
		return "", NotLive(l.Target, d)
	}
	return d.Environment, nil
}

// StatusWithNotice is Status, with a notice to the user if the generator is slow.
func (l *Lookup) StatusWithNotice(ctx context.Context) (preview.Status, error) {
	defer l.Env.NoticeIfSlow(terminal.SlowService)()
	return l.Status(ctx)
}

// EnvironmentName returns the name of the target's environment, which may not exist yet.
func (l *Lookup) EnvironmentName(ctx context.Context) (string, error) {
	repository, number, ok := config.ParsePullRequest(l.Target)
	if !ok {
		return l.Target, nil
	}
	answer, err := l.Client.Decisions(ctx, repository, number)
	if err != nil {
		return "", err
	}
	d := FirstOf(answer.Decisions, func(d preview.Decision) bool { return d.Environment != "" })
	if d == nil {
		return "", l.unknownPullRequest()
	}
	return d.Environment, nil
}

func (l *Lookup) unknownPullRequest() error {
	return fmt.Errorf("the generator knows no open pull request %s\nsee all pull requests: previewctl list --all", l.Target)
}
