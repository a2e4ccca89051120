package apiclient

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/url"

	"github.com/previewset/previewset/internal/cli/terminal"
)

const (
	// defaultAudience is the audience of tokens of GitHub Actions if PREVIEWSET_GITHUB_ACTIONS_AUDIENCE names no other one.
	defaultAudience = "previewset"
	// maxActionsToken bounds GitHub's answer with a token, in bytes.
	maxActionsToken = 64 << 10
)

// actionsToken asks GitHub Actions for a token of the running job
// (https://docs.github.com/actions/reference/security/oidc). It returns "" outside of GitHub Actions, and in a job
// without the permission id-token.
func actionsToken(ctx context.Context, env *terminal.Process, client *http.Client) (string, error) {
	address := env.FlagOrEnv("", "ACTIONS_ID_TOKEN_REQUEST_URL")
	request := env.FlagOrEnv("", "ACTIONS_ID_TOKEN_REQUEST_TOKEN")
	if address == "" || request == "" {
		return "", nil
	}
	audience := env.FlagOrEnv("", "PREVIEWSET_GITHUB_ACTIONS_AUDIENCE")
	if audience == "" {
		audience = defaultAudience
	}
	token, err := fetchActionsToken(ctx, client, address, request, audience)
	if err != nil {
		return "", fmt.Errorf("get a token of GitHub Actions: %w\nrun the job again, or set --api-token-file", err)
	}
	return token, nil
}

func fetchActionsToken(ctx context.Context, client *http.Client, address, request, audience string) (string, error) {
	u, err := url.Parse(address)
	if err != nil {
		return "", errors.New("ACTIONS_ID_TOKEN_REQUEST_URL is not an address")
	}
	query := u.Query()
	query.Set("audience", audience)
	u.RawQuery = query.Encode()
	r, err := http.NewRequestWithContext(ctx, http.MethodGet, u.String(), http.NoBody)
	if err != nil {
		return "", err
	}
	r.Header.Set("Authorization", "Bearer "+request)
	r.Header.Set("Accept", "application/json")
	answer, err := client.Do(r)
	if err != nil {
		return "", errors.New("GitHub can't be reached")
	}
	defer func() { _ = answer.Body.Close() }()
	var content struct {
		Value string `json:"value"`
	}
	err = json.NewDecoder(io.LimitReader(answer.Body, maxActionsToken)).Decode(&content)
	if answer.StatusCode != http.StatusOK || err != nil || content.Value == "" {
		return "", fmt.Errorf("GitHub answers %s without a token", answer.Status)
	}
	return content.Value, nil
}
