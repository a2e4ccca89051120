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
	// browse opens an address in the user's browser.
	browse func(ctx context.Context, address string) error
}

func newOpenCmd(term *terminal.Process, runF func(context.Context, *openOptions) error) *cobra.Command {
	opts, server := &openOptions{Lookup: apiclient.Lookup{Env: term}, browse: openBrowser}, apiclient.Flags{}
	cmd := &cobra.Command{
		Use:   "open NAME|OWNER/REPO#NUMBER",
		Short: "Open an environment in the browser, or print its address",
		Long: `open opens the environment's address in the browser. With --print, or if standard output is not a
terminal, it prints the address instead. --service selects the address of another public service.`,
		Example: `  previewctl open shop-pr-7
  previewctl open acme/shop#7 --print
  previewctl open shop-pr-7 --service gateway`,
		Args: flags.OneEnvironment,
		RunE: func(cmd *cobra.Command, args []string) error {
			if err := opts.Parse(cmd, &server, args); err != nil {
				return err
			}
			return runF(cmd.Context(), opts)
		},
	}
	cmd.ValidArgsFunction = server.CompleteExisting(term)
	server.Add(cmd)
	cmd.Flags().StringVar(&opts.service, "service", "", "use a public service's address (default: the environment's)")
	flags.CompleteWith(cmd, "service", server.CompletePublicServices(term))
	cmd.Flags().BoolVar(&opts.print, "print", false, "print the address only")
	return cmd
}

func runOpen(ctx context.Context, opts *openOptions) error {
	status, err := opts.StatusWithNotice(ctx)
	if err != nil {
		return err
	}
	address, err := opts.webAddress(status.Row)
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

// webAddress returns an https address. It refuses any other, because a browser opens files and programs too.
func (o *openOptions) webAddress(r preview.Row) (string, error) {
	address, cause := r.URL, "it runs no public service"
	if o.service != "" {
		address, cause = "", "it runs no public service "+o.service
		for _, c := range r.Contents() {
			if c.Service == o.service && c.Host != "" {
				address = "https://" + c.Host
			}
		}
	}
	u, err := url.Parse(address)
	if err != nil || u.Scheme != "https" || u.Host == "" || config.Printable(address) != address {
		return "", fmt.Errorf("%s has no address: %s\nsee its services: previewctl show %s", r.Name, cause, r.Name)
	}
	return address, nil
}

func openBrowser(ctx context.Context, address string) error {
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
