package browser

import (
	"context"
	"net/http"
	"net/http/httptest"
	"testing"

	"github.com/zitadel/oidc/v3/example/server/exampleop"
	"github.com/zitadel/oidc/v3/example/server/storage"
	"github.com/zitadel/oidc/v3/pkg/oidc"
	"github.com/zitadel/oidc/v3/pkg/op"
)

const (
	clientID     = "previewset"
	clientSecret = "a secret of the generator"
	password     = "correct horse"
)

// users are the people that the identity provider knows, with their groups.
type users map[string][]string

func (u users) GetUserByUsername(name string) *storage.User {
	if _, ok := u[name]; !ok {
		return nil
	}
	return &storage.User{
		ID: name, Username: name, Password: password, FirstName: name, LastName: "Smith", Email: name + "@example.dev",
		EmailVerified: true,
	}
}

func (u users) GetUserByID(id string) *storage.User { return u.GetUserByUsername(id) }
func (users) ExampleClientID() string               { return "none" }

// provided adds the groups of a user to the userinfo endpoint's answer.
type provided struct {
	*storage.Storage
	users users
}

// SetUserinfoFromToken implements op.Storage.
func (p provided) SetUserinfoFromToken(ctx context.Context, info *oidc.UserInfo, token, subject, origin string) error {
	err := p.Storage.SetUserinfoFromToken(ctx, info, token, subject, origin)
	info.AppendClaims("groups", p.users[subject])
	return err
}

// newProvider starts an OpenID provider for one client, which ends with the test. It is the certified implementation of
// github.com/zitadel/oidc with its own sign-in page.
func newProvider(t *testing.T, callback string, people users) (issuer string) {
	t.Helper()
	server := httptest.NewUnstartedServer(nil)
	issuer = "http://" + server.Listener.Addr().String()
	clients := map[string]*storage.Client{clientID: storage.WebClient(clientID, clientSecret, callback)}
	keep := provided{storage.NewStorageWithClients(people, clients), people}
	provider := exampleop.SetupServer(issuer, keep, nil, false, op.WithAllowInsecure())
	server.Config.Handler = http.Handler(provider)
	server.Start()
	t.Cleanup(server.Close)
	return issuer
}
