package main

import (
	"errors"
	"flag"
	"fmt"
	"log/slog"
	"net/netip"
	"net/url"
	"os"
	"path"
	"slices"
	"strings"
	"time"

	"github.com/previewset/previewset/generator/report"
)

// settings are the values of flags and environment variables. Every flag has a variable PREVIEWSET_…; the flag wins.
type settings struct {
	listen, publicListen                     string
	tokenFile, apiTokenFile                  string
	configRepo, configBranchName, configPath string
	configTokenFile                          string
	configSSHKeyFile, configKnownHostsFile   string
	githubURL, githubTokenFile               string
	githubAppID, githubAppInstallationID     int64
	githubAppKeyFile                         string
	repositories                             list
	webhookSecretFile                        string
	pollInterval                             time.Duration
	argocdNamespace, kubeconfig              string
	state                                    string
	report                                   list
	reportByDefault                          bool
	deploymentEnvironment                    string
	trustedProxies                           prefixes
	pages                                    pageSettings
	jira                                     jiraSettings
	traces                                   traceSettings
	environmentMetrics                       bool
	logLevel                                 slog.Level
}

// list is a flag with values between commas.
type list []string

func (l *list) String() string { return strings.Join(*l, ",") }

// Set implements flag.Value.
func (l *list) Set(s string) error {
	*l = nil
	for v := range strings.SplitSeq(s, ",") {
		if v = strings.TrimSpace(v); v != "" {
			*l = append(*l, v)
		}
	}
	return nil
}

// prefixes are a flag with addresses or networks between commas.
type prefixes []netip.Prefix

func (p *prefixes) String() string {
	texts := make([]string, len(*p))
	for i, n := range *p {
		texts[i] = n.String()
	}
	return strings.Join(texts, ",")
}

// Set implements flag.Value.
func (p *prefixes) Set(s string) error {
	var texts list
	_ = texts.Set(s) // takes everything
	*p = nil
	for _, text := range texts {
		n, err := netip.ParsePrefix(text)
		if err != nil {
			var a netip.Addr
			if a, err = netip.ParseAddr(text); err == nil {
				n, err = a.Unmap().Prefix(a.Unmap().BitLen())
			}
		}
		if err != nil {
			return fmt.Errorf("%q: expected an address or network like 10.0.0.1 or 10.0.0.0/8", text)
		}
		*p = append(*p, n.Masked())
	}
	return nil
}

func (s *settings) flags() *flag.FlagSet {
	f := flag.NewFlagSet("preview-generator", flag.ContinueOnError)
	f.StringVar(&s.listen, "listen", ":4355", "`address` for Argo CD, the API, metrics and probes")
	f.StringVar(&s.publicListen, "public-listen", ":4356", "`address` for webhooks, wake pages and the previews page, nothing else")
	f.StringVar(&s.tokenFile, "token-file", "", "`file` with Argo CD's token, which gives access to rows only")
	f.StringVar(&s.apiTokenFile, "api-token-file", "", "`file` with the token of the API; without it the API is off")
	f.StringVar(&s.configRepo, "config-repo", "", "`URL` of the GitOps repository: https, ssh, git@host:path or file")
	f.StringVar(&s.configBranchName, "config-branch", "main", "`branch` of the GitOps repository")
	f.StringVar(&s.configPath, "config-path", ".", "`folder` of the GitOps repository that holds previewset.yaml")
	f.StringVar(
		&s.configTokenFile, "config-token-file", "", "`file` with a token to read the GitOps repository over HTTPS",
	)
	f.StringVar(&s.configSSHKeyFile, "config-ssh-key-file", "", "`file` with a key to read the GitOps repository over SSH")
	f.StringVar(&s.configKnownHostsFile, "config-known-hosts-file", "", "known_hosts `file`, for SSH")
	f.StringVar(&s.githubURL, "github-url", "", "root `URL` of GitHub's API (default the public one)")
	f.StringVar(&s.githubTokenFile, "github-token-file", "", "`file` with a GitHub token")
	f.Int64Var(&s.githubAppID, "github-app-id", 0, "`ID` of a GitHub App, instead of a token")
	f.Int64Var(&s.githubAppInstallationID, "github-app-installation-id", 0, "the App's installation `ID`")
	f.StringVar(&s.githubAppKeyFile, "github-app-key-file", "", "`file` with the App's private key (PEM)")
	f.Var(&s.repositories, "repositories", "allowed repositories as comma-separated `patterns` like acme/* (default all)")
	f.StringVar(
		&s.webhookSecretFile, "webhook-secret-file", "",
		"`file` with the secret of GitHub's webhooks; without it all are refused",
	)
	f.DurationVar(&s.pollInterval, "poll-interval", time.Minute, "`time` between two reads of all sources")
	f.StringVar(&s.argocdNamespace, "argocd-namespace", "argocd", "Argo CD's `namespace`")
	f.StringVar(
		&s.kubeconfig, "kubeconfig", "", "kubeconfig `file` (default in-cluster; without a cluster the generator runs on)",
	)
	f.StringVar(&s.state, "state", "", "where the state is saved: a `file` or configmap:<name> (default nowhere)")
	s.report = list{string(report.Deployment)}
	f.Var(&s.report, "report", "what GitHub shows on pull requests that ask for a preview: comma-separated `kinds` "+
		"status, check (instead of status; needs a GitHub App), deployment and comment, or none; "+
		"without this flag, deployments if the token may write them")
	f.StringVar(&s.deploymentEnvironment, "deployment-environment", "preview",
		"`name` of GitHub's environment for all deployments")
	f.Var(&s.trustedProxies, "trusted-proxies",
		"proxies with a trusted X-Forwarded-For, as comma-separated `addresses` or networks (default none)")
	s.pages.addFlags(f)
	s.jira.addFlags(f)
	s.traces.addFlags(f)
	f.BoolVar(
		&s.environmentMetrics, "environment-metrics", true,
		"`true|false`: metrics of single environments; previewctl usage needs them",
	)
	f.TextVar(&s.logLevel, "log-level", slog.LevelInfo, "log `level`: debug, info, warn or error")
	f.SetOutput(os.Stderr)
	f.Usage = func() {
		_, _ = fmt.Fprint(f.Output(), about)
		f.PrintDefaults()
	}
	return f
}

// about begins the help text.
const about = `preview-generator tells Argo CD's ApplicationSet controller which preview environments are live, and their
content. It watches pull requests on GitHub and the config branch of the GitOps repository.

Required: --config-repo and --token-file. Every flag has an environment variable, for example PREVIEWSET_CONFIG_REPO for
--config-repo; the flag wins. Files with tokens and keys are read again when they change.

Flags:
`

// parse returns nil settings after --help.
func parse(args []string, env func(string) string) (*settings, error) {
	s := &settings{}
	f := s.flags()
	if err := fromEnvironment(f, env); err != nil {
		return nil, err
	}
	switch err := f.Parse(args); {
	case errors.Is(err, flag.ErrHelp):
		return nil, nil
	case err != nil:
		return nil, err
	case f.NArg() > 0:
		return nil, fmt.Errorf("unexpected argument %q; see --help", f.Arg(0))
	}
	s.reportByDefault = env(variable("report")) == ""
	f.Visit(func(given *flag.Flag) { s.reportByDefault = s.reportByDefault && given.Name != "report" })
	return s, s.check()
}

func fromEnvironment(f *flag.FlagSet, env func(string) string) error {
	var problems []error
	f.VisitAll(func(fl *flag.Flag) {
		name := variable(fl.Name)
		if v := env(name); v != "" {
			if err := fl.Value.Set(v); err != nil {
				problems = append(problems, fmt.Errorf("%s: %w", name, err))
			}
		}
	})
	return errors.Join(problems...)
}

// variable returns the environment variable of a flag.
func variable(flagName string) string {
	return "PREVIEWSET_" + strings.ToUpper(strings.ReplaceAll(flagName, "-", "_"))
}

// check reports all invalid settings at once.
func (s *settings) check() error {
	var problems []error
	add := func(bad bool, text string) {
		if bad {
			problems = append(problems, errors.New(text))
		}
	}
	add(s.configRepo == "", "--config-repo is needed: the GitOps repository that previewctl init wrote")
	add(s.tokenFile == "", "--token-file is needed: a file with the token that Argo CD sends")
	add(s.pollInterval < time.Second, "--poll-interval is below a second")
	problems = append(problems, s.checkReport())
	add(s.deploymentEnvironment == "", "--deployment-environment is empty; write a name like preview")
	add(
		s.githubTokenFile != "" && s.githubAppKeyFile != "",
		"--github-token-file and --github-app-key-file are both given; use one",
	)
	app := s.githubAppID != 0 || s.githubAppInstallationID != 0 || s.githubAppKeyFile != ""
	add(app && (s.githubAppID == 0 || s.githubAppInstallationID == 0 || s.githubAppKeyFile == ""),
		"a GitHub App needs all of --github-app-id, --github-app-installation-id and --github-app-key-file")
	for _, p := range s.repositories {
		_, err := path.Match(p, "")
		add(err != nil, fmt.Sprintf("--repositories: %q is no pattern; write one like acme/*", p))
	}
	s.pages.check(add)
	s.jira.check(add)
	if u, err := url.Parse(s.githubURL); err != nil || u.User != nil {
		add(true, "--github-url is no URL, or holds user and password; give a token file instead")
	}
	return errors.Join(problems...)
}

// checkReport checks the kinds of reports. Only a GitHub App may write check runs.
func (s *settings) checkReport() error {
	var problems []error
	for _, kind := range s.report {
		isAlone := kind == "none" && len(s.report) == 1
		if !isAlone && !slices.Contains(report.Kinds, report.Kind(kind)) {
			problems = append(problems, fmt.Errorf(
				"--report: %q isn't one of status, check, deployment and comment, or none alone", kind))
		}
	}
	hasCheck := slices.Contains(s.report, string(report.Check))
	if hasCheck && s.githubAppID == 0 {
		problems = append(problems, errors.New("--report: check needs a GitHub App, because GitHub accepts check runs only "+
			"from Apps; use --github-app-id, --github-app-installation-id and --github-app-key-file instead of "+
			"--github-token-file, or write status instead of check"))
	}
	if hasCheck && slices.Contains(s.report, string(report.Status)) {
		problems = append(problems, errors.New("--report: check and status show the same; write one of them"))
	}
	return errors.Join(problems...)
}

// reports returns the kinds of reports.
func (s *settings) reports() []report.Kind {
	var kinds []report.Kind
	for _, kind := range s.report {
		if kind != "none" {
			kinds = append(kinds, report.Kind(kind))
		}
	}
	return kinds
}

// hasGitHubCredentials reports whether requests to GitHub are authenticated.
func (s *settings) hasGitHubCredentials() bool {
	return s.githubTokenFile != "" || s.githubAppKeyFile != ""
}

// protected returns the namespaces of Argo CD and the generator. No preview may use them.
func (s *settings) protected() []string {
	own, err := os.ReadFile("/var/run/secrets/kubernetes.io/serviceaccount/namespace")
	if err != nil {
		return []string{s.argocdNamespace}
	}
	return []string{s.argocdNamespace, strings.TrimSpace(string(own))}
}

// configRepository returns the GitOps repository's "owner/name", lower case: the last two parts of its address.
func (s *settings) configRepository() string {
	parts := strings.FieldsFunc(
		strings.TrimSuffix(strings.ToLower(s.configRepo), ".git"), func(r rune) bool { return r == '/' || r == ':' },
	)
	if len(parts) < 2 {
		return ""
	}
	return strings.Join(parts[len(parts)-2:], "/")
}
