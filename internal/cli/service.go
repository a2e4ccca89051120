package cli

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"io/fs"
	"regexp"
	"strings"

	"github.com/spf13/cobra"

	"github.com/previewset/previewset/internal/cli/configrepo"
	"github.com/previewset/previewset/internal/cli/flags"
	"github.com/previewset/previewset/internal/cli/terminal"
	"github.com/previewset/previewset/internal/config"
	"github.com/previewset/previewset/internal/gitrepo"
	"github.com/previewset/previewset/internal/overlay"
	"github.com/previewset/previewset/internal/overlay/filetree"
	"github.com/previewset/previewset/internal/overlay/newservice"
)

func newServiceCmd(env *terminal.Process) *cobra.Command {
	cmd := &cobra.Command{
		Use:   "service",
		Short: "Bring services into the system",
		Long: `A service is one deployable of the system: an entry in previewset.yaml, and two components in kustomize-base/services: run,
which is the service itself, and link, which stands in for it where it doesn't run.`,
		Example: `  previewctl service add search --image ghcr.io/acme/search:1.4.0 --port 8080 --probe-path /healthz
  previewctl service add mailer --from deploy/mailer --repository acme/mailer --branch add-mailer
  previewctl service add --help`,
		Args: flags.NoArgs,
		RunE: func(cmd *cobra.Command, _ []string) error { return cmd.Help() },
	}
	cmd.AddCommand(newServiceAddCmd(env, runServiceAdd))
	return cmd
}

type serviceAddOptions struct {
	env     *terminal.Process
	service newservice.Service
	image   string
	from    string
	commit  configrepo.CommitOptions
}

func newServiceAddCmd(env *terminal.Process, runF func(context.Context, *serviceAddOptions) error) *cobra.Command {
	opts := &serviceAddOptions{env: env}
	cmd := &cobra.Command{
		Use:   "add NAME",
		Short: "Add a service: its components, its place in the baseline, and its entry in previewset.yaml",
		Long: `add scaffolds kustomize-base/services/NAME/run and link from an image, its port and the path of its probe, or takes a folder
of manifests for run as it is. It enters the service into previewset.yaml, into the baseline overlays/staging, and, where it
is public, into what the admission policies go by; of files that are there it changes only those lines. It builds the
system in memory before it commits anything.

What it scaffolds runs as it is; change it as you like.`,
		Example: `  previewctl service add search --image ghcr.io/acme/search:1.4.0 --port 8080 --probe-path /healthz
  previewctl service add admin --image ghcr.io/acme/admin:2.0 --port 80 --repository acme/shop --paths 'admin/**' --public --calls orders --data postgres
  previewctl service add mailer --from deploy/mailer --repository acme/mailer --dry-run`,
		Args: flags.OneArg("service"),
		RunE: func(cmd *cobra.Command, args []string) error {
			opts.service.Name = args[0]
			if err := opts.check(cmd); err != nil {
				return err
			}
			return runF(cmd.Context(), opts)
		},
	}
	opts.flags(cmd)
	opts.commit.AddFlags(cmd)
	return cmd
}

func (o *serviceAddOptions) flags(cmd *cobra.Command) {
	f := cmd.Flags()
	f.StringVar(&o.image, "image", "", "its image with the tag that runs where no commit is asked for, like ghcr.io/acme/search:1.4.0")
	f.IntVar(&o.service.Port, "port", 0, "port that it listens on")
	f.StringVar(&o.service.Probe, "probe-path", "/", "path that answers 200 once it is ready")
	f.StringVar(&o.from, "from", "", "folder of manifests to take instead, with a Service called NAME")
	f.StringVar(&o.service.Repository, "repository", "", "repository that it comes from, owner/name (default: as its image on ghcr.io is called)")
	f.StringSliceVar(&o.service.Paths, "paths", nil, "paths in the repository that are its own, like 'search/**' (default: all)")
	f.BoolVar(&o.service.Public, "public", false, "give it a host")
	f.StringSliceVar(&o.service.Calls, "calls", nil, "services that it calls")
	f.StringSliceVar(&o.service.Data, "data", nil, "stores of kustomize-base/data that it needs")
	complete := configrepo.Completer(o.env, &o.commit.Repo)
	if err := errors.Join(cmd.RegisterFlagCompletionFunc("calls", complete("handover")), cmd.RegisterFlagCompletionFunc("data", complete("store"))); err != nil {
		panic(err) // the flags are those above
	}
}

var (
	taggedImage = regexp.MustCompile(`^([a-z0-9][a-z0-9._/:-]*):([A-Za-z0-9_][A-Za-z0-9_.-]{0,127})$`)
	probePath   = regexp.MustCompile(`^/[A-Za-z0-9._~/-]*$`)
)

func (o *serviceAddOptions) check(cmd *cobra.Command) error {
	s := &o.service
	if !flags.IsServiceName(s.Name) {
		return flags.Usagef(cmd, "%q is not a service's name: at most 22 of a to z, 0 to 9 and -", s.Name)
	}
	if o.image != "" {
		m := taggedImage.FindStringSubmatch(o.image)
		if m == nil {
			return flags.Usagef(cmd, "--image %q is not an image with a tag, like ghcr.io/acme/search:1.4.0", o.image)
		}
		s.Image, s.Tag = m[1], m[2]
	}
	switch {
	case o.from == "" && (o.image == "" || s.Port == 0):
		return flags.Usagef(cmd, "say --image and --port, or with --from which folder has its manifests")
	case o.from != "" && (s.Port != 0 || cmd.Flags().Changed("probe-path")):
		return flags.Usagef(cmd, "--port and --probe-path are in the manifests of --from already: leave them out")
	case o.from == "" && (s.Port < 1 || s.Port > 65535):
		return flags.Usagef(cmd, "--port %d is not a port from 1 to 65535", s.Port)
	case !probePath.MatchString(s.Probe):
		return flags.Usagef(cmd, "--probe-path %q is not a path like /healthz", s.Probe)
	}
	if rest, ok := strings.CutPrefix(s.Image, "ghcr.io/"); ok && s.Repository == "" && strings.Count(rest, "/") == 1 {
		s.Repository = rest
	}
	if _, _, ok := config.ParsePullRequest(s.Repository + "#1"); !ok {
		return flags.Usagef(cmd, "--repository %q is not a repository like acme/search", s.Repository)
	}
	for _, text := range append(append(s.Paths, s.Calls...), s.Data...) {
		if err := flags.CheckLine(cmd, "--paths, --calls or --data", text); err != nil {
			return err
		}
	}
	return o.commit.Check(cmd)
}

func runServiceAdd(ctx context.Context, opts *serviceAddOptions) error {
	if opts.from != "" {
		var err error
		if opts.service.Manifests, err = manifestsIn(opts.from); err != nil {
			return err
		}
	}
	result, err := opts.commit.Commit(ctx, opts.env, opts.edits)
	if err != nil {
		return err
	}
	s := opts.service
	opts.commit.Report(opts.env, result, "added service "+s.Name)
	if opts.commit.DryRun || result.Unchanged {
		return nil
	}
	opts.env.Answerf("\nNext: look through kustomize-base/services/%s/run, and enter %s under calls of the services that call it", s.Name, s.Name)
	if s.Public {
		opts.env.Answerf("It is public, so the admission policies have changed: kubectl apply -k appsets")
	}
	return nil
}

func (o *serviceAddOptions) edits(fsys fs.FS) (gitrepo.Edits, error) {
	e := gitrepo.Edits{Message: gitrepo.Message{Subject: configrepo.Subject("Add service " + o.service.Name)}}
	repo := overlay.New(fsys)
	before, err := repo.Config()
	if err != nil {
		return e, configrepo.InvalidPolicy(err)
	}
	if e.Write, err = repo.AddService(o.service); err != nil {
		return e, err
	}
	with := overlay.New(filetree.Edited(fsys, e.Write, nil))
	if problems := with.CheckService(o.service.Name); len(problems) > 0 {
		return e, problems
	}
	after, err := with.Config()
	if err != nil {
		return e, err
	}
	return e, inTheWay(repo.Names(), before, after)
}

// inTheWay refuses a service with which the name of an environment that is there wouldn't be one any more.
func inTheWay(environments []string, before, after *config.Config) error {
	for _, name := range environments {
		if why := after.NameProblem(name); why != "" && before.NameProblem(name) == "" {
			return fmt.Errorf("environment %s is in the way: %s\nchoose another name for the service, or first delete the environment and make it under another name", name, why)
		}
	}
	return nil
}

// maxManifests bounds what is taken from a folder.
const maxManifests = 1 << 20

// manifestsIn are the YAML files in a folder, not those in folders below it.
func manifestsIn(dir string) (map[string][]byte, error) {
	fsys, closeDir, err := configrepo.OpenFolder(dir)
	if err != nil {
		return nil, fmt.Errorf("open the folder of manifests: %w\nname one that is there with --from", err)
	}
	defer closeDir()
	entries, err := fs.ReadDir(fsys, ".")
	if err != nil {
		return nil, fmt.Errorf("read the manifests in %s: %w", dir, err)
	}
	found, total := map[string][]byte{}, 0
	for _, e := range entries {
		name := e.Name()
		if !e.Type().IsRegular() || (!strings.HasSuffix(name, ".yaml") && !strings.HasSuffix(name, ".yml")) {
			continue
		}
		content, err := fs.ReadFile(fsys, name)
		if err != nil {
			return nil, fmt.Errorf("read the manifests in %s: %w", dir, err)
		}
		if total += len(content); total > maxManifests {
			return nil, fmt.Errorf("the manifests in %s are larger than %d MiB together\nname the folder of one service", dir, maxManifests>>20)
		}
		found[cmp.Or(map[string]string{"kustomization.yml": "kustomization.yaml"}[name], name)] = content
	}
	if len(found) == 0 {
		return nil, fmt.Errorf("there are no YAML files in %s\nname the folder that has the service's manifests", dir)
	}
	return found, nil
}
