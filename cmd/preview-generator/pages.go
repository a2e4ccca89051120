package main

import (
	"errors"
	"flag"
	"net"
	"net/url"
	"strings"

	"github.com/previewset/previewset/generator"
	"github.com/previewset/previewset/generator/signin"
)

// pageSettings are the settings of the previews page and of the sign-in.
type pageSettings struct {
	url                               string
	issuer, clientID, clientSecret    string
	scopes                            list
	groupsClaim, loginClaim           string
	sessionKeyFile                    string
	proxySecretFile, proxyLoginHeader string
	actionsIssuer, actionsAudience    string
}

func (s *pageSettings) addFlags(f *flag.FlagSet) {
	f.StringVar(&s.url, "pages-url", "",
		"`URL` of the previews page, such as https://previews.<domain>; without it there is no page")
	f.StringVar(&s.issuer, "oidc-issuer", "", "`URL` of the identity provider (OpenID Connect) for the previews page")
	f.StringVar(&s.clientID, "oidc-client-id", "", "the generator's `ID` at the identity provider")
	f.StringVar(&s.clientSecret, "oidc-client-secret-file", "",
		"`file` with the generator's secret at the identity provider; without it the generator is a public client")
	s.scopes = list{"profile", "email"}
	f.Var(&s.scopes, "oidc-scopes",
		"comma-separated `scopes` to ask for besides openid; some providers need groups for groups")
	f.StringVar(&s.groupsClaim, "oidc-groups-claim", "groups", "`claim` with a person's groups")
	f.StringVar(&s.loginClaim, "oidc-login-claim", "",
		"`claim` with a person's GitHub login, which people can't choose themselves (default none)")
	f.StringVar(&s.sessionKeyFile, "session-key-file", "",
		"`file` with the key of sessions, any text of 32 characters or more; without it a restart signs everybody out")
	f.StringVar(&s.proxySecretFile, "sign-in-secret-file", "",
		"`file` with the secret of the proxy that names signed-in people; without it such headers don't count")
	f.StringVar(&s.proxyLoginHeader, "sign-in-login-header", "",
		"`header` of that proxy with the GitHub login (default none)")
	f.StringVar(&s.actionsAudience, "github-actions-audience", "",
		"`audience` of tokens of GitHub Actions, with which workflows use the API; without it the API refuses them")
	f.StringVar(&s.actionsIssuer, "github-actions-issuer", signin.GitHubActions,
		"`URL` of the issuer of these tokens; a GitHub Enterprise Server has https://<host>/_services/token")
}

// minSessionKey is the shortest key of sessions, in bytes.
const minSessionKey = 32

var errShortSessionKey = errors.New(
	"--session-key-file: the key is too short; write 32 random characters or more, for example of openssl rand -base64 32",
)

// check calls add for each possible mistake.
func (s *pageSettings) check(add func(bad bool, text string)) {
	u, err := url.Parse(s.url)
	isLocal := err == nil && (u.Hostname() == "localhost" || net.ParseIP(u.Hostname()).IsLoopback())
	isWeb := err == nil && u.Host != "" && (u.Scheme == "https" || (u.Scheme == "http" && isLocal))
	isRoot := err == nil && (u.Path == "" || u.Path == "/") && u.RawQuery == "" && u.Fragment == "" && u.User == nil
	add(s.url != "" && (!isWeb || !isRoot),
		"--pages-url: expected https and a host without a path, such as https://previews.example.com")
	add(s.url != "" && s.issuer == "" && s.proxySecretFile == "",
		"--pages-url needs a way to sign in: --oidc-issuer, or --sign-in-secret-file behind a proxy")
	add(s.url == "" && s.issuer != "", "--oidc-issuer is for the previews page; give --pages-url too")
	add((s.issuer == "") != (s.clientID == ""), "--oidc-issuer and --oidc-client-id need each other")
	add(s.issuer == "" && s.clientSecret != "", "--oidc-client-secret-file needs --oidc-issuer")
	add(s.proxyLoginHeader != "" && s.proxySecretFile == "", "--sign-in-login-header needs --sign-in-secret-file")
}

// origin returns a host as browsers name it in the headers Host and Origin: in lower case, without a default port.
func origin(u *url.URL) string {
	host := strings.ToLower(u.Host)
	if u.Scheme == "https" {
		return strings.TrimSuffix(host, ":443")
	}
	return strings.TrimSuffix(host, ":80")
}

// apply adds the settings to the generator's options.
func (s *pageSettings) apply(o *generator.Options) (err error) {
	o.SignInProxy.LoginHeader = s.proxyLoginHeader
	if s.actionsAudience != "" {
		o.Workflows = signin.NewWorkflows(s.actionsIssuer, s.actionsAudience, o.Now)
	}
	if o.SignInProxy.Secret, err = optional("--sign-in-secret-file", s.proxySecretFile); err != nil || s.url == "" {
		return err
	}
	pages := &generator.Pages{}
	if pages.URL, err = url.Parse(s.url); err != nil {
		return err
	}
	pages.URL.Path, pages.URL.Host = "", origin(pages.URL)
	if pages.Key, err = optional("--session-key-file", s.sessionKeyFile); err != nil {
		return err
	}
	if pages.Key != nil && len(pages.Key.Value()) < minSessionKey {
		return errShortSessionKey
	}
	if s.issuer != "" {
		pages.OIDC = &signin.OIDC{
			Issuer: s.issuer, ClientID: s.clientID, Scopes: s.scopes, GroupsClaim: s.groupsClaim, LoginClaim: s.loginClaim,
		}
		pages.OIDC.ClientSecret, err = optional("--oidc-client-secret-file", s.clientSecret)
	}
	o.Pages = pages
	return err
}
