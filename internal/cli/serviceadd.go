package cli

import (
	"context"
	"fmt"
	"io/fs"
	"regexp"
	"slices"
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

type serviceAddOptions struct {
	term    *terminal.Process
	service newservice.Service
	image   string
	from    string
	commit  configrepo.CommitOptions
}

func newServiceAddCmd(term *terminal.Process, runF func(context.Context, *serviceAddOptions) error) *cobra.Command {
	opts := &serviceAddOptions{term: term}
	cmd := &cobra.Command{
		Use:   "add NAME",
		Short: "Add a service with its manifests and policy entry",
		Long: `add creates kustomize-base/services/NAME/run and link from an image, its port and the path of its
probe, or takes the manifests of a folder for run. It adds the service to previewset.yaml, to the baseline
overlays/staging, and, if it is public, to the hosts that the admission policies allow. It keeps all other
lines of these files, and builds the system in memory before the commit.

The created manifests work as they are. Change them as you like.`,
		Example: `  previewctl service add search --image ghcr.io/acme/search:1.4.0 --port 8080 --probe-path /healthz
  previewctl service add admin --image ghcr.io/acme/admin:2.0 --port 80 --repository acme/shop --public --data postgres
  previewctl service add mailer --from deploy/mailer --repository acme/mailer --dry-run`,
		Args: flags.OneArg("service"),
		RunE: func(cmd *cobra.Command, args []string) error {
			opts.service.Name = args[0]
			if err := opts.checkService(cmd); err != nil {
				return err
			}
			return runF(cmd.Context(), opts)
		},
	}
	opts.addFlags(cmd)
	return cmd
}

func (o *serviceAddOptions) addFlags(cmd *cobra.Command) {
	f := cmd.Flags()
	f.StringVar(&o.image, "image", "", "set the image with its default tag, like ghcr.io/acme/search:1.4.0")
	f.IntVar(&o.service.Port, "port", 0, "set the port that it listens on")
	f.StringVar(&o.service.Probe, "probe-path", "/", "set the path that answers 200 when it is ready")
	f.StringVar(&o.from, "from", "", "use the manifests of a folder, with a Service called NAME")
	f.StringVar(&o.service.Repository, "repository", "",
		"set its repository, owner/name (default: the name of its image on ghcr.io)")
	flags.ListVar(f, &o.service.Paths, "paths",
		"set its paths in the repository, like 'search/**' (default: all); repeatable")
	f.BoolVar(&o.service.Public, "public", false, "give it a host")
	flags.ListVar(f, &o.service.Calls, "calls", "name a service that it calls; repeatable")
	flags.ListVar(f, &o.service.Data, "data",
		"name a data store that it needs, a folder of kustomize-base/data; repeatable")
	complete := configrepo.Completer(o.term, &o.commit.Repo)
	flags.CompleteWith(cmd, "calls", complete("calls"))
	flags.CompleteWith(cmd, "data", complete("store"))
	o.commit.AddFlags(cmd)
}

var (
	taggedImage = regexp.MustCompile(`^([a-z0-9][a-z0-9._/:-]*):([A-Za-z0-9_][A-Za-z0-9_.-]{0,127})$`)
	probePath   = regexp.MustCompile(`^/[A-Za-z0-9._~/-]*$`)
)

func (o *serviceAddOptions) checkService(cmd *cobra.Command) error {
	s := &o.service
	if !flags.IsServiceName(s.Name) {
		return flags.Usagef(cmd, "%q is not a service name; use a-z, 0-9 and hyphens, at most 22 characters", s.Name)
	}
	if err := o.checkSource(cmd); err != nil {
		return err
	}
	if name, ok := strings.CutPrefix(s.Image, "ghcr.io/"); ok && s.Repository == "" && strings.Count(name, "/") == 1 {
		s.Repository = name
	}
	if !config.IsRepository(s.Repository) {
		return flags.Usagef(cmd, "--repository %q is not a repository; use for example acme/search", s.Repository)
	}
	for _, text := range slices.Concat(s.Paths, s.Calls, s.Data) {
		if err := flags.CheckLine(cmd, "--paths, --calls or --data", text); err != nil {
			return err
		}
	}
	return o.commit.Check(cmd)
}

// checkSource checks the flags about the image, or else about the folder of manifests.
func (o *serviceAddOptions) checkSource(cmd *cobra.Command) error {
	s := &o.service
	if o.image != "" {
		m := taggedImage.FindStringSubmatch(o.image)
		if m == nil {
			return flags.Usagef(cmd, "--image %q is not an image with a tag; use for example ghcr.io/acme/search:1.4.0", o.image)
		}
		s.Image, s.Tag = m[1], m[2]
	}
	switch {
	case o.from == "" && (o.image == "" || s.Port == 0):
		return flags.Usagef(cmd, "the manifests have no source; use --image and --port, or --from with a folder")
	case o.from != "" && (s.Port != 0 || cmd.Flags().Changed("probe-path")):
		return flags.Usagef(cmd, "--port and --probe-path are in the manifests of --from already; remove them")
	case o.from == "" && (s.Port < 1 || s.Port > 65535):
		return flags.Usagef(cmd, "--port %d is not a port; use 1 to 65535", s.Port)
	case !probePath.MatchString(s.Probe):
		return flags.Usagef(cmd, "--probe-path %q is not a path; use for example /healthz", s.Probe)
	}
	return nil
}

func runServiceAdd(ctx context.Context, opts *serviceAddOptions) error {
	if opts.from != "" {
		var err error
		if opts.service.Manifests, err = manifestsIn(opts.from); err != nil {
			return err
		}
	}
	result, err := opts.commit.Commit(ctx, opts.term, opts.newService)
	if err != nil {
		return err
	}
	s := opts.service
	opts.commit.Report(opts.term, result, "added service "+s.Name)
	if opts.commit.DryRun || result.Unchanged {
		return nil
	}
	opts.term.Answerf("\nNext: review kustomize-base/services/%s/run, and add %s to calls of the services that call it",
		s.Name, s.Name)
	if s.Public {
		opts.term.Answerf("It is public, so the admission policies have changed: kubectl apply -k appsets")
	}
	return nil
}

func (o *serviceAddOptions) newService(fsys fs.FS) (gitrepo.Edits, error) {
	e := gitrepo.Edits{Message: gitrepo.Message{Subject: configrepo.Subject("Add service " + o.service.Name)}}
	repo := overlay.New(fsys)
	before, err := repo.Config()
	if err != nil {
		return e, configrepo.InvalidPolicy(err)
	}
	if e.Write, err = repo.AddService(o.service); err != nil {
		return e, err
	}
	edited := overlay.New(filetree.Edited(fsys, e.Write, nil))
	if problems := edited.CheckService(o.service.Name); len(problems) > 0 {
		return e, problems
	}
	after, err := edited.Config()
	if err != nil {
		return e, err
	}
	return e, checkEnvironmentNames(repo.Names(), before, after)
}

// checkEnvironmentNames refuses a service if its name makes the name of an existing environment invalid.
func checkEnvironmentNames(environments []string, before, after *config.Config) error {
	for _, name := range environments {
		if why := after.NameOrNamespaceProblem(name); why != "" && before.NameOrNamespaceProblem(name) == "" {
			return fmt.Errorf("the service's name conflicts with environment %s: %s\n"+
				"choose another name, or first delete the environment and create it with another name", name, why)
		}
	}
	return nil
}

// maxManifests is the largest accepted size of a folder of manifests in bytes.
const maxManifests = 1 << 20

// manifestsIn returns the YAML files in a folder, without its subfolders.
func manifestsIn(dir string) (map[string][]byte, error) {
	fsys, closeDir, err := configrepo.OpenFolder(dir)
	if err != nil {
		return nil, fmt.Errorf("open the folder of manifests: %w\nname an existing folder with --from", err)
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
			return nil, fmt.Errorf("read the manifests in %s: they have more than %d MiB\nname the folder of one service",
				dir, maxManifests>>20)
		}
		if name == "kustomization.yml" {
			name = "kustomization.yaml" // the name that AddService expects
		}
		found[name] = content
	}
	if len(found) == 0 {
		return nil, fmt.Errorf("read the manifests in %s: it has no YAML files\n"+
			"name the folder of the service's manifests", dir)
	}
	return found, nil
}
