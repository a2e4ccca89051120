package cli

import (
	"bufio"
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"strings"

	"github.com/spf13/cobra"

	"github.com/previewset/previewset"
	"github.com/previewset/previewset/internal/cli/buildinfo"
	"github.com/previewset/previewset/internal/cli/flags"
	"github.com/previewset/previewset/internal/cli/output"
	"github.com/previewset/previewset/internal/cli/scaffold"
	"github.com/previewset/previewset/internal/cli/terminal"
)

type initOptions struct {
	term                             *terminal.Process
	dir                              string
	settings                         scaffold.Settings
	githubTokenFile, configTokenFile string
	force, dryRun, push              bool
}

func newInitCmd(term *terminal.Process, runF func(context.Context, *initOptions) error) *cobra.Command {
	opts := &initOptions{term: term}
	cmd := &cobra.Command{
		Use:   "init DIR",
		Short: "Create a GitOps repository with the installation",
		Long: `init writes a GitOps repository into DIR: the policy previewset.yaml, kustomize-base, the overlays,
appsets, which installs everything beside Argo CD, and a workflow that checks pull requests. It creates
random tokens for the parts of PreviewSet in a folder that Git ignores.

The system has no services at first; previewctl service add adds yours. --example adds a small demo system.
Its pull requests come from the repositories of --example-repository. With one repository, each of its pull
requests counts, and the demo images keep their tags. With two, the first has the services web, orders and
products, the second has gateway, and your builds must push an image for each commit. Without any, it has no
pull requests, and the generator doesn't ask GitHub.

Previews have HTTPRoutes of the Gateway API, and appsets/gateway.yaml is their Gateway. --gateway names its
controller, which sets the class, the namespace and the preset for activity. --ingress writes Ingresses.

On a terminal it asks for the repository's address and the domain, unless flags set them. It overwrites a
different file only with --force, and never a token. A second run changes nothing.

With --push it makes DIR a Git repository, commits everything but the tokens, and pushes it to --repo-url.
After that, previewctl create works in DIR.`,
		Example: `  previewctl init previews
  previewctl init previews --repo-url https://github.com/acme/previews.git --domain preview.example.dev
  previewctl init classic --ingress traefik
  previewctl init demo --example --example-repository acme/shop --dry-run`,
		Args:              flags.OneArg("folder"),
		ValidArgsFunction: flags.CompleteFolder,
		RunE: func(cmd *cobra.Command, args []string) error {
			if opts.dir = args[0]; opts.dir == "" || terminal.HasHidden(opts.dir) {
				return flags.Usagef(cmd, "folder %q: empty name or invisible characters; use another name", opts.dir)
			}
			if err := opts.settings.Check(); err != nil {
				return flags.Usagef(cmd, "%w", err)
			}
			if opts.push && (opts.dryRun || opts.settings.RepoURL == "") {
				return flags.Usagef(cmd, "--push requires --repo-url and excludes --dry-run")
			}
			return runF(cmd.Context(), opts)
		},
	}
	opts.addFlags(cmd)
	return cmd
}

func (o *initOptions) addFlags(cmd *cobra.Command) {
	f := cmd.Flags()
	f.StringVar(&o.settings.RepoURL, "repo-url", "", "set the GitOps repository's address for Argo CD and the generator")
	f.StringVar(&o.settings.Domain, "domain", "", "set the previews' domain: each has the address <environment>.<domain>")
	f.StringVar(&o.settings.Branch, "branch", scaffold.ExampleBranch, "set the config branch")
	f.StringVar(&o.settings.Namespace, "argocd-namespace", scaffold.ExampleNamespace, "set Argo CD's namespace")
	f.StringVar(&o.settings.Gateway, "gateway", "",
		"set the controller of the Gateway API: "+strings.Join(scaffold.Gateways(), ", ")+" (default "+scaffold.DefaultGateway+")")
	f.StringVar(&o.settings.Ingress, "ingress", "",
		"write Ingresses for a controller, in place of the Gateway API: "+strings.Join(scaffold.Ingresses(), ", "))
	f.BoolVar(&o.settings.Example, "example", false, "add the demo system")
	f.StringArrayVar(&o.settings.ExampleRepositories, "example-repository", nil,
		"take the demo system's pull requests from a repository, OWNER/NAME; at most twice")
	f.StringVar(&o.githubTokenFile, "github-token-file", "", "copy the token for the services' repositories from a file")
	f.StringVar(&o.configTokenFile, "config-token-file", "", "copy the token for the GitOps repository from a file")
	f.BoolVar(&o.force, "force", false, "overwrite different files")
	f.BoolVar(&o.push, "push", false, "commit the folder and push it to --repo-url")
	f.BoolVar(&o.dryRun, "dry-run", false, "list the files and write nothing")
	flags.Complete(cmd, "branch", scaffold.ExampleBranch)
	flags.Complete(cmd, "argocd-namespace", scaffold.ExampleNamespace)
	flags.Complete(cmd, "gateway", scaffold.Gateways()...)
	flags.Complete(cmd, "ingress", scaffold.Ingresses()...)
}

func runInit(ctx context.Context, opts *initOptions) error {
	if err := opts.askSettings(); err != nil {
		return err
	}
	tokens, err := opts.userTokens()
	if err != nil {
		return err
	}
	opts.settings.Version = buildinfo.Read().Installable()
	s, err := scaffold.New(previewset.Example, opts.settings)
	if err != nil {
		return err
	}
	if opts.dryRun {
		return opts.listFiles(s)
	}
	if err = os.MkdirAll(opts.dir, 0o755); err != nil { //nolint:gosec // G301: everyone may read the repository
		return fmt.Errorf("create the folder: %w", err)
	}
	root, err := os.OpenRoot(opts.dir)
	if err != nil {
		return fmt.Errorf("open the folder: %w", err)
	}
	defer func() { _ = root.Close() }()
	written, err := s.Write(root, opts.force)
	if err != nil {
		return err
	}
	created, err := scaffold.WriteSecrets(root, tokens)
	if err != nil {
		return err
	}
	commit := ""
	if opts.push {
		if commit, err = (scaffold.Repository{Dir: opts.dir, Settings: opts.settings}).Push(ctx); err != nil {
			return err
		}
	}
	opts.reportResult(len(written), len(created), commit, scaffold.MissingSecrets(root))
	return nil
}

// askSettings asks on a terminal for settings without a flag. An empty line keeps the example's value.
func (o *initOptions) askSettings() error {
	if !o.term.InTTY {
		return nil
	}
	in := bufio.NewReader(o.term.In)
	for _, q := range []struct {
		value    *string
		question string
	}{
		{&o.settings.RepoURL, "Address of the GitOps repository [" + scaffold.ExampleRepoURL + "]: "},
		{&o.settings.Domain, "Domain of the previews [" + scaffold.ExampleDomain + "]: "},
	} {
		if *q.value != "" {
			continue
		}
		_, _ = fmt.Fprint(o.term.Err, q.question)
		line, err := in.ReadString('\n')
		if err != nil && !errors.Is(err, io.EOF) {
			return fmt.Errorf("read the answer: %w", err)
		}
		*q.value = strings.TrimSpace(line)
	}
	return o.settings.Check()
}

// userTokens returns the contents of the named token files by their new names.
func (o *initOptions) userTokens() (map[string]string, error) {
	tokens := map[string]string{}
	for name, file := range map[string]string{"github.token": o.githubTokenFile, "config.token": o.configTokenFile} {
		if file == "" {
			continue
		}
		var err error
		if tokens[name], err = flags.ReadToken(file); err != nil {
			return nil, err
		}
	}
	return tokens, nil
}

// listFiles prints for a dry run which files would be written.
func (o *initOptions) listFiles(s *scaffold.Scaffold) error {
	var root *os.Root
	if _, err := os.Stat(o.dir); err == nil {
		if root, err = os.OpenRoot(o.dir); err != nil {
			return fmt.Errorf("open the folder: %w", err)
		}
		defer func() { _ = root.Close() }()
	}
	missing, differing, err := s.Compare(root)
	if err != nil {
		return err
	}
	for _, name := range missing {
		o.term.Answerf("would write %s", name)
	}
	for _, name := range differing {
		if o.force {
			o.term.Answerf("would overwrite %s", name)
		} else {
			o.term.Answerf("would refuse: %s exists and differs", name)
		}
	}
	if len(missing)+len(differing) == 0 {
		o.term.Answerf("unchanged")
	}
	return nil
}

// reportResult prints the numbers of written files and tokens, the pushed commit if any, and the next steps.
func (o *initOptions) reportResult(written, created int, commit string, missing []string) {
	if written+created == 0 {
		o.term.Answerf("unchanged: %s has all files", o.dir)
	} else {
		o.term.Answerf("wrote %s and %s to %s", output.Count(written, "file"), output.Count(created, "token"), o.dir)
	}
	if commit != "" {
		o.term.Answerf("pushed: branch %s of %s is at commit %s",
			o.settings.Branch, o.settings.RepoURL, output.ShortCommit(commit))
	}
	guide := scaffold.Guide{Dir: o.dir, Push: o.push, Settings: o.settings}
	for _, note := range guide.Notes() {
		o.term.Notef("%s", note)
	}
	o.term.Answerf("\nNext:")
	for i, step := range guide.Steps(missing) {
		o.term.Answerf("  %d. %s", i+1, step)
	}
}
