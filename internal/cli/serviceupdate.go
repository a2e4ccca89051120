package cli

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"io/fs"
	"maps"
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

type serviceUpdateOptions struct {
	term   *terminal.Process
	name   string
	from   string
	with   []string
	chart  chartOptions
	image  string
	port   int
	commit configrepo.CommitOptions

	updated       *newservice.Added
	missing       config.Problems   // ConfigMaps and Secrets that follow in another commit
	before, after map[string][]byte // the changed files
}

func newServiceUpdateCmd(
	term *terminal.Process, runF func(context.Context, *serviceUpdateOptions) error,
) *cobra.Command {
	opts := &serviceUpdateOptions{term: term}
	cmd := &cobra.Command{
		Use:   "update NAME",
		Short: "Read a service's manifests or Helm chart again",
		Long: `update renders the chart of a service again, with another version or other values, or reads its manifests
again. It shows the difference. It writes run/source, run/adapted and link, and run/chart.yaml or run/from.yaml,
which name the chart or the manifests. It keeps all other files of the service, and its entry in
previewset.yaml except the image and alsoNamed.

A folder or file is read as it was named, so run the command where you ran service add, or name it with --from
or --chart. The other choices of service add stay unless a flag replaces them. --chart takes the chart from
another address, with --version unless it is a folder.`,
		Example: `  previewctl service update cart
  previewctl service update cart --from ../shop/deploy --dry-run
  previewctl service update stock --version 1.5.0 --branch stock-1.5
  previewctl service update stock --values deploy/preview.yaml
  previewctl service update stock --chart oci://ghcr.io/acme/charts/stock --version 1.5.0`,
		Args:              flags.OneArg("service"),
		ValidArgsFunction: completeOne(configrepo.Completer(term, &opts.commit.Repo)("calls")),
		RunE: func(cmd *cobra.Command, args []string) error {
			opts.name = args[0]
			if err := checkServiceName(cmd, opts.name); err != nil {
				return err
			}
			if err := opts.checkChart(cmd); err != nil {
				return err
			}
			if err := opts.commit.Check(cmd); err != nil {
				return err
			}
			return runF(cmd.Context(), opts)
		},
	}
	f := cmd.Flags()
	f.StringVar(&opts.from, "from", "", "read the manifests of another file or folder (default: as before)")
	flags.ListVar(f, &opts.with, "with",
		"with manifests: also take the Service or workload of this name (default: as before); repeatable")
	f.StringVar(&opts.chart.source, "chart", "",
		"take the chart from another folder, oci://REGISTRY/CHART or https://REPOSITORY/CHART (default: as before)")
	f.StringVar(&opts.image, "image", "", "choose one of the images (default: as before)")
	f.IntVar(&opts.port, "port", 0, "choose one of the ports (default: as before)")
	opts.chart.addFlags(cmd)
	opts.commit.AddFlags(cmd)
	return cmd
}

func (o *serviceUpdateOptions) checkChart(cmd *cobra.Command) error {
	if err := o.chart.checkTexts(cmd); err != nil {
		return err
	}
	if err := flags.CheckLine(cmd, "--image", o.image); err != nil {
		return err
	}
	if cmd.Flags().Changed("port") && (o.port < 1 || o.port > 65535) {
		return flags.Usagef(cmd, "--port %d is not a port; use 1 to 65535", o.port)
	}
	for _, text := range o.with {
		if err := flags.CheckLine(cmd, "--with", text); err != nil {
			return err
		}
	}
	if o.usesManifests() && o.usesChart() {
		return flags.Usagef(cmd, "--from and --with are about manifests, the other flags about a chart; use those of one")
	}
	if o.chart.source == "" {
		return nil
	}
	return o.chart.check(cmd)
}

func runServiceUpdate(ctx context.Context, opts *serviceUpdateOptions) error {
	update := func(fsys fs.FS) (gitrepo.Edits, error) { return opts.update(ctx, fsys) }
	result, err := opts.commit.Commit(ctx, opts.term, update)
	if err != nil {
		return err
	}
	if !opts.commit.DryRun && !result.Unchanged {
		patch, err := gitrepo.Patch(ctx, opts.before, opts.after)
		if err != nil {
			return err
		}
		opts.term.PrintPatch(patch)
	}
	opts.commit.Report(opts.term, result, "updated service "+opts.name)
	reportAdded(opts.term, opts.updated, opts.missing)
	return nil
}

func (o *serviceUpdateOptions) usesManifests() bool { return o.from != "" || len(o.with) > 0 }

func (o *serviceUpdateOptions) usesChart() bool { return o.chart != chartOptions{} }

func (o *serviceUpdateOptions) update(ctx context.Context, fsys fs.FS) (gitrepo.Edits, error) {
	e := gitrepo.Edits{Message: gitrepo.Message{Subject: configrepo.Subject("Update service " + o.name)}}
	repo := overlay.New(fsys)
	known, origin, err := repo.Origin(o.name)
	if err != nil {
		return e, err
	}
	s := newservice.Service{
		Name: known.Name, Repository: known.Repository, Public: known.Public, Data: known.Data,
	}
	from := ""
	if origin.Chart != nil {
		from, e.Message.Body, err = o.renderChart(ctx, &s, *origin.Chart)
	} else {
		from, err = o.readManifests(&s, origin)
		if relative := relativeOnly(from); relative != "" {
			e.Message.Body = "Manifests in " + relative
		}
	}
	if err != nil {
		return e, err
	}
	if o.updated, err = repo.UpdateService(s, origin.FormerName()); err != nil {
		return e, err
	}
	e.Write, e.Delete = o.updated.Files, o.updated.Removed
	if err := o.keepChanged(fsys, e); err != nil {
		return e, err
	}
	var problems config.Problems
	problems, o.missing = overlay.New(filetree.Edited(fsys, e.Write, e.Delete)).CheckService(o.name)
	if len(problems) > 0 {
		return e, overlay.ExplainInput(problems, o.name, from)
	}
	return e, nil
}

// renderChart sets the service's manifests from its chart. It returns the chart's address, and what changes.
func (o *serviceUpdateOptions) renderChart(
	ctx context.Context, s *newservice.Service, chart newservice.Chart,
) (from, change string, err error) {
	if o.usesManifests() {
		return "", "", fmt.Errorf("service %s is from a chart: --from and --with have no effect\n"+
			"name another chart with --chart, or remove the service and add it with --from", o.name)
	}
	options := o.chart
	options.source = cmp.Or(options.source, chart.Source)
	if options.version == "" && options.source == chart.Source && strings.Contains(chart.Source, "://") {
		options.version = chart.Version
	}
	chart.Image, chart.Port = cmp.Or(o.image, chart.Image), cmp.Or(o.port, chart.Port)
	s.Image, s.Port, s.Migrate = source.ImageName(chart.Image), chart.Port, chart.Migrate
	if s.Chart, s.Source, err = options.render(ctx, o.term, cmp.Or(chart.Name, o.name), chart.Values); err != nil {
		return "", "", err
	}
	s.Chart.Image, s.Chart.Port, s.Chart.Migrate = chart.Image, chart.Port, chart.Migrate
	return s.Chart.Source, "Chart " + s.Chart.Source + ", version " + chart.Version + " to " + s.Chart.Version, nil
}

// readManifests sets the service's manifests from its files. It returns their name.
func (o *serviceUpdateOptions) readManifests(s *newservice.Service, origin newservice.Origin) (from string, err error) {
	switch {
	case o.usesChart():
		return "", fmt.Errorf("service %s isn't from a chart: the flags about a chart have no effect\n"+
			"remove it and add it with --chart, or use --from", o.name)
	case !origin.HasSource:
		return "", fmt.Errorf("service %s is from no manifests and no chart\n"+
			"change kustomize-base/services/%s/run by hand, or remove it and add it with --from or --chart", o.name, o.name)
	}
	m := newservice.Manifests{}
	if origin.Manifests != nil {
		m = *origin.Manifests
		m.Name = "" // the update writes it again
	}
	if from = cmp.Or(o.from, m.From); from == "" {
		return "", fmt.Errorf("the repository doesn't say where the manifests of service %s are\n"+
			"name the file or folder with --from", o.name)
	}
	m.From, m.Image, m.Port = relativeOnly(from), cmp.Or(o.image, m.Image), cmp.Or(o.port, m.Port)
	if len(o.with) > 0 {
		m.With = o.with
	}
	s.Image, s.Port, s.With, s.Migrate, s.Manifests = source.ImageName(m.Image), m.Port, m.With, m.Migrate, &m
	s.Source, err = readManifests(from)
	return from, err
}

// keepChanged keeps the files before and after the edits, for the difference.
func (o *serviceUpdateOptions) keepChanged(fsys fs.FS, e gitrepo.Edits) error {
	o.before, o.after = map[string][]byte{}, e.Write
	for _, name := range slices.AppendSeq(slices.Clone(e.Delete), maps.Keys(e.Write)) {
		content, err := fs.ReadFile(fsys, name)
		switch {
		case err == nil:
			o.before[name] = content
		case !errors.Is(err, fs.ErrNotExist):
			return err
		}
	}
	return nil
}
