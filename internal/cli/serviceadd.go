package cli

import (
	"cmp"
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
	"github.com/previewset/previewset/internal/overlay/source"
)

type serviceAddOptions struct {
	term    *terminal.Process
	service newservice.Service
	image   string
	migrate string
	worker  string
	from    string
	chart   chartOptions
	added   *newservice.Added
	missing config.Problems // ConfigMaps and Secrets that follow in another commit
	address string          // of a public service
	commit  configrepo.CommitOptions
}

func newServiceAddCmd(term *terminal.Process, runF func(context.Context, *serviceAddOptions) error) *cobra.Command {
	opts := &serviceAddOptions{term: term}
	cmd := &cobra.Command{
		Use:   "add NAME",
		Short: "Add a service with its manifests and policy entry",
		Long: `add creates kustomize-base/services/NAME/run and link from an image, its port and the path of its
probe. It adds the service to previewset.yaml, with its data stores to the baseline overlays/staging, and, if
it is public, to the hosts that the admission policies allow. It keeps all other lines of these files, and
builds the system in memory before the commit.

With --from it takes your manifests: YAML or JSON files, a folder of them, or a folder with a Kustomization.
They may have other services too: the service is the Service or workload called NAME, with everything that it
needs. The manifests stay as they are, in run/source. The changes that a preview needs are beside them, in
run/adapted. The command lists the objects that previews must not have, with what to do about each.

With --chart it renders a Helm chart in the same way, without the program helm and without a cluster. All
objects of the chart belong to the service. run/chart.yaml has the chart's version, digest and values, and
previewctl service update renders another version. Hooks become hooks of Argo CD where the admission policies
allow that. Without --version, a folder has the version of its Chart.yaml.`,
		Example: `  previewctl service add search --image ghcr.io/acme/search:1.4.0 --port 8080 --probe-path /healthz
  previewctl service add admin --image ghcr.io/acme/admin:2.0 --port 80 --repository acme/shop --public --data postgres
  previewctl service add depot --image ghcr.io/acme/depot:1.0 --port 80 --data postgres --migrate 'depot migrate'
  previewctl service add mailer --from deploy/mailer --repository acme/mailer --dry-run
  previewctl service add cart --from deploy/shop.yaml --called-by web
  previewctl service add stock --chart deploy/stock --values deploy/preview.yaml`,
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
	f.StringVar(&o.image, "image", "",
		"set the image with its default tag, like ghcr.io/acme/search:1.4.0; with --from: choose one of the images there")
	f.IntVar(&o.service.Port, "port", 0, "set the port that it listens on; with --from: choose one of the ports there")
	f.StringVar(&o.service.Probe, "probe-path", "/", "set the path that answers 200 when it is ready")
	f.StringVar(&o.from, "from", "", "use the manifests of a file or folder, with a Service or workload called NAME")
	f.StringVar(&o.chart.source, "chart", "",
		"render a Helm chart: a folder, oci://REGISTRY/CHART or https://REPOSITORY/CHART")
	o.chart.addFlags(cmd)
	flags.ListVar(f, &o.service.With, "with",
		"with --from: also take the Service or workload of this name; repeatable")
	f.StringVar(&o.service.Repository, "repository", "",
		"set its repository, owner/name (default: the name of its image on ghcr.io, or none with --from)")
	flags.ListVar(f, &o.service.Paths, "paths",
		"set its paths in the repository, like 'search/**' (default: all); repeatable")
	f.BoolVar(&o.service.Public, "public", false, "give it a host")
	flags.ListVar(f, &o.service.Calls, "calls", "name a service that it calls; repeatable")
	flags.ListVar(f, &o.service.CalledBy, "called-by", "name a service that calls it; repeatable")
	flags.ListVar(f, &o.service.Data, "data",
		"name a data store that it needs, a folder of kustomize-base/data; repeatable")
	f.StringVar(&o.migrate, "migrate", "",
		"run this command of the image before the service starts, like 'bin/search migrate'")
	f.StringVar(&o.worker, "worker", "",
		"also run this command of the image, without a port, like 'bin/search work'; not with --from or --chart")
	complete := configrepo.Completer(o.term, &o.commit.Repo)
	flags.CompleteWith(cmd, "calls", complete("calls"))
	flags.CompleteWith(cmd, "called-by", complete("calls"))
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
	if (!o.hasManifests() || s.Repository != "") && !config.IsRepository(s.Repository) {
		return flags.Usagef(cmd, "--repository %q is not a repository; use for example acme/search", s.Repository)
	}
	for _, text := range slices.Concat(s.Paths, s.Calls, s.CalledBy, s.Data, s.With) {
		if err := flags.CheckLine(cmd, "--paths, --calls, --called-by, --data or --with", text); err != nil {
			return err
		}
	}
	return o.commit.Check(cmd)
}

// checkSource checks the flags about the image, or else about the folder of manifests.
func (o *serviceAddOptions) checkSource(cmd *cobra.Command) error {
	s := &o.service
	s.Migrate, s.Worker = strings.Fields(o.migrate), strings.Fields(o.worker)
	if o.hasManifests() {
		s.Image = source.ImageName(o.image)
	} else if o.image != "" {
		m := taggedImage.FindStringSubmatch(o.image)
		if m == nil {
			return flags.Usagef(cmd, "--image %q is not an image with a tag; use for example ghcr.io/acme/search:1.4.0", o.image)
		}
		s.Image, s.Tag = m[1], m[2]
	}
	if err := flags.CheckLine(cmd, "--migrate or --worker", o.migrate+o.worker); err != nil {
		return err
	}
	switch {
	case o.from != "" && o.chart.source != "":
		return flags.Usagef(cmd, "--from and --chart both name manifests; use one of them")
	case !o.hasManifests() && (o.image == "" || s.Port == 0):
		return flags.Usagef(cmd, "the manifests have no source; use --image and --port, --from with a folder, or --chart")
	case o.hasManifests() && o.worker != "":
		return flags.Usagef(cmd, "the manifests have their workers already; remove --worker")
	case o.hasManifests() && cmd.Flags().Changed("probe-path"):
		return flags.Usagef(cmd, "the manifests have their probes already; remove --probe-path")
	case o.from == "" && len(s.With) > 0:
		return flags.Usagef(cmd, "--with chooses manifests of --from; use it with --from")
	case (!o.hasManifests() || cmd.Flags().Changed("port")) && (s.Port < 1 || s.Port > 65535):
		return flags.Usagef(cmd, "--port %d is not a port; use 1 to 65535", s.Port)
	case !probePath.MatchString(s.Probe):
		return flags.Usagef(cmd, "--probe-path %q is not a path; use for example /healthz", s.Probe)
	}
	return o.chart.check(cmd)
}

// hasManifests reports whether the user brings manifests or a chart.
func (o *serviceAddOptions) hasManifests() bool { return o.from != "" || o.chart.source != "" }

func runServiceAdd(ctx context.Context, opts *serviceAddOptions) error {
	if err := opts.readSource(ctx); err != nil {
		return err
	}
	result, err := opts.commit.Commit(ctx, opts.term, opts.newService)
	if err != nil {
		return err
	}
	s := opts.service
	opts.commit.Report(opts.term, result, "added service "+s.Name)
	opts.reportManifests()
	if opts.commit.DryRun || result.Unchanged {
		return nil
	}
	next := "review kustomize-base/services/" + s.Name + "/run"
	if len(s.CalledBy) == 0 && !s.Public {
		next += ", and add " + s.Name + " to calls of the services that call it"
	}
	opts.term.Answerf("\nNext: %s", next)
	if s.Public {
		opts.term.Answerf("Address: %s", opts.address)
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
	if o.added, err = repo.AddService(o.service); err != nil {
		return e, o.explain(err)
	}
	e.Write = o.added.Files
	edited := overlay.New(filetree.Edited(fsys, e.Write, nil))
	var problems config.Problems
	if problems, o.missing = edited.CheckService(o.service.Name); len(problems) > 0 {
		return e, overlay.ExplainInput(problems, o.service.Name, cmp.Or(o.from, o.chart.source))
	}
	after, err := edited.Config()
	if err != nil {
		return e, err
	}
	o.address = addressOf(after.Policy, o.service.Name)
	return e, checkEnvironmentNames(repo.Names(), before, after)
}

// addressOf returns the address of a public service in an environment with all services.
func addressOf(policy *config.Policy, service string) string {
	for _, s := range policy.Services {
		if s.Public && s.Name == service {
			break
		} else if s.Public {
			return "https://" + service + "-<environment>." + policy.Domain
		}
	}
	return "https://<environment>." + policy.Domain
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
