package cli

import (
	"bufio"
	"context"
	"errors"
	"fmt"
	"io"
	"slices"
	"strings"

	"github.com/spf13/cobra"

	"github.com/previewset/previewset/internal/cli/apiclient"
	"github.com/previewset/previewset/internal/cli/flags"
	"github.com/previewset/previewset/internal/cli/output"
	"github.com/previewset/previewset/internal/cli/terminal"
	"github.com/previewset/previewset/internal/config"
	"github.com/previewset/previewset/internal/preview"
)

type confirmOptions struct {
	env         *terminal.Process
	client      *apiclient.Client
	what        apiclient.Confirmation
	yes, dryRun bool
}

// maxConfirmed is how many names the service takes at once.
const maxConfirmed = 1000

func newConfirmCmd(env *terminal.Process, runF func(context.Context, *confirmOptions) error) *cobra.Command {
	opts, server := &confirmOptions{env: env}, apiclient.Flags{}
	cmd := &cobra.Command{
		Use:   "confirm [NAME...] [--repository OWNER/NAME...]",
		Short: "Confirm that environments which are withheld may go",
		Long: `confirm tells the service that environments may go which it keeps because nothing that their authors did ends them: the
label that configuration asks for has changed, their repository isn't configured any more or can't be read, their namespace
would be another one, or too many lost their label at once. Such environments are "withheld"; why says which.

With --repository it tells that a repository which was never read counts as empty, so that the service can answer without it; or
that a repository which has a configured one's name now is the one that is meant.

It shows what will go and asks first; in a pipe it needs --yes. What goes is deleted with its namespace and all data in it.`,
		Example: `  previewctl confirm shop-pr-7 --dry-run
  previewctl confirm shop-pr-7 gateway-pr-2 --yes
  previewctl confirm --repository acme/dark --yes`,
		Args: cobra.ArbitraryArgs, // check says it better, with the flags in view
		ValidArgsFunction: apiclient.Complete(env, &server, maxConfirmed, func(d preview.Decision) bool {
			return d.Withheld
		}),
		RunE: func(cmd *cobra.Command, args []string) error {
			opts.what.Environments, opts.what.Caller = args, env.Getenv("USER")
			err := opts.check(cmd)
			if err == nil {
				opts.client, err = apiclient.New(cmd, env, server)
			}
			if err != nil {
				return err
			}
			return runF(cmd.Context(), opts)
		},
	}
	server.Add(cmd)
	f := cmd.Flags()
	f.StringSliceVar(&opts.what.Repositories, "repository", nil, "repository that was never read and counts as empty, or that is another one now, owner/name")
	f.BoolVar(&opts.yes, "yes", false, "don't ask")
	f.BoolVar(&opts.dryRun, "dry-run", false, "only show what would go")
	return cmd
}

func (o *confirmOptions) check(cmd *cobra.Command) error {
	n := len(o.what.Environments) + len(o.what.Repositories)
	switch {
	case n == 0:
		return flags.Usagef(cmd, "name the environments that may go, or a repository with --repository; previewctl list -o json says what is withheld")
	case n > maxConfirmed:
		return flags.Usagef(cmd, "%d names are too many at once; give at most %d", n, maxConfirmed)
	case !o.yes && !o.dryRun && !o.env.InTTY:
		return flags.Usagef(cmd, "nobody is there to be asked: see what would go with --dry-run, then say --yes")
	}
	for _, name := range o.what.Environments {
		if !flags.IsDNSLabel(name) {
			return flags.Usagef(cmd, "%q is not an environment's name like shop-pr-7; previewctl why says a pull request's", name)
		}
	}
	for _, name := range o.what.Repositories {
		if _, _, ok := config.ParsePullRequest(name + "#1"); !ok {
			return flags.Usagef(cmd, "--repository %q is not a repository like acme/shop", name)
		}
	}
	return nil
}

func runConfirm(ctx context.Context, opts *confirmOptions) error {
	if err := opts.show(ctx); err != nil {
		return err
	}
	if opts.dryRun {
		opts.env.Answerf("nothing was confirmed: this is a dry run")
		return nil
	}
	if err := opts.ask(); err != nil {
		return err
	}
	stop := opts.env.NoticeIfSlow(terminal.SlowService)
	err := opts.client.Confirm(ctx, opts.what)
	stop()
	if err != nil {
		return err
	}
	all := slices.Concat(opts.what.Environments, opts.what.Repositories)
	opts.env.Answerf("confirmed: %s", strings.Join(all, ", "))
	opts.env.Answerf("\nNext: the service leaves them out of its next answer, within seconds, and Argo CD deletes what is there no more.\n" +
		"Watch it with: previewctl list --all")
	return nil
}

// show tells a person what will go.
func (o *confirmOptions) show(ctx context.Context) error {
	if len(o.what.Environments) > 0 {
		stop := o.env.NoticeIfSlow(terminal.SlowService)
		answer, err := o.client.Decisions(ctx, "", 0)
		stop()
		if err != nil {
			return err
		}
		t, err := o.withheld(answer.Decisions)
		if err != nil {
			return err
		}
		o.env.Inform("These go, each with its namespace and all data in it:\n")
		if err := t.Write(o.env.Err, true); err != nil {
			return err
		}
		o.env.Inform("")
	}
	for _, name := range o.what.Repositories {
		o.env.Inform(name + " counts as empty until it can be read: none of its pull requests has a preview.")
	}
	return nil
}

// withheld is a table of the environments that were named, or why some of them can't be confirmed.
func (o *confirmOptions) withheld(decisions []preview.Decision) (*output.Table, error) {
	t, problems := &output.Table{Header: []string{"NAME", "PULL REQUEST", "AUTHOR", "WHY IT IS STILL THERE"}}, []error{}
	for _, name := range o.what.Environments {
		i := slices.IndexFunc(decisions, func(d preview.Decision) bool { return d.Environment == name && d.Withheld })
		if i < 0 {
			problems = append(problems, notWithheld(name, decisions))
			continue
		}
		d := decisions[i]
		t.Add(name, apiclient.PullRequest(d), d.Author, d.Reason)
	}
	return t, errors.Join(problems...)
}

func notWithheld(name string, decisions []preview.Decision) error {
	for _, d := range decisions {
		if d.Environment == name {
			return fmt.Errorf("%s is not withheld: it is %s, by rule %s; close its pull request or take the label away to end it", name, d.Outcome, d.Rule)
		}
	}
	return fmt.Errorf("the service knows no environment %s; see what is withheld with: previewctl list -o json", name)
}

// ask waits for a person's yes.
func (o *confirmOptions) ask() error {
	if o.yes {
		return nil
	}
	_, _ = fmt.Fprint(o.env.Err, "Confirm? [y/N] ")
	line, err := bufio.NewReader(o.env.In).ReadString('\n')
	if err != nil && !errors.Is(err, io.EOF) {
		return fmt.Errorf("read the answer: %w", err)
	}
	if answer := strings.ToLower(strings.TrimSpace(line)); answer != "y" && answer != "yes" {
		return errors.New("nothing was confirmed")
	}
	return nil
}
