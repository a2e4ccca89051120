package apiclient

import (
	"net/http"
	"net/url"

	"github.com/spf13/cobra"

	"github.com/previewset/previewset/internal/cli/flags"
	"github.com/previewset/previewset/internal/cli/terminal"
)

// Flags are the flags of every command that asks the generator.
type Flags struct {
	server, tokenFile string
}

// Add adds the flags to a command.
func (f *Flags) Add(cmd *cobra.Command) {
	cmd.Flags().StringVar(&f.server, "server", "",
		"set the generator's address, like http://127.0.0.1:4355 (default: PREVIEWSET_SERVER)")
	cmd.Flags().StringVar(&f.tokenFile, "api-token-file", "",
		"read the generator's API token from a file (default: PREVIEWSET_API_TOKEN_FILE; in GitHub Actions the job's own token)")
}

// IsSet reports whether the flags or the environment name a service.
func (f *Flags) IsSet(env *terminal.Process) bool { return f.address(env) != "" }

func (f *Flags) address(env *terminal.Process) string {
	return env.FlagOrEnv(f.server, "PREVIEWSET_SERVER")
}

// Optional returns the client, or nil if no service is named.
func (f *Flags) Optional(cmd *cobra.Command, env *terminal.Process) (*Client, error) {
	if !f.IsSet(env) {
		return nil, nil
	}
	return f.Client(cmd, env)
}

// Client returns the client for the flags, with environment variables for unset flags.
func (f *Flags) Client(cmd *cobra.Command, env *terminal.Process) (*Client, error) {
	address := f.address(env)
	if address == "" {
		return nil, flags.Usagef(cmd, "no service is named: set --server or PREVIEWSET_SERVER, for example after\n"+
			"kubectl -n argocd port-forward service/preview-generator 4355")
	}
	base, err := url.Parse(address)
	if err != nil || !isBaseURL(base) {
		return nil, flags.Usagef(cmd, "--server is not an address; use for example https://previews.example.org, "+
			"without user, password or query")
	}
	c := New(base, &http.Client{Timeout: serverTimeout, CheckRedirect: refuseRedirect})
	if file := env.FlagOrEnv(f.tokenFile, "PREVIEWSET_API_TOKEN_FILE"); file != "" {
		c.token, err = flags.ReadToken(file)
		return c, err
	}
	c.token, err = actionsToken(cmd.Context(), env, c.http)
	return c, err
}

func isBaseURL(u *url.URL) bool {
	return (u.Scheme == "http" || u.Scheme == "https") && u.Host != "" && u.User == nil && u.RawQuery == ""
}

// refuseRedirect keeps the token from other hosts. The generator itself never redirects.
func refuseRedirect(*http.Request, []*http.Request) error { return http.ErrUseLastResponse }
