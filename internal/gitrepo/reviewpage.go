package gitrepo

import (
	"net"
	"net/url"
	"strconv"
	"strings"

	"github.com/go-git/go-git/v5/plumbing/transport"
)

// reviewPage returns the page of a Git host to create a pull request from a branch; "" if the host's name doesn't
// show its kind.
func reviewPage(e *transport.Endpoint, base, branch string) string {
	if e.Protocol == "file" {
		return ""
	}
	page := url.URL{Scheme: "https", Host: e.Host}
	if e.Protocol != "ssh" {
		page.Scheme = e.Protocol
		if e.Port != 0 {
			page.Host = net.JoinHostPort(e.Host, strconv.Itoa(e.Port))
		}
	}
	repository := "/" + strings.Trim(strings.TrimSuffix(e.Path, ".git"), "/")
	switch {
	case isHost(e.Host, "github"):
		page.Path, page.RawQuery = repository+"/compare/"+base+"..."+branch, "expand=1"
	case isHost(e.Host, "gitea"), isHost(e.Host, "forgejo"), isHost(e.Host, "codeberg"):
		page.Path = repository + "/compare/" + base + "..." + branch
	case isHost(e.Host, "gitlab"):
		page.Path = repository + "/-/merge_requests/new"
		page.RawQuery = url.Values{"merge_request[source_branch]": {branch}, "merge_request[target_branch]": {base}}.Encode()
	case isHost(e.Host, "bitbucket"):
		page.Path, page.RawQuery = repository+"/pull-requests/new", url.Values{"source": {branch}, "dest": {base}}.Encode()
	default:
		return ""
	}
	return page.String()
}

// isHost reports whether a label of the host name equals the kind. github.com and github.example.dev are of kind
// github.
func isHost(host, kind string) bool {
	for label := range strings.SplitSeq(strings.ToLower(host), ".") {
		if label == kind {
			return true
		}
	}
	return false
}
