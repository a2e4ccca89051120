package visit

import (
	"net/http"
	"net/netip"
	"slices"
	"strings"

	"github.com/previewset/previewset/generator/secret"
)

// client is the sender of a request to the public listener: an address, and whether a user has signed in.
type client struct {
	// network is the client's address. For IPv6 it is the /64 network, because one customer usually has a whole one.
	network netip.Prefix
	// signedIn says that a proxy with the secret names a signed-in user.
	signedIn bool
}

// ProxySecretHeader is the header in which a proxy sends the secret that makes its sign-in headers count.
const ProxySecretHeader = "X-PreviewSet-Proxy-Secret" //nolint:gosec // G101: a header's name

// signInHeaders are the headers in which proxies name the signed-in user.
var signInHeaders = []string{"X-Forwarded-User", "X-Auth-Request-User", "X-Forwarded-Email"}

// Proxies are the proxies before the public listener.
type Proxies struct {
	// Trusted are the networks of proxies that set X-Forwarded-For. It decides about rate limits only.
	Trusted []netip.Prefix
	// Secret is sent by proxies that name the signed-in user; nil means that no user is signed in.
	Secret *secret.File
}

// clientOf finds the client of a request, also behind trusted proxies. It removes the headers about sign-in.
func (p Proxies) clientOf(r *http.Request) client {
	found := client{network: p.NetworkOf(r), signedIn: p.isSignedIn(r.Header)}
	for _, name := range append(signInHeaders, ProxySecretHeader) {
		r.Header.Del(name)
	}
	return found
}

// NetworkOf returns the address of a request's sender; for IPv6 its /64 network.
func (p Proxies) NetworkOf(r *http.Request) netip.Prefix {
	peer, _ := netip.ParseAddrPort(r.RemoteAddr) // the zero value has a network too
	if p.isTrusted(peer.Addr()) {
		return networkOf(p.forwardedFor(peer.Addr(), r.Header["X-Forwarded-For"]))
	}
	return networkOf(peer.Addr())
}

// isSignedIn says whether a proxy with the secret names a user. A client can send the user's header itself.
func (p Proxies) isSignedIn(h http.Header) bool {
	hasUser := func(name string) bool { return strings.TrimSpace(h.Get(name)) != "" }
	return slices.ContainsFunc(signInHeaders, hasUser) && p.Secret != nil && p.Secret.Matches(h.Get(ProxySecretHeader))
}

// maxHops bounds the entries of X-Forwarded-For that are read.
const maxHops = 16

// forwardedFor returns the last address in X-Forwarded-For that isn't a trusted proxy. Earlier entries may be forged.
func (p Proxies) forwardedFor(peer netip.Addr, header []string) netip.Addr {
	from := peer
	hops := strings.Split(strings.Join(header, ","), ",")
	for _, hop := range slices.Backward(hops[max(0, len(hops)-maxHops):]) {
		address, err := netip.ParseAddr(strings.TrimSpace(hop))
		if err != nil {
			return from
		}
		if from = address; !p.isTrusted(from) {
			return from
		}
	}
	return from
}

func (p Proxies) isTrusted(a netip.Addr) bool {
	a = a.Unmap().WithZone("")
	return slices.ContainsFunc(p.Trusted, func(n netip.Prefix) bool { return n.Contains(a) })
}

func networkOf(a netip.Addr) netip.Prefix {
	a = a.Unmap().WithZone("")
	bits := 64
	if a.Is4() {
		bits = 32
	}
	p, _ := a.Prefix(bits) // an invalid address has the zero prefix
	return p
}
