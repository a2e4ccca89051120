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
	term        *terminal.Process
	client      *apiclient.Client
	names       apiclient.Confirmation
	yes, dryRun bool
	list        bool
}

// maxConfirmed is the number of names that the generator accepts at once.
const maxConfirmed = 1000

func newConfirmCmd(term *terminal.Process, runF func(context.Context, *confirmOptions) error) *cobra.Command {
	opts, server := &confirmOptions{term: term}, apiclient.Flags{}
	cmd := &cobra.Command{
		Use:   "confirm [NAME...] [--repository OWNER/NAME...] [--application-set NAME...]",
		Short: "Confirm the removal of environments that wait for it",
		Long: `confirm lets the generator remove environments that wait for confirmation. The generator asks for a
confirmation if the cause wasn't a decision about this one environment: the configured label has changed, the
label was deleted, the repository was removed from the configuration or can't be read, the namespace would
change, or many environments lost their label, file, slot or lifetime at once. previewctl why prints the cause.

With --repository, a repository that was never read counts as empty. After the saved state was lost, the
service needs that to answer without the repository. Use it too if another repository has taken the name of a
configured one, and is the intended one now.

With --application-set, an ApplicationSet gets an answer again that got status 409: its filter, which is in
spec.generators[].plugin.input.parameters, doesn't select the environments that it had until now. Argo CD then
deletes the Applications of these environments, unless another ApplicationSet has them.

--list prints the environments that wait. confirm prints what will be removed and asks first. Without a
terminal it requires --yes. Argo CD deletes each removed environment with its namespace and all data in it.`,
		Example: `  previewctl confirm shop-pr-7 --dry-run
  previewctl confirm --list
  previewctl confirm shop-pr-7 gateway-pr-2 --yes
  previewctl confirm --repository acme/dark --yes
  previewctl confirm --application-set previews --yes`,
		Args: cobra.ArbitraryArgs, // checkNames needs the flags too
		RunE: func(cmd *cobra.Command, args []string) error {
			opts.names.Environments, opts.names.Caller = args, term.Getenv("USER")
			if err := opts.checkNames(cmd); err != nil {
				return err
			}
			var err error
			if opts.client, err = server.Client(cmd, term); err != nil {
				return err
			}
			return runF(cmd.Context(), opts)
		},
	}
	cmd.ValidArgsFunction = server.Complete(term, maxConfirmed, func(d preview.Decision) bool { return d.Withheld })
	server.Add(cmd)
	f := cmd.Flags()
	flags.ListVar(f, &opts.names.Repositories, "repository",
		"treat an unreadable repository, owner/name, as empty; repeatable")
	flags.ListVar(f, &opts.names.ApplicationSets, "application-set",
		"let an ApplicationSet lose the environments that its filter doesn't select any more; repeatable")
	f.BoolVar(&opts.list, "list", false, "print the environments that wait for confirmation, and confirm nothing")
	f.BoolVar(&opts.yes, "yes", false, "don't ask")
	f.BoolVar(&opts.dryRun, "dry-run", false, "print what would be removed and confirm nothing")
	return cmd
}

func (o *confirmOptions) checkNames(cmd *cobra.Command) error {
	n := len(o.names.Environments) + len(o.names.Repositories) + len(o.names.ApplicationSets)
	asks := !o.yes && !o.dryRun
	switch {
	case o.list && n > 0:
		return flags.Usagef(cmd, "--list takes no name")
	case o.list:
		return nil
	case n == 0:
		return flags.Usagef(cmd, "no environment is named; name one that waits for confirmation "+
			"(see previewctl confirm --list), or use --repository or --application-set")
	case n > maxConfirmed:
		return flags.Usagef(cmd, "%d names are too many; use at most %d", n, maxConfirmed)
	case asks && !o.term.InTTY:
		return flags.Usagef(cmd, "standard input is not a terminal; use --dry-run to see the removals, then --yes")
	}
	for _, name := range o.names.Environments {
		if !flags.IsDNSLabel(name) {
			return flags.Usagef(cmd, "%q is not an environment's name; use for example shop-pr-7", name)
		}
	}
	for _, name := range o.names.Repositories {
		if !config.IsRepository(name) {
			return flags.Usagef(cmd, "--repository %q is not a repository; use for example acme/shop", name)
		}
	}
	for _, name := range o.names.ApplicationSets {
		if !flags.IsDNSLabel(strings.ReplaceAll(name, ".", "-")) {
			return flags.Usagef(cmd, "--application-set %q is not an ApplicationSet's name; use for example previews", name)
		}
	}
	return nil
}

func runConfirm(ctx context.Context, opts *confirmOptions) error {
	if opts.list {
		return opts.listWaiting(ctx)
	}
	if err := opts.showRemovals(ctx); err != nil {
		return err
	}
	if opts.dryRun {
		opts.term.Answerf("nothing was confirmed: this is a dry run")
		return nil
	}
	if err := opts.askYes(); err != nil {
		return err
	}
	stop := opts.term.NoticeIfSlow(terminal.SlowService)
	err := opts.client.Confirm(ctx, opts.names)
	stop()
	if err != nil {
		return err
	}
	all := slices.Concat(opts.names.Environments, opts.names.Repositories, opts.names.ApplicationSets)
	opts.term.Answerf("confirmed: %s", strings.Join(all, ", "))
	if len(opts.names.Environments) > 0 || len(opts.names.ApplicationSets) > 0 {
		opts.term.Answerf("\nNext: the generator removes them from its answer within seconds, and Argo CD deletes them.\n" +
			"See the result: previewctl list --all")
	}
	return nil
}

// listWaiting prints the environments that wait for confirmation.
func (o *confirmOptions) listWaiting(ctx context.Context) error {
	stop := o.term.NoticeIfSlow(terminal.SlowService)
	answer, err := o.client.Decisions(ctx, "", 0)
	stop()
	if err != nil {
		return err
	}
	for _, d := range answer.Decisions {
		if d.Withheld && !slices.Contains(o.names.Environments, d.Environment) {
			o.names.Environments = append(o.names.Environments, d.Environment)
		}
	}
	if len(o.names.Environments) == 0 {
		o.term.Answerf("no environment waits for confirmation")
		return nil
	}
	t, err := o.removals(answer.Decisions)
	if err != nil {
		return err
	}
	return t.Write(o.term.Out, o.term.OutTTY)
}

// showRemovals prints what will be removed.
func (o *confirmOptions) showRemovals(ctx context.Context) error {
	if len(o.names.Environments) > 0 {
		stop := o.term.NoticeIfSlow(terminal.SlowService)
		answer, err := o.client.Decisions(ctx, "", 0)
		stop()
		if err != nil {
			return err
		}
		t, err := o.removals(answer.Decisions)
		if err != nil {
			return err
		}
		o.term.Inform("These environments will be removed with their namespaces and all data in them:\n")
		if err := t.Write(o.term.Err, true); err != nil {
			return err
		}
		o.term.Inform("")
	}
	for _, name := range o.names.Repositories {
		o.term.Inform(name +
			" counts as empty until it can be read: its known environments stay, new pull requests get none.")
	}
	for _, name := range o.names.ApplicationSets {
		o.term.Inform("ApplicationSet " + name + " loses all environments that its filter doesn't select. " +
			"Argo CD deletes them within 3 minutes, with their namespaces and all data in them.")
	}
	return nil
}

// removals returns a table of the named environments. Each must wait for confirmation.
func (o *confirmOptions) removals(decisions []preview.Decision) (*output.Table, error) {
	t, problems := &output.Table{Header: []string{"NAME", "PULL REQUEST", "AUTHOR", "WHY IT WAITS"}}, []error{}
	for _, name := range o.names.Environments {
		isWaiting := func(d preview.Decision) bool { return d.Environment == name && d.Withheld }
		i := slices.IndexFunc(decisions, isWaiting)
		if i < 0 {
			problems = append(problems, notWaiting(name, decisions))
			continue
		}
		d := decisions[i]
		t.Add(name, apiclient.PullRequest(d), d.Author, d.Reason)
	}
	return t, errors.Join(problems...)
}

func notWaiting(name string, decisions []preview.Decision) error {
	for _, d := range decisions {
		if d.Environment == name {
			return fmt.Errorf("%s doesn't wait for confirmation: it is %s by rule %s; to remove it, %s",
				name, d.Outcome, d.Rule, howToRemove(d))
		}
	}
	return fmt.Errorf("the generator knows no environment %s; see all environments: previewctl list", name)
}

// howToRemove says how a person removes an environment.
func howToRemove(d preview.Decision) string {
	if d.Number > 0 {
		return "close its pull request or remove the label"
	}
	return fmt.Sprintf("previewctl delete %s, or for a slot: previewctl slot release %[1]s", d.Environment)
}

// askYes returns an error unless the user answers yes.
func (o *confirmOptions) askYes() error {
	if o.yes {
		return nil
	}
	_, _ = fmt.Fprint(o.term.Err, "Confirm? [y/N] ")
	line, err := bufio.NewReader(o.term.In).ReadString('\n')
	if err != nil && !errors.Is(err, io.EOF) {
		return fmt.Errorf("read the answer: %w", err)
	}
	if answer := strings.ToLower(strings.TrimSpace(line)); answer != "y" && answer != "yes" {
		return errors.New("nothing was confirmed")
	}
	return nil
}
