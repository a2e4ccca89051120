package cli

import (
	"cmp"
	"context"
	"errors"
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
		Short: "Render another version of a service's Helm chart",
		Long: `update renders the chart in run/chart.yaml of a service again, with another version or other values, and
shows the difference. It writes run/source, run/adapted, run/chart.yaml and link. It keeps all other files of
the service, and its entry in previewset.yaml except the image and alsoNamed.

A chart in a folder is read from the folder as it was named, so run the command where you ran service add.
Without --values, the values stay. With it, they are replaced. --chart takes the chart from another address,
with --version unless it is a folder.`,
		Example: `  previewctl service update stock --version 1.5.0 --dry-run
  previewctl service update stock --values deploy/preview.yaml
  previewctl service update stock --version 1.5.0 --branch stock-1.5
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
	f.StringVar(&opts.chart.source, "chart", "",
		"take the chart from another folder, oci://REGISTRY/CHART or https://REPOSITORY/CHART (default: as before)")
	f.StringVar(&opts.image, "image", "", "choose one of the images in the chart (default: as before)")
	f.IntVar(&opts.port, "port", 0, "choose one of the ports in the chart (default: as before)")
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

func (o *serviceUpdateOptions) update(ctx context.Context, fsys fs.FS) (gitrepo.Edits, error) {
	e := gitrepo.Edits{Message: gitrepo.Message{Subject: configrepo.Subject("Update service " + o.name)}}
	repo := overlay.New(fsys)
	known, chart, err := repo.Chart(o.name)
	if err != nil {
		return e, err
	}
	options := o.chart
	options.source = cmp.Or(options.source, chart.Source)
	if options.version == "" && options.source == chart.Source && strings.Contains(chart.Source, "://") {
		options.version = chart.Version
	}
	chart.Image, chart.Port = cmp.Or(o.image, chart.Image), cmp.Or(o.port, chart.Port)
	s := newservice.Service{
		Name: known.Name, Repository: known.Repository, Public: known.Public, Data: known.Data,
		Image: source.ImageName(chart.Image), Port: chart.Port, Migrate: chart.Migrate,
	}
	if s.Chart, s.Source, err = options.render(ctx, o.term, o.name, chart.Values); err != nil {
		return e, err
	}
	s.Chart.Image, s.Chart.Port, s.Chart.Migrate = chart.Image, chart.Port, chart.Migrate
	if o.updated, err = repo.UpdateService(s); err != nil {
		return e, err
	}
	e.Message.Body = "Chart " + s.Chart.Source + ", version " + chart.Version + " to " + s.Chart.Version
	e.Write, e.Delete = o.updated.Files, o.updated.Removed
	if err := o.keepChanged(fsys, e); err != nil {
		return e, err
	}
	var problems config.Problems
	problems, o.missing = overlay.New(filetree.Edited(fsys, e.Write, e.Delete)).CheckService(o.name)
	if len(problems) > 0 {
		return e, overlay.ExplainInput(problems, o.name, s.Chart.Source)
	}
	return e, nil
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
