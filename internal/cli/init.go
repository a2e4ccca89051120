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
	"github.com/previewset/previewset/internal/cli/flags"
	"github.com/previewset/previewset/internal/cli/output"
	"github.com/previewset/previewset/internal/cli/scaffold"
	"github.com/previewset/previewset/internal/cli/terminal"
)

type initOptions struct {
	env                              *terminal.Process
	dir                              string
	settings                         scaffold.Settings
	githubTokenFile, configTokenFile string
	force, dryRun, push              bool
}

func newInitCmd(env *terminal.Process, runF func(context.Context, *initOptions) error) *cobra.Command {
	opts := &initOptions{env: env}
	cmd := &cobra.Command{
		Use:   "init DIR",
		Short: "Write a GitOps repository to start from, with everything that it takes to install PreviewSet",
		Long: `init writes the example GitOps repository into DIR: the policy previewset.yaml, kustomize-base with a small demo system,
the overlays, and appsets, which installs everything beside Argo CD. It makes the random tokens that the parts know each
other by and puts them where Git doesn't see them.

On a terminal it asks for the repository's address and the domain unless flags say them; elsewhere it asks nothing. It
never overwrites a file that differs, unless --force says so, and never a token. Running it again changes nothing.

With --push it makes DIR a Git repository, commits everything but the tokens, and pushes it to --repo-url; then
previewctl create works in DIR.`,
		Example: `  previewctl init previews
  previewctl init previews --repo-url https://github.com/acme/previews.git --domain preview.example.dev
  previewctl init previews --dry-run`,
		Args:              flags.OneArg("folder"),
		ValidArgsFunction: flags.CompleteFolder,
		RunE: func(cmd *cobra.Command, args []string) error {
			if opts.dir = args[0]; opts.dir == "" || terminal.HasHidden(opts.dir) {
				return flags.Usagef(cmd, "the folder %q has no name, or one that doesn't show", opts.dir)
			}
			if err := opts.settings.Check(); err != nil {
				return flags.Usagef(cmd, "%w", err)
			}
			if opts.push && (opts.dryRun || opts.settings.RepoURL == "") {
				return flags.Usagef(cmd, "--push needs --repo-url, where it pushes to, and no --dry-run")
			}
			return runF(cmd.Context(), opts)
		},
	}
	opts.flags(cmd)
	return cmd
}

func (o *initOptions) flags(cmd *cobra.Command) {
	f := cmd.Flags()
	f.StringVar(&o.settings.RepoURL, "repo-url", "", "address of the GitOps repository, as Argo CD and the service fetch it")
	f.StringVar(&o.settings.Domain, "domain", "", "domain of the previews: every one is at <environment>.<domain>")
	f.StringVar(&o.settings.Branch, "branch", scaffold.ExampleBranch, "branch of the GitOps repository that is in force")
	f.StringVar(&o.settings.Namespace, "argocd-namespace", scaffold.ExampleNamespace, "namespace that Argo CD runs in")
	f.StringVar(&o.githubTokenFile, "github-token-file", "", "file with the token that reads the service repositories")
	f.StringVar(&o.configTokenFile, "config-token-file", "", "file with the token that reads the GitOps repository")
	f.BoolVar(&o.force, "force", false, "overwrite files that differ")
	f.BoolVar(&o.push, "push", false, "make it a Git repository, commit it, and push it to --repo-url")
	f.BoolVar(&o.dryRun, "dry-run", false, "only say which files would be written")
	flags.Complete(cmd, "branch", func(string) []string { return []string{scaffold.ExampleBranch} })
	flags.Complete(cmd, "argocd-namespace", func(string) []string { return []string{scaffold.ExampleNamespace} })
}

func runInit(ctx context.Context, opts *initOptions) error {
	if err := opts.ask(); err != nil {
		return err
	}
	tokens, err := opts.tokens()
	if err != nil {
		return err
	}
	s, err := scaffold.New(previewset.Example, opts.settings)
	if err != nil {
		return err
	}
	if opts.dryRun {
		return opts.preview(s)
	}
	if err = os.MkdirAll(opts.dir, 0o755); err != nil { //nolint:gosec // G301: a repository, for everybody to read
		return fmt.Errorf("make the folder: %w", err)
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
	made, err := scaffold.WriteSecrets(root, tokens)
	if err != nil {
		return err
	}
	if opts.push {
		if err := (scaffold.Repository{Dir: opts.dir, Settings: opts.settings}).Push(ctx); err != nil {
			return err
		}
	}
	return opts.report(root, written, made)
}

// ask asks a person for what no flag says. An empty line keeps the example's value.
func (o *initOptions) ask() error {
	if !o.env.InTTY {
		return nil
	}
	in := bufio.NewReader(o.env.In)
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
		_, _ = fmt.Fprint(o.env.Err, q.question)
		line, err := in.ReadString('\n')
		if err != nil && !errors.Is(err, io.EOF) {
			return fmt.Errorf("read the answer: %w", err)
		}
		*q.value = strings.TrimSpace(line)
	}
	return o.settings.Check()
}

// tokens are the contents of the token files that were named, by the name that they get.
func (o *initOptions) tokens() (map[string]string, error) {
	tokens := map[string]string{}
	for name, file := range map[string]string{"github.token": o.githubTokenFile, "config.token": o.configTokenFile} {
		if file == "" {
			continue
		}
		content, err := os.ReadFile(file) //nolint:gosec // G304: the file that a person names
		if err != nil {
			return nil, fmt.Errorf("read the token: %w", err)
		}
		token := strings.TrimSpace(string(content))
		if token == "" || strings.ContainsAny(token, " \t\r\n") {
			return nil, fmt.Errorf("read the token: %s doesn't hold exactly one token", file)
		}
		tokens[name] = token
	}
	return tokens, nil
}

func (o *initOptions) preview(s *scaffold.Scaffold) error {
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
		o.env.Answerf("would write %s", name)
	}
	for _, name := range differing {
		if o.force {
			o.env.Answerf("would overwrite %s", name)
		} else {
			o.env.Answerf("would refuse: %s is there and differs", name)
		}
	}
	if len(missing)+len(differing) == 0 {
		o.env.Answerf("unchanged")
	}
	return nil
}

// report says what was done and what comes next.
func (o *initOptions) report(root *os.Root, written, made []string) error {
	if len(written)+len(made) == 0 {
		o.env.Answerf("unchanged: %s is as it would be written", o.dir)
	} else {
		o.env.Answerf("wrote %s and %s to %s", output.Count(len(written), "file"), output.Count(len(made), "token"), o.dir)
	}
	for _, line := range o.guide().Placeholders() {
		o.env.Inform("note: " + line)
	}
	o.env.Answerf("\nNext:")
	for i, step := range o.guide().Steps(scaffold.MissingSecrets(root)) {
		o.env.Answerf("  %d. %s", i+1, step)
	}
	return nil
}

func (o *initOptions) guide() scaffold.Guide {
	return scaffold.Guide{Dir: o.dir, Push: o.push, Settings: o.settings}
}
