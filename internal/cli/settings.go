package cli

import (
	"cmp"
	"fmt"
	"net/url"
	"regexp"
	"strconv"
	"strings"

	"sigs.k8s.io/yaml"
)

// What the example has in the places that init fills.
const (
	exampleRepoURL   = "https://github.com/acme/previews.git"
	exampleDomain    = "preview.example.dev"
	exampleBranch    = "main"
	exampleNamespace = "argocd"
)

// settings are the values that init writes into files. An empty one leaves the example's.
type settings struct {
	repoURL, domain, branch, namespace string
}

// The patterns are narrower than what Git, DNS and Kubernetes allow, so that no value can be anything but one scalar in
// the YAML that it is written into.
var (
	webAddress  = regexp.MustCompile(`^(https?|ssh)://([a-z][a-z0-9_-]*@)?[A-Za-z0-9]([A-Za-z0-9.-]*[A-Za-z0-9])?(:[0-9]{1,5})?/[A-Za-z0-9._~/-]+$`)
	fileAddress = regexp.MustCompile(`^file:///[A-Za-z0-9._~/-]+$`)
	scpAddress  = regexp.MustCompile(`^[a-z][a-z0-9_-]*@[A-Za-z0-9][A-Za-z0-9.-]*:[A-Za-z0-9._~/-]+$`)
	domainName  = regexp.MustCompile(`^([a-z0-9]([a-z0-9-]{0,61}[a-z0-9])?\.)+[a-z][a-z0-9-]{0,61}[a-z0-9]$`)
	branchName  = regexp.MustCompile(`^[A-Za-z0-9_][A-Za-z0-9._/-]{0,199}$`)
	dnsLabel    = regexp.MustCompile(`^[a-z0-9]([a-z0-9-]{0,61}[a-z0-9])?$`)
)

// maxDomain leaves room in a DNS name of 253 characters for the longest host label and its dot.
const maxDomain = 253 - 64

func (s settings) check() error {
	switch {
	case s.repoURL != "" && !isRepoURL(s.repoURL):
		return fmt.Errorf("--repo-url is not an address like %s, git@github.com:acme/previews.git or file:///srv/previews.git, without password or token", exampleRepoURL)
	case s.domain != "" && (!domainName.MatchString(s.domain) || len(s.domain) > maxDomain):
		return fmt.Errorf("--domain %q is not a domain like %s of at most %d characters, in lower case", s.domain, exampleDomain, maxDomain)
	case !isBranch(s.branch):
		return fmt.Errorf("--branch %q is not a branch's name of letters, digits and . _ - /", s.branch)
	case !dnsLabel.MatchString(s.namespace):
		return fmt.Errorf("--argocd-namespace %q is not a namespace: a to z, 0 to 9 and -, at most 63", s.namespace)
	}
	return nil
}

// isRepoURL refuses user info except the user name that SSH needs: a token in an address ends up in Git.
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

func isBranch(s string) bool {
	for _, bad := range []string{"..", "//", "/.", "./", ".lock/"} {
		if strings.Contains(s+"/", bad) {
			return false
		}
	}
	return branchName.MatchString(s) && !strings.HasSuffix(s, "/")
}

// literals are what to replace in the example's files below appsets, and in all others.
func (s settings) literals() (appsets, others *strings.Replacer) {
	all := []string{
		exampleRepoURL, cmp.Or(s.repoURL, exampleRepoURL),
		exampleDomain, cmp.Or(s.domain, exampleDomain),
	}
	return strings.NewReplacer(append(all,
		"targetRevision: "+exampleBranch+"\n", "targetRevision: "+scalar(s.branch)+"\n",
		"--config-branch="+exampleBranch+"\n", "--config-branch="+s.branch+"\n",
		"of branch "+exampleBranch+" ", "of branch "+s.branch+" ",
		"namespace: "+exampleNamespace+"\n", "namespace: "+scalar(s.namespace)+"\n",
		"."+exampleNamespace+".svc.cluster.local", "."+s.namespace+".svc.cluster.local",
		":serviceaccount:"+exampleNamespace+":", ":serviceaccount:"+s.namespace+":",
		"-n "+exampleNamespace+" ", "-n "+s.namespace+" ",
	)...), strings.NewReplacer(all...)
}

// scalar quotes a text that YAML would take for a number, a date or a truth.
func scalar(s string) string {
	var v any
	if err := yaml.Unmarshal([]byte(s), &v); err == nil {
		if text, ok := v.(string); ok && text == s && !strings.ContainsAny(s[:1], "0123456789") {
			return s
		}
	}
	return strconv.Quote(s)
}
