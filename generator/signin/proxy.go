package signin

import (
	"cmp"
	"net/http"
	"strings"

	"github.com/previewset/previewset/generator/secret"
	"github.com/previewset/previewset/internal/config"
)

// ProxySecretHeader is the header in which a proxy sends the secret that makes its other headers count.
const ProxySecretHeader = "X-PreviewSet-Proxy-Secret" //nolint:gosec // G101: a header's name

// The headers in which proxies such as oauth2-proxy name the signed-in person.
var (
	userHeaders  = []string{"X-Forwarded-User", "X-Auth-Request-User"}
	emailHeaders = []string{"X-Forwarded-Email", "X-Auth-Request-Email"}
	groupHeaders = []string{"X-Forwarded-Groups", "X-Auth-Request-Groups"}
)

// Proxy names signed-in people in headers.
type Proxy struct {
	// Secret is sent by the proxy; nil means that no header counts.
	Secret *secret.File
	// LoginHeader is the header with the person's GitHub login; empty if the proxy doesn't know it.
	LoginHeader string
}

// Person returns the person whom the proxy names. A client can send the headers itself, so they count only with the
// secret.
func (p Proxy) Person(h http.Header) (person Person, ok bool) {
	if p.Secret == nil || !p.Secret.Matches(h.Get(ProxySecretHeader)) {
		return Person{}, false
	}
	user, email := first(h, userHeaders), first(h, emailHeaders)
	if user == "" && email == "" {
		return Person{}, false
	}
	name := config.Shorten(config.Printable(cmp.Or(user, email)), maxName)
	person = Person{Person: config.Person{Email: email}, Subject: cmp.Or(user, email), Name: name}
	if p.LoginHeader != "" {
		person.Login = strings.TrimSpace(h.Get(p.LoginHeader))
	}
	for group := range strings.SplitSeq(first(h, groupHeaders), ",") {
		if group = strings.TrimSpace(group); group != "" && len(person.Groups) < maxGroups {
			person.Groups = append(person.Groups, group)
		}
	}
	return person, true
}

// RemoveHeaders removes the headers about sign-in, so that no later handler believes them.
func (p Proxy) RemoveHeaders(h http.Header) {
	h.Del(ProxySecretHeader)
	for _, names := range [][]string{userHeaders, emailHeaders, groupHeaders, {p.LoginHeader}} {
		for _, name := range names {
			h.Del(name)
		}
	}
}

// first returns the first header that isn't empty.
func first(h http.Header, names []string) string {
	for _, name := range names {
		if v := strings.TrimSpace(h.Get(name)); v != "" {
			return v
		}
	}
	return ""
}
