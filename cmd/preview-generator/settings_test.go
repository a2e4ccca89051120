package main

import (
	"bytes"
	"flag"
	"log/slog"
	"net/netip"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/previewset/previewset/internal/reference"
	"github.com/previewset/previewset/internal/testfixture/golden"
)

func TestFlagsPageIsUpToDate(t *testing.T) {
	t.Parallel()
	page := reference.FlagsPage((&settings{}).flags(), variable)
	golden.Compare(t, filepath.Join("../../docs/reference", page.Path), page.Text)
}

// surface lists the flags and their defaults. Scripts of users rely on them.
var surface = map[string]string{
	"listen":                     ":4355",
	"public-listen":              ":4356",
	"token-file":                 "",
	"api-token-file":             "",
	"config-repo":                "",
	"config-branch":              "main",
	"config-path":                ".",
	"config-token-file":          "",
	"config-ssh-key-file":        "",
	"config-known-hosts-file":    "",
	"github-url":                 "",
	"github-token-file":          "",
	"github-app-id":              "0",
	"github-app-installation-id": "0",
	"github-app-key-file":        "",
	"repositories":               "",
	"webhook-secret-file":        "",
	"poll-interval":              "1m0s",
	"argocd-namespace":           "argocd",
	"kubeconfig":                 "",
	"state":                      "",
	"report":                     "deployment",
	"deployment-environment":     "preview",
	"trusted-proxies":            "",
	"sign-in-secret-file":        "",
	"sign-in-login-header":       "",
	"pages-url":                  "",
	"oidc-issuer":                "",
	"oidc-client-id":             "",
	"oidc-client-secret-file":    "",
	"oidc-scopes":                "profile,email",
	"oidc-groups-claim":          "groups",
	"oidc-login-claim":           "",
	"session-key-file":           "",
	"github-actions-audience":    "",
	"github-actions-issuer":      "https://token.actions.githubusercontent.com",
	"jira-url":                   "",
	"jira-user":                  "",
	"jira-token-file":            "",
	"otlp-endpoint":              "",
	"environment-metrics":        "true",
	"log-level":                  "INFO",
}

func none(string) string { return "" }

// environment returns a lookup of environment variables.
func environment(values map[string]string) func(string) string {
	return func(name string) string { return values[name] }
}

func TestFlagsAndDefaults(t *testing.T) {
	t.Parallel()
	got := map[string]string{}
	(&settings{}).flags().VisitAll(func(f *flag.Flag) { got[f.Name] = f.DefValue })
	if diff := cmp.Diff(surface, got); diff != "" {
		t.Error(diff)
	}
}

func TestHelpListsEveryFlag(t *testing.T) {
	t.Parallel()
	var help bytes.Buffer
	f := (&settings{}).flags()
	f.SetOutput(&help)
	f.Usage()
	if !strings.Contains(help.String(), "PREVIEWSET_CONFIG_REPO") {
		t.Errorf("no environment variables in:\n%s", help.String())
	}
	for name := range surface {
		if !strings.Contains(help.String(), "  -"+name+" ") {
			t.Errorf("no -%s with a value in:\n%s", name, help.String())
		}
	}
	if s, err := parse([]string{"--help"}, none); s != nil || err != nil {
		t.Errorf("with -help: %v, %v", s, err)
	}
}

// values are settings that differ from the defaults, by flag.
func values() map[string]string {
	return map[string]string{
		"listen": "127.0.0.1:1", "public-listen": "127.0.0.1:2", "token-file": "/t", "api-token-file": "/a",
		"config-repo": "https://git.example/x", "config-branch": "b", "config-path": "p", "config-token-file": "/ct",
		"config-ssh-key-file": "/sk", "config-known-hosts-file": "/kh", "github-url": "https://github.example/api/v3",
		"github-app-id": "7", "github-app-installation-id": "8", "github-app-key-file": "/gk",
		"repositories": "acme/*, other/x,", "webhook-secret-file": "/w", "poll-interval": "90s", "argocd-namespace": "cd",
		"kubeconfig": "/k", "state": "configmap:previews", "report": "status, comment", "deployment-environment": "e",
		"trusted-proxies":     "10.0.0.1, 192.168.7.9/16,fd00::/8",
		"environment-metrics": "false", "log-level": "debug", "sign-in-secret-file": "/si", "sign-in-login-header": "X-L",
		"pages-url": "https://previews.example", "oidc-issuer": "https://id.example", "oidc-client-id": "c",
		"oidc-client-secret-file": "/os", "oidc-scopes": "email, groups", "oidc-groups-claim": "g", "oidc-login-claim": "l",
		"session-key-file": "/se", "github-actions-audience": "aud", "github-actions-issuer": "https://token.example",
		"jira-url": "https://jira.example", "jira-user": "u", "jira-token-file": "/jt", "otlp-endpoint": "http://c:4318",
	}
}

func wanted() *settings {
	return &settings{
		listen: "127.0.0.1:1", publicListen: "127.0.0.1:2", tokenFile: "/t", apiTokenFile: "/a",
		configRepo: "https://git.example/x", configBranchName: "b", configPath: "p", configTokenFile: "/ct",
		configSSHKeyFile: "/sk", configKnownHostsFile: "/kh", githubURL: "https://github.example/api/v3",
		githubAppID: 7, githubAppInstallationID: 8, githubAppKeyFile: "/gk",
		repositories: list{"acme/*", "other/x"}, webhookSecretFile: "/w", pollInterval: 90 * time.Second, argocdNamespace: "cd",
		kubeconfig: "/k", state: "configmap:previews", report: list{"status", "comment"}, deploymentEnvironment: "e", logLevel: slog.LevelDebug,
		trustedProxies: prefixes{
			netip.MustParsePrefix("10.0.0.1/32"), netip.MustParsePrefix("192.168.0.0/16"), netip.MustParsePrefix("fd00::/8"),
		},
		pages: pageSettings{
			url: "https://previews.example", issuer: "https://id.example", clientID: "c", clientSecret: "/os",
			scopes: list{"email", "groups"}, groupsClaim: "g", loginClaim: "l", sessionKeyFile: "/se",
			proxySecretFile: "/si", proxyLoginHeader: "X-L",
			actionsIssuer: "https://token.example", actionsAudience: "aud",
		},
		jira:   jiraSettings{url: "https://jira.example", user: "u", tokenFile: "/jt"},
		traces: traceSettings{endpoint: "http://c:4318"},
	}
}

func arguments(values map[string]string) []string {
	var args []string
	for name, value := range values {
		args = append(args, "--"+name+"="+value)
	}
	slices.Sort(args)
	return args
}

func variables(values map[string]string) map[string]string {
	all := map[string]string{}
	for name, value := range values {
		all["PREVIEWSET_"+strings.ToUpper(strings.ReplaceAll(name, "-", "_"))] = value
	}
	return all
}

func TestFlagsAndEnvironmentAreEquivalent(t *testing.T) {
	t.Parallel()
	other := values()
	for name := range other {
		other[name] = surface[name]
	}
	other["pages-url"], other["oidc-issuer"], other["oidc-client-id"] = "https://b.example", "https://c.example", "d"
	other["sign-in-secret-file"] = "/other"
	other["poll-interval"], other["listen"] = "5m", "elsewhere"
	tests := []struct {
		name string
		args []string
		env  map[string]string
	}{
		{"all as flags", arguments(values()), nil},
		{"all in the environment", nil, variables(values())},
		{"a flag wins", arguments(values()), variables(other)},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			got, err := parse(tt.args, environment(tt.env))
			if err != nil {
				t.Fatal(err)
			}
			if diff := cmp.Diff(
				wanted(), got, cmp.AllowUnexported(settings{}, pageSettings{}, jiraSettings{}, traceSettings{}),
				cmp.Comparer(func(a, b netip.Prefix) bool { return a == b }),
			); diff != "" {
				t.Error(diff)
			}
		})
	}
}

func TestEveryFlagHasEnvironmentVariable(t *testing.T) {
	t.Parallel()
	asked := map[string]bool{}
	_, _ = parse(nil, func(name string) string { asked[name] = true; return "" })
	for name := range surface {
		if v := "PREVIEWSET_" + strings.ToUpper(strings.ReplaceAll(name, "-", "_")); !asked[v] {
			t.Errorf("%s isn't read", v)
		}
	}
}

// invalidSetting is a set of flags and environment variables, with its problems.
type invalidSetting struct {
	name string
	args []string
	env  map[string]string
	want []string
}

// invalidSettings are the settings that the generator refuses.
func invalidSettings() []invalidSetting {
	const (
		noRepo   = "--config-repo is needed: the GitOps repository that previewctl init wrote"
		noToken  = "--token-file is needed: a file with the token that Argo CD sends"
		app      = "a GitHub App needs all of --github-app-id, --github-app-installation-id and --github-app-key-file"
		badURL   = "--github-url is no URL, or holds user and password; give a token file instead"
		tooOften = "--poll-interval is below a second"

		checkNeedsApp = "--report: check needs a GitHub App, because GitHub accepts check runs only from Apps; use " +
			"--github-app-id, --github-app-installation-id and --github-app-key-file instead of --github-token-file, " +
			"or write status instead of check"
	)
	base := []string{"--config-repo=https://git.example/x", "--token-file=/t"}
	return []invalidSetting{
		{"nothing is given", nil, nil, []string{noRepo, noToken}},
		{
			"everything is wrong",
			[]string{
				"--poll-interval=10ms", "--report=email", "--github-token-file=/a", "--github-app-key-file=/b", "--repositories=acme/[",
				"--github-url=https://me:hunter2@github.example",
			},
			nil,
			[]string{
				noRepo, noToken, tooOften, `--report: "email" isn't one of status, check, deployment and comment, or none alone`,
				"--github-token-file and --github-app-key-file are both given; use one",
				app, `--repositories: "acme/[" is no pattern; write one like acme/*`, badURL,
			},
		},
		{
			"check runs without an App", append(slices.Clone(base), "--report=check,comment", "--github-token-file=/g"),
			nil,
			[]string{checkNeedsApp},
		},
		{
			"check runs and statuses",
			append(slices.Clone(base), "--report=status,check", "--github-app-id=1", "--github-app-installation-id=2",
				"--github-app-key-file=/k"),
			nil,
			[]string{"--report: check and status show the same; write one of them"},
		},
		{"an App without its key", append(slices.Clone(base), "--github-app-id=1", "--github-app-installation-id=2"), nil, []string{app}},
		{"an App without its ID", append(slices.Clone(base), "--github-app-installation-id=2", "--github-app-key-file=/k"), nil, []string{app}},
		{"an App without its installation", append(slices.Clone(base), "--github-app-id=1", "--github-app-key-file=/k"), nil, []string{app}},
		{"a user in GitHub's address", append(slices.Clone(base), "--github-url=https://hunter2@github.example"), nil, []string{badURL}},
		{"a GitHub address that is none", append(slices.Clone(base), "--github-url=https://me:hunter2%zz@github.example"), nil, []string{badURL}},
		{"an interval of none", append(slices.Clone(base), "--poll-interval=0"), nil, []string{tooOften}},
		{
			"Jira without a token", append(slices.Clone(base), "--jira-url=https://acme.atlassian.net"), nil,
			[]string{"links in Jira need --jira-url and --jira-token-file"},
		},
		{"an argument that is no flag", append(slices.Clone(base), "serve"), nil, []string{`unexpected argument "serve"; see --help`}},
		{"a flag that isn't there", append(slices.Clone(base), "--tokenfile=/t"), nil, []string{"flag provided but not defined: -tokenfile"}},
		{
			"several wrong variables", base,
			map[string]string{
				"PREVIEWSET_POLL_INTERVAL": "often", "PREVIEWSET_GITHUB_APP_ID": "x", "PREVIEWSET_LOG_LEVEL": "loud",
				"PREVIEWSET_TRUSTED_PROXIES": "10.0.0.1,proxy",
			},
			[]string{
				"PREVIEWSET_GITHUB_APP_ID: parse error", `PREVIEWSET_LOG_LEVEL: slog: level string "loud": unknown name`,
				"PREVIEWSET_POLL_INTERVAL: parse error",
				`PREVIEWSET_TRUSTED_PROXIES: "proxy": expected an address or network like 10.0.0.1 or 10.0.0.0/8`,
			},
		},
	}
}

func TestAllProblemsAreReported(t *testing.T) {
	t.Parallel()
	for _, tt := range invalidSettings() {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			_, err := parse(tt.args, environment(tt.env))
			if err == nil {
				t.Fatal("invalid settings are accepted")
			}
			if diff := cmp.Diff(tt.want, strings.Split(err.Error(), "\n")); diff != "" {
				t.Error(diff)
			}
		})
	}
}

func TestValidSettingsAreAccepted(t *testing.T) {
	t.Parallel()
	base := []string{"--config-repo=git@git.example:x", "--token-file=/t"}
	for _, more := range [][]string{
		nil,
		{"--github-token-file=/g"},
		{"--github-app-id=1", "--github-app-installation-id=2", "--github-app-key-file=/k"},
		{"--report=check", "--github-app-id=1", "--github-app-installation-id=2", "--github-app-key-file=/k"},
		{"--poll-interval=1s", "--report=status", "--repositories=", "--github-url=http://127.0.0.1:1"},
	} {
		if s, err := parse(append(slices.Clone(base), more...), none); err != nil || s == nil {
			t.Errorf("%q: %v", more, err)
		}
	}
}

func TestNamespaceOfArgoCDIsProtected(t *testing.T) {
	t.Parallel()
	s, err := parse([]string{"--config-repo=x", "--token-file=/t", "--argocd-namespace=cd"}, none)
	if err != nil || !slices.Contains(s.protected(), "cd") {
		t.Errorf("%v, %v", s, err)
	}
}
