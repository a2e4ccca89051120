package cli

import (
	"context"
	"fmt"
	"time"

	"github.com/spf13/cobra"

	"github.com/previewset/previewset/internal/cli/apiclient"
	"github.com/previewset/previewset/internal/cli/configrepo"
	"github.com/previewset/previewset/internal/cli/envfile"
	"github.com/previewset/previewset/internal/cli/flags"
	"github.com/previewset/previewset/internal/cli/terminal"
	"github.com/previewset/previewset/internal/config"
	"github.com/previewset/previewset/internal/gitrepo"
	"github.com/previewset/previewset/internal/preview"
)

type adoptOptions struct {
	apiclient.Lookup
	expires string
	until   time.Time // of expires; zero without it
	commit  configrepo.CommitOptions
}

func newAdoptCmd(term *terminal.Process, runF func(context.Context, *adoptOptions) error) *cobra.Command {
	opts, server := &adoptOptions{Lookup: apiclient.Lookup{Env: term}}, apiclient.Flags{}
	cmd := &cobra.Command{
		Use:   "adopt OWNER/REPO#NUMBER",
		Short: "Keep an environment after its pull request is closed",
		Long: `adopt asks the generator for the commits in a pull request's environment and writes them into the
environment's file. While the pull request is open, nothing changes. After it is closed, the environment
stays at those commits, with the same name, namespace, address and data.

previewctl set changes the environment, previewctl delete removes it.`,
		Example: `  previewctl adopt acme/gateway#12 --dry-run
  previewctl adopt acme/gateway#12 --expires 14d -m 'for the trade fair'
  previewctl adopt acme/shop#7 --branch keep-shop-7`,
		Args: flags.OneArg("pull request (OWNER/REPO#NUMBER)"),
		RunE: func(cmd *cobra.Command, args []string) error {
			if _, _, ok := config.ParsePullRequest(args[0]); !ok {
				return flags.Usagef(cmd, "%q is not a pull request; use for example acme/gateway#12", args[0])
			}
			err := opts.Parse(cmd, &server, args)
			if err == nil && opts.expires != "" {
				if opts.until, err = flags.ParseTime(opts.expires, term.Now()); err != nil {
					err = flags.Usagef(cmd, "--expires %w", err)
				}
			}
			if err == nil {
				err = opts.commit.Check(cmd)
			}
			if err != nil {
				return err
			}
			return runF(cmd.Context(), opts)
		},
	}
	server.Add(cmd)
	cmd.Flags().StringVar(&opts.expires, "expires", "", "remove the environment at a time: "+flags.TimeFormats)
	opts.commit.AddFlags(cmd)
	return cmd
}

func runAdopt(ctx context.Context, opts *adoptOptions) error {
	status, err := opts.StatusWithNotice(ctx)
	if err != nil {
		return err
	}
	settings, unknown := adoptedSettings(status.Row, opts.Target)
	if !opts.until.IsZero() {
		settings = append(settings, envfile.SetValue(opts.until, "expires", "lifetime", "expires"))
	}
	for _, service := range unknown {
		opts.Env.Notef("the commit of %s is unknown: it keeps the image of kustomize-base", service)
	}
	adopt := func(f *envfile.File) (gitrepo.Edits, error) {
		if status.Name != f.Name {
			return gitrepo.Edits{}, fmt.Errorf("adopt %s: it runs in the named environment %s\n"+
				"to keep %s, use its file or slot", opts.Target, status.Name, status.Name)
		}
		return f.Adopt(settings, fmt.Sprintf("Adopt environment %s of %s", f.Name, opts.Target), "Adopt environment "+f.Name)
	}
	f, result, err := envfile.Commit(ctx, &opts.commit, opts.Env, opts.Target, adopt)
	if err != nil {
		return err
	}
	opts.commit.Report(opts.Env, result, "adopted "+f.Name)
	return nil
}

// adoptedSettings returns the settings that keep an environment like its row, and the services with an unknown commit.
func adoptedSettings(row preview.Row, pullRequest string) (settings []envfile.Setting, unknown []string) {
	if row.Owner != "" {
		settings = append(settings, envfile.SetValue(row.Owner, "owner", "owner"))
	}
	settings = append(settings, envfile.SetValue(row.Profile, "profile", "profile"))
	for _, c := range row.Contents() {
		switch {
		case c.Runs && config.IsSHA(c.Commit):
			value := map[string]string{"sha": c.Commit}
			settings = append(settings, envfile.SetValue(value, c.Service, "services", c.Service))
		case c.Runs:
			unknown = append(unknown, c.Service)
		}
	}
	return append(settings,
		envfile.SetValue(pullRequest, "pull request", "pullRequest"),
		envfile.SetValue(true, "adopted", "adopted"),
	), unknown
}
