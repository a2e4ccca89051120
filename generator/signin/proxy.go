package signin

import (
	"cmp"
	"net/http"
	"slices"
	"strings"

	"github.com/previewset/previewset/generator/secret"
	"github.com/previewset/previewset/internal/config"
)

// ProxySecretHeader is the header in which a proxy sends the secret that makes its other headers count.
const ProxySecretHeader = "X-PreviewSet-Proxy-Secret" //nolint:gosec // G101: a header's name

// families begin the headers in which proxies such as oauth2-proxy name the signed-in person: …User, …Email and …Groups.
// Only the headers of one family count, because a proxy that sets one family may pass the other one on from its client.
var families = []string{"X-Forwarded-", "X-Auth-Request-"}

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
	family, isClear := familyOf(h)
	if !isClear {
		return Person{}, false
	}
	user, email := value(h, family+"User"), value(h, family+"Email")
	name := config.Shorten(config.Printable(cmp.Or(user, email)), maxName)
	person = Person{Person: config.Person{Email: email}, Subject: cmp.Or(user, email), Name: name}
	if p.LoginHeader != "" {
		person.Login = value(h, p.LoginHeader)
	}
	for group := range strings.SplitSeq(value(h, family+"Groups"), ",") {
		if group = strings.TrimSpace(group); group != "" && len(person.Groups) < maxGroups {
			person.Groups = append(person.Groups, group)
		}
	}
	return person, true
}

// RemoveHeaders removes the headers about sign-in, so that no later handler believes them.
func (p Proxy) RemoveHeaders(h http.Header) {
	h.Del(ProxySecretHeader)
	h.Del(p.LoginHeader)
	for _, family := range families {
		for _, name := range names {
			h.Del(family + name)
		}
	}
}

var names = []string{"User", "Email", "Groups"}

// familyOf returns the family that names a person. It isn't clear if none does, or if both have headers.
func familyOf(h http.Header) (found string, isClear bool) {
	for _, family := range families {
		if slices.ContainsFunc(names, func(name string) bool { return value(h, family+name) != "" }) {
			if found != "" {
				return "", false
			}
			found = family
		}
	}
	return found, found != "" && (value(h, found+"User") != "" || value(h, found+"Email") != "")
}

// value returns a header; "" if it was sent twice, because one of them may be the client's.
func value(h http.Header, name string) string {
	if all := h.Values(name); len(all) == 1 {
		return strings.TrimSpace(all[0])
	}
	return ""
}
