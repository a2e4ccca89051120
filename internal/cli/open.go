package cli

import (
	"context"
	"errors"
	"fmt"
	"net/url"
	"os/exec"
	"runtime"

	"github.com/spf13/cobra"

	"github.com/previewset/previewset/internal/cli/apiclient"
	"github.com/previewset/previewset/internal/cli/flags"
	"github.com/previewset/previewset/internal/cli/terminal"
	"github.com/previewset/previewset/internal/config"
	"github.com/previewset/previewset/internal/preview"
)

type openOptions struct {
	apiclient.Lookup
	service string
	print   bool
	// browse shows an address in the person's browser.
	browse func(ctx context.Context, address string) error
}

func newOpenCmd(env *terminal.Process, runF func(context.Context, *openOptions) error) *cobra.Command {
	opts, server := &openOptions{Lookup: apiclient.Lookup{Env: env}, browse: browse}, apiclient.Flags{}
	cmd := &cobra.Command{
		Use:   "open NAME|OWNER/REPO#NUMBER",
		Short: "Open an environment in the browser; in a pipe, print its address",
		Long: `open asks the service for an environment's address and opens it in the browser. In a pipe, or with --print, it prints the
address instead. Public services other than the first have an address of their own: --service names one.`,
		Example: `  previewctl open shop-pr-7
  previewctl open acme/shop#7 --print
  previewctl open shop-pr-7 --service gateway`,
		Args:              flags.OneArg("environment, by name or as owner/repo#number"),
		ValidArgsFunction: apiclient.Complete(env, &server, 1, apiclient.HasEnvironment),
		RunE: func(cmd *cobra.Command, args []string) error {
			if err := opts.Parse(cmd, server, args); err != nil {
				return err
			}
			return runF(cmd.Context(), opts)
		},
	}
	server.Add(cmd)
	cmd.Flags().StringVar(&opts.service, "service", "", "open this public service's address (default: the environment's own)")
	if err := cmd.RegisterFlagCompletionFunc("service", apiclient.CompletePublicServices(env, &server)); err != nil {
		panic(err) // the flag is the one above
	}
	cmd.Flags().BoolVar(&opts.print, "print", false, "only print the address")
	return cmd
}

func runOpen(ctx context.Context, opts *openOptions) error {
	status, err := opts.StatusWithNotice(ctx)
	if err != nil {
		return err
	}
	address, err := opts.address(status.Row)
	if err != nil {
		return err
	}
	if opts.print || !opts.Env.OutTTY {
		opts.Env.Answerf("%s", address)
		return nil
	}
	opts.Env.Inform("opening " + address)
	if err := opts.browse(ctx, address); err != nil {
		return fmt.Errorf("open the browser: %w\nopen it yourself: %s", err, address)
	}
	return nil
}

// address is a plain web address, whatever the service says: a browser takes others for files and programs.
func (o *openOptions) address(r preview.Row) (string, error) {
	address := r.URL
	if o.service != "" {
		address = ""
		for _, c := range r.Contents() {
			if c.Service == o.service && c.Host != "" {
				address = "https://" + c.Host
			}
		}
	}
	u, err := url.Parse(address)
	if address == "" || err != nil || u.Scheme != "https" || u.Host == "" || config.Printable(address) != address {
		return "", fmt.Errorf("%s has no address%s\nsee what runs in it with: previewctl show %s", r.Name, ofService(o.service), r.Name)
	}
	return address, nil
}

func ofService(service string) string {
	if service == "" {
		return ": no public service runs in it"
	}
	return " for service " + service
}

func browse(ctx context.Context, address string) error {
	program := map[string]string{"darwin": "open", "windows": "explorer"}[runtime.GOOS]
	if program == "" {
		program = "xdg-open"
	}
	path, err := exec.LookPath(program)
	if err != nil {
		return errors.New("there is no " + program)
	}
	return exec.CommandContext(ctx, path, address).Run() //nolint:gosec // G204: a checked web address
}
