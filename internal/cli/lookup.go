package cli

import (
	"context"
	"errors"
	"fmt"
	"net/http"

	"github.com/spf13/cobra"

	"github.com/previewset/previewset/internal/preview"
)

// lookup is what commands about one environment that is live have in common.
type lookup struct {
	env    *process
	client *client
	what   string // an environment's name, or owner/repo#number
}

// parse takes the argument and finds the service.
func (o *lookup) parse(cmd *cobra.Command, server serverOptions, args []string) error {
	o.what = args[0]
	err := checkName(cmd, o.what)
	if err == nil {
		o.client, err = newClient(cmd, o.env, server)
	}
	return err
}

// status is the environment and what Argo CD has made of it; the error says why there is none.
func (o *lookup) status(ctx context.Context) (preview.Status, error) {
	name := o.what
	if repository, number, ok := preview.ParsePullRequest(o.what); ok {
		answer, err := o.client.decisions(ctx, repository, number)
		if err != nil {
			return preview.Status{}, err
		}
		if name, err = liveName(o.what, answer.Decisions); err != nil {
			return preview.Status{}, err
		}
	}
	s, err := o.client.environment(ctx, name, "")
	if !isStatus(err, http.StatusNotFound) {
		return s, err
	}
	if d, askErr := o.client.decisionAbout(ctx, name); askErr == nil && d != nil {
		return s, notLive(name, *d)
	}
	return s, err
}

// patientStatus is status, and tells a person where that takes long.
func (o *lookup) patientStatus(ctx context.Context) (preview.Status, error) {
	defer o.env.patience(slowService)()
	return o.status(ctx)
}

// environmentName is the name of the environment that is meant: that of a pull request is the one that it is in, or would be.
func (o *lookup) environmentName(ctx context.Context) (string, error) {
	repository, number, ok := preview.ParsePullRequest(o.what)
	if !ok {
		return o.what, nil
	}
	answer, err := o.client.decisions(ctx, repository, number)
	if err != nil {
		return "", err
	}
	d := firstOf(answer.Decisions, func(d preview.Decision) bool { return d.Environment != "" })
	if d == nil {
		return "", unknownPullRequest(o.what)
	}
	return d.Environment, nil
}

func unknownPullRequest(what string) error {
	return fmt.Errorf("the service knows no open pull request %s\nsee what there is with: previewctl list --all", what)
}

// decisionAbout is what was decided about an environment; nil where nobody ever heard of it. Of several what is live
// counts, then what is held.
func (c *client) decisionAbout(ctx context.Context, name string) (*preview.Decision, error) {
	answer, err := c.decisions(ctx, "", 0)
	if err != nil {
		return nil, err
	}
	return firstOf(answer.Decisions, func(d preview.Decision) bool { return d.Environment == name }), nil
}

// firstOf is the decision that matters of those that are wanted.
func firstOf(decisions []preview.Decision, wanted func(preview.Decision) bool) *preview.Decision {
	for _, outcome := range []string{preview.Live, preview.Asleep, preview.Held, preview.Gone} {
		for i := range decisions {
			if d := &decisions[i]; d.Outcome == outcome && wanted(*d) {
				return d
			}
		}
	}
	return nil
}

// liveName is the environment that decisions about one pull request say is live, or why there is none.
func liveName(what string, decisions []preview.Decision) (string, error) {
	if len(decisions) == 0 {
		return "", unknownPullRequest(what)
	}
	d := decisions[0]
	if !hasEnvironment(d) {
		return "", notLive(what, d)
	}
	return d.Environment, nil
}

func notLive(what string, d preview.Decision) error {
	text := fmt.Sprintf("%s is %s: %s", what, d.Outcome, d.Reason)
	if d.Remedy != "" {
		text += "\n" + d.Remedy
	}
	return errors.New(text)
}

// hasEnvironment is true of what is there, awake or asleep.
func hasEnvironment(d preview.Decision) bool {
	return d.Outcome == preview.Live || d.Outcome == preview.Asleep
}

// isStatus says whether the service answered with that code.
func isStatus(err error, code int) bool {
	s, ok := errors.AsType[*statusError](err)
	return ok && s.code == code
}
