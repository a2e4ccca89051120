package signin

import (
	"context"
	"errors"
	"fmt"
	"strconv"
	"strings"
	"time"

	"github.com/coreos/go-oidc/v3/oidc"

	"github.com/previewset/previewset/internal/config"
)

// GitHubActions is the issuer of the tokens of github.com's workflows.
const GitHubActions = "https://token.actions.githubusercontent.com"

// Workflows verifies the OpenID Connect tokens that GitHub Actions gives to workflows
// (https://docs.github.com/actions/concepts/security/openid-connect). It is safe for concurrent use.
type Workflows struct {
	audience string
	now      func() time.Time
	provider provider
}

// NewWorkflows returns Workflows for tokens with an audience.
func NewWorkflows(issuer, audience string, now func() time.Time) *Workflows {
	return &Workflows{audience: audience, now: now, provider: provider{settings: &OIDC{Issuer: issuer}, now: now}}
}

// Workflow is a running workflow.
type Workflow struct {
	// Repository is the repository that the workflow belongs to, "owner/name", and RepositoryID its lasting identity.
	Repository   string
	RepositoryID int64
	// Name describes the workflow for people: its repository and the person who started it.
	Name string
}

// IsWorkflowToken reports whether a bearer token has the form of a workflow's token. Other tokens have no dots.
func IsWorkflowToken(token string) bool { return strings.Count(token, ".") == 2 }

// Verify returns the workflow that a token was given to. The error says what is wrong with the token.
func (w *Workflows) Verify(ctx context.Context, token string) (Workflow, error) {
	found, err := w.provider.discover(ctx)
	if err != nil {
		return Workflow{}, err
	}
	ctx = withClient(ctx)
	id, err := found.VerifierContext(ctx, &oidc.Config{ClientID: w.audience, Now: w.now}).Verify(ctx, token)
	if err != nil {
		return Workflow{}, fmt.Errorf("verify the workflow's token: %w", err)
	}
	var c claims
	if err = id.Claims(&c); err != nil {
		return Workflow{}, fmt.Errorf("decode the workflow's token: %w", err)
	}
	repositoryID, err := strconv.ParseInt(c.text("repository_id"), 10, 64)
	if err != nil || c.text("repository") == "" || repositoryID <= 0 {
		return Workflow{}, errors.New("the workflow's token names no repository")
	}
	return Workflow{
		Repository: c.text("repository"), RepositoryID: repositoryID,
		Name: config.Shorten("a workflow of "+c.text("repository")+", started by "+c.text("actor"), maxName),
	}, nil
}
