package visit

import (
	"net/http"
	"net/netip"
	"slices"
	"strings"

	"github.com/previewset/previewset/generator/signin"
)

// client is the sender of a request to the public listener: an address, and whether a user has signed in.
type client struct {
	// network is the client's address. For IPv6 it is the /64 network, because one customer usually has a whole one.
	network netip.Prefix
	// signedIn says that a proxy with the secret names a signed-in user.
	signedIn bool
}

// Proxies are the proxies before the public listener.
type Proxies struct {
	// Trusted are the networks of proxies that set X-Forwarded-For. It decides about rate limits only.
	Trusted []netip.Prefix
	// SignIn is the proxy that names signed-in people.
	SignIn signin.Proxy
}

// clientOf finds the client of a request, also behind trusted proxies. It removes the headers about sign-in.
func (p Proxies) clientOf(r *http.Request) client {
	_, isSignedIn := p.SignIn.Person(r.Header)
	p.SignIn.RemoveHeaders(r.Header)
	return client{network: p.NetworkOf(r), signedIn: isSignedIn}
}

// NetworkOf returns the address of a request's sender; for IPv6 its /64 network.
func (p Proxies) NetworkOf(r *http.Request) netip.Prefix {
	peer, _ := netip.ParseAddrPort(r.RemoteAddr) // the zero value has a network too
	if p.isTrusted(peer.Addr()) {
		return networkOf(p.forwardedFor(peer.Addr(), r.Header["X-Forwarded-For"]))
	}
	return networkOf(peer.Addr())
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
