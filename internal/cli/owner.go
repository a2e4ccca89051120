package cli

import (
	"context"
	"fmt"
	"strings"

	"github.com/spf13/cobra"

	"github.com/previewset/previewset/internal/cli/apiclient"
	"github.com/previewset/previewset/internal/cli/envfile"
	"github.com/previewset/previewset/internal/cli/flags"
	"github.com/previewset/previewset/internal/preview"
)

// ownership is --require-owner: the command then changes only an environment of this login. It prevents mistakes of
// scripts and agents. It is no border: the tokens decide about permissions.
type ownership struct{ login string }

func (o *ownership) add(cmd *cobra.Command) {
	cmd.Flags().StringVar(&o.login, "require-owner", "", "fail if the environment belongs to another GitHub login")
}

func (o *ownership) check(cmd *cobra.Command) error {
	return flags.CheckLine(cmd, "--require-owner", o.login)
}

// checkOwner returns an error if an environment belongs to another login. An empty owner is an unknown one.
func (o *ownership) checkOwner(name, owner string) error {
	switch {
	case o.login == "", strings.EqualFold(o.login, owner):
		return nil
	case owner == "":
		return fmt.Errorf("the owner of %s is unknown, and %s is required\n"+
			"name the generator that knows it with PREVIEWSET_SERVER, or ask a person to do this", name, o.login)
	}
	return fmt.Errorf("%s belongs to %s, not to %s\nask %s to do this", name, owner, o.login, owner)
}

// checkFile checks the owner that the file names. Without one, it asks the generator; a nil client knows no owners.
// An environment that doesn't exist yet belongs to its creator, unless it is a pull request's.
func (o *ownership) checkFile(ctx context.Context, client *apiclient.Client, f *envfile.File) error {
	if o.login == "" {
		return nil
	}
	if e := f.Config.Environments[f.Name]; e != nil && e.Owner != "" {
		return o.checkOwner(f.Name, e.Owner)
	}
	var known *preview.Decision
	if client != nil {
		var err error
		if known, err = client.DecisionAbout(ctx, f.Name); err != nil {
			return err
		}
	}
	isNew := f.Content == nil && f.PullRequest == ""
	switch {
	case isNew && (known == nil || known.Outcome == preview.Gone):
		return nil
	case known == nil:
		return o.checkOwner(f.Name, "")
	}
	return o.checkOwner(f.Name, known.Owner)
}

// checkRequest checks the owner that the generator knows.
func (o *ownership) checkRequest(ctx context.Context, client *apiclient.Client, name string) error {
	if o.login == "" {
		return nil
	}
	d, err := client.DecisionAbout(ctx, name)
	if err != nil {
		return err
	}
	if d == nil {
		return fmt.Errorf("the generator knows no environment %s\nsee all environments: previewctl list --all", name)
	}
	return o.checkOwner(name, d.Owner)
}
