package cli

import (
	"context"
	"strings"

	"github.com/spf13/cobra"

	"github.com/previewset/previewset/internal/cli/configrepo"
	"github.com/previewset/previewset/internal/cli/flags"
	"github.com/previewset/previewset/internal/cli/output"
	"github.com/previewset/previewset/internal/cli/terminal"
	"github.com/previewset/previewset/internal/config"
	"github.com/previewset/previewset/internal/gitrepo"
	"github.com/previewset/previewset/internal/overlay"
)

type serviceListOptions struct {
	term   *terminal.Process
	repo   configrepo.Flags
	output string
}

// serviceRow is a service in the JSON of service list.
type serviceRow struct {
	Name       string   `json:"name"`
	Repository string   `json:"repository"`
	Paths      []string `json:"paths"`
	Image      string   `json:"image"`
	Ports      []string `json:"ports"`
	Link       bool     `json:"link"` // it has a link half
	Calls      []string `json:"calls"`
	Public     bool     `json:"public"`
	Data       []string `json:"data"`
}

func newServiceListCmd(term *terminal.Process, runF func(context.Context, *serviceListOptions) error) *cobra.Command {
	opts := &serviceListOptions{term: term}
	cmd := &cobra.Command{
		Use:   "list",
		Short: "List the services of the GitOps repository",
		Long: `list prints the services in the order of previewset.yaml, with their repositories and images, the ports
of their Kubernetes Services, whether other environments can link to them, the services that they call, and
their data stores.

Without a terminal it prints lines with tabs and no header: name, repository, image, ports, link, calls,
public, data.`,
		Example: `  previewctl service list
  previewctl service list -o json
  previewctl service list --local -o name`,
		Args: flags.NoArgs,
		RunE: func(cmd *cobra.Command, _ []string) error {
			if err := flags.CheckOutput(cmd, opts.output, "", "table", "json", "yaml", "name"); err != nil {
				return err
			}
			return runF(cmd.Context(), opts)
		},
	}
	opts.repo.Add(cmd)
	flags.Output(cmd, &opts.output, "", "table", "json", "yaml", "name")
	return cmd
}

func runServiceList(ctx context.Context, opts *serviceListOptions) error {
	defer opts.term.NoticeIfSlow(terminal.SlowRepository)()
	repo, err := opts.repo.Open(ctx, opts.term, gitrepo.Options{})
	if err != nil {
		return err
	}
	fsys, err := repo.ReadFiles(ctx)
	if err != nil {
		return err
	}
	listed, portsErr, err := overlay.New(fsys).Services()
	if err != nil {
		return err
	}
	if portsErr != nil {
		opts.term.Notef("the ports are unknown, because the system can't be built: previewctl check says why")
	}
	rows := []serviceRow{}
	for _, s := range listed {
		rows = append(rows, serviceRow{
			Name: s.Name, Repository: s.Repository, Paths: output.OrEmpty(s.Paths), Image: s.Image,
			Ports: output.OrEmpty(s.Ports), Link: s.HasLink, Calls: output.OrEmpty(s.Calls), Public: s.Public,
			Data: output.OrEmpty(s.Data),
		})
	}
	return opts.print(rows)
}

func (o *serviceListOptions) print(rows []serviceRow) error {
	switch o.output {
	case "json", "yaml":
		return output.Encode(o.term.Out, o.output, rows)
	case "name":
		for _, r := range rows {
			o.term.Answerf("%s", config.Printable(r.Name))
		}
		return nil
	}
	t := &output.Table{Header: []string{"NAME", "REPOSITORY", "IMAGE", "PORTS", "LINK", "CALLS", "PUBLIC", "DATA"}}
	for _, r := range rows {
		t.Add(r.Name, r.Repository, r.Image, strings.Join(r.Ports, ","), yesOrNo(r.Link), strings.Join(r.Calls, ","),
			yesOrNo(r.Public), strings.Join(r.Data, ","))
	}
	return t.Write(o.term.Out, o.output == "table" || o.term.OutTTY)
}

func yesOrNo(is bool) string {
	if is {
		return "yes"
	}
	return "no"
}
