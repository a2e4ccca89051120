package apiclient

import (
	"fmt"
	"net/http"
	"net/url"
	"os"
	"strings"

	"github.com/spf13/cobra"

	"github.com/previewset/previewset/internal/cli/flags"
	"github.com/previewset/previewset/internal/cli/terminal"
)

// Flags are the flags of every command that asks the service.
type Flags struct {
	Server, TokenFile string
}

func (o *Flags) Add(cmd *cobra.Command) {
	cmd.Flags().StringVar(&o.Server, "server", "", "address of the service, like http://127.0.0.1:4355 (or PREVIEWSET_SERVER)")
	cmd.Flags().StringVar(&o.TokenFile, "api-token-file", "", "file with the service's API token (or PREVIEWSET_API_TOKEN_FILE)")
}

// New fills unset flags from the environment. The answer is a usage error where no service is named.
func New(cmd *cobra.Command, env *terminal.Process, o Flags) (*Client, error) {
	server, tokenFile := env.FlagOrEnv(o.Server, "PREVIEWSET_SERVER"), env.FlagOrEnv(o.TokenFile, "PREVIEWSET_API_TOKEN_FILE")
	if server == "" {
		return nil, flags.Usagef(cmd, "no service is named: set --server or PREVIEWSET_SERVER, after for example\n"+
			"kubectl -n argocd port-forward service/preview-generator 4355")
	}
	base, err := url.Parse(server)
	if err != nil || (base.Scheme != "http" && base.Scheme != "https") || base.Host == "" || base.User != nil || base.RawQuery != "" {
		return nil, flags.Usagef(cmd, "--server is not an address like https://previews.example.org, without user, password or query")
	}
	c := NewAt(base, &http.Client{Timeout: serverTimeout, CheckRedirect: refuseRedirect})
	if tokenFile == "" {
		return c, nil
	}
	content, err := os.ReadFile(tokenFile) //nolint:gosec // G304: the file that a person names
	if err != nil {
		return nil, fmt.Errorf("read the API token: %w\nname the file that holds it with --api-token-file", err)
	}
	if c.token = strings.TrimSpace(string(content)); c.token == "" || strings.ContainsAny(c.token, "\r\n") {
		return nil, fmt.Errorf("read the API token: %s doesn't hold one line with a token", tokenFile)
	}
	return c, nil
}
