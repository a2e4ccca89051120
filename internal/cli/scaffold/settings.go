package scaffold

import (
	"cmp"
	"errors"
	"fmt"
	"net/url"
	"regexp"
	"strconv"
	"strings"

	"sigs.k8s.io/yaml"

	"github.com/previewset/previewset/internal/cli/flags"
	"github.com/previewset/previewset/internal/config"
)

// The example's values, which settings replace.
const (
	ExampleRepoURL   = "https://github.com/acme/previews.git"
	ExampleDomain    = "preview.example.dev"
	ExampleBranch    = "main"
	ExampleNamespace = "argocd"
	ExampleVersion   = "main"
)

// Settings are the values that init writes into files. An empty value keeps the example's.
type Settings struct {
	RepoURL, Domain, Branch, Namespace string
	// Example adds the demo system. ExampleRepositories are the repositories of its services, "owner/name", at most two.
	Example             bool
	ExampleRepositories []string
	// Gateway is one of Gateways, and Ingress one of Ingresses. At most one is set. Without both it is DefaultGateway.
	Gateway, Ingress string
	// Version is the version of previewctl for CI: a commit or release, or a branch if neither is known.
	Version string
}

// The patterns are stricter than Git and DNS, so that each value is one plain scalar in YAML.
var (
	webAddress = regexp.MustCompile(`^(https?|ssh)://([a-z][a-z0-9_-]*@)?[A-Za-z0-9]([A-Za-z0-9.-]*[A-Za-z0-9])?` +
		`(:[0-9]{1,5})?/[A-Za-z0-9._~/-]+$`)
	fileAddress = regexp.MustCompile(`^file:///[A-Za-z0-9._~/-]+$`)
	scpAddress  = regexp.MustCompile(`^[a-z][a-z0-9_-]*@[A-Za-z0-9][A-Za-z0-9.-]*:[A-Za-z0-9._~/-]+$`)
	domainName  = regexp.MustCompile(`^([a-z0-9]([a-z0-9-]{0,61}[a-z0-9])?\.)+[a-z][a-z0-9-]{0,61}[a-z0-9]$`)
)

// maxDomain leaves room for a host label of 63 characters and its dot in a DNS name of 253 characters.
const maxDomain = 253 - 64

// Check checks the settings. Its errors name the flags of init.
func (s Settings) Check() error {
	switch {
	case s.RepoURL != "" && !isRepoURL(s.RepoURL):
		return fmt.Errorf("--repo-url is not an address; use for example %s, git@github.com:acme/previews.git "+
			"or file:///srv/previews.git, without password or token", ExampleRepoURL)
	case s.Domain != "" && (!domainName.MatchString(s.Domain) || len(s.Domain) > maxDomain):
		return fmt.Errorf("--domain %q is not a domain; use for example %s, in lower case, at most %d characters",
			s.Domain, ExampleDomain, maxDomain)
	case !flags.IsBranch(s.Branch):
		return fmt.Errorf("--branch %q is not a branch name; use letters, digits and . _ - /", s.Branch)
	case !flags.IsDNSLabel(s.Namespace):
		return fmt.Errorf("--argocd-namespace %q is not a namespace; use a-z, 0-9 and hyphens, at most 63 characters",
			s.Namespace)
	}
	return errors.Join(s.checkRoutes(), s.checkExample())
}

func (s Settings) checkExample() error {
	for _, name := range s.ExampleRepositories {
		if !config.IsRepository(name) {
			return fmt.Errorf("--example-repository %q is not a repository; use for example acme/shop", name)
		}
	}
	switch {
	case len(s.ExampleRepositories) > 0 && !s.Example:
		return errors.New("--example-repository needs --example")
	case len(s.ExampleRepositories) > 2:
		return errors.New("--example-repository is given more than twice; the demo system has two repositories")
	}
	return nil
}

// isRepoURL accepts user info only for SSH: a token in an address would be committed to Git.
func isRepoURL(s string) bool {
	if fileAddress.MatchString(s) || scpAddress.MatchString(s) {
		return true
	}
	if !webAddress.MatchString(s) {
		return false
	}
	u, err := url.Parse(s)
	return err == nil && (u.User == nil || u.Scheme == "ssh")
}

// replacers replace the example's values in files below appsets, and in all other files.
func (s Settings) replacers() (appsets, others *strings.Replacer) {
	all := []string{
		ExampleRepoURL, cmp.Or(s.RepoURL, ExampleRepoURL),
		ExampleDomain, cmp.Or(s.Domain, ExampleDomain),
		"PREVIEWCTL_VERSION: " + ExampleVersion + "\n",
		"PREVIEWCTL_VERSION: " + scalar(cmp.Or(s.Version, ExampleVersion)) + "\n",
	}
	return strings.NewReplacer(append(all,
		"targetRevision: "+ExampleBranch+"\n", "targetRevision: "+scalar(s.Branch)+"\n",
		"--config-branch="+ExampleBranch+"\n", "--config-branch="+s.Branch+"\n",
		"of branch "+ExampleBranch+" ", "of branch "+s.Branch+" ",
		"namespace: "+ExampleNamespace+"\n", "namespace: "+scalar(s.Namespace)+"\n",
		"."+ExampleNamespace+".svc.cluster.local", "."+s.Namespace+".svc.cluster.local",
		":serviceaccount:"+ExampleNamespace+":", ":serviceaccount:"+s.Namespace+":",
		"-n "+ExampleNamespace+" ", "-n "+s.Namespace+" ",
		"label namespace "+ExampleNamespace+" ", "label namespace "+s.Namespace+" ",
	)...), strings.NewReplacer(all...)
}

// scalar quotes a text that YAML would read as a number, a date or a boolean.
func scalar(s string) string {
	var v any
	if err := yaml.Unmarshal([]byte(s), &v); err == nil {
		if text, ok := v.(string); ok && text == s && !strings.ContainsAny(s[:1], "0123456789") {
			return s
		}
	}
	return strconv.Quote(s)
}
