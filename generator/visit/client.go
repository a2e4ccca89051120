package visit

import (
	"net/http"
	"net/netip"
	"slices"
	"strings"
)

// client is the sender of a request to the public listener: an address, and whether a user has signed in.
type client struct {
	// network is the client's address. For IPv6 it is the /64 network, because one customer usually has a whole one.
	network netip.Prefix
	// signedIn says that a trusted proxy names a signed-in user.
	signedIn bool
}

// signInHeaders are the headers in which proxies name the signed-in user.
var signInHeaders = []string{"X-Forwarded-User", "X-Auth-Request-User", "X-Forwarded-Email"}

// clients finds the client of a request, also behind trusted proxies.
type clients struct{ trustedProxies []netip.Prefix }

func (c clients) of(r *http.Request) client {
	peer, _ := netip.ParseAddrPort(r.RemoteAddr) // the zero value has a network too
	if !c.isTrusted(peer.Addr()) {
		return client{network: networkOf(peer.Addr())}
	}
	hasUser := func(name string) bool { return strings.TrimSpace(r.Header.Get(name)) != "" }
	return client{
		network:  networkOf(c.forwardedFor(peer.Addr(), r.Header["X-Forwarded-For"])),
		signedIn: slices.ContainsFunc(signInHeaders, hasUser),
	}
}

// maxHops bounds the entries of X-Forwarded-For that are read.
const maxHops = 16

// forwardedFor returns the last address in X-Forwarded-For that isn't a trusted proxy. Earlier entries may be forged.
func (c clients) forwardedFor(peer netip.Addr, header []string) netip.Addr {
	from := peer
	hops := strings.Split(strings.Join(header, ","), ",")
	for _, hop := range slices.Backward(hops[max(0, len(hops)-maxHops):]) {
		address, err := netip.ParseAddr(strings.TrimSpace(hop))
		if err != nil {
			return from
		}
		if from = address; !c.isTrusted(from) {
			return from
		}
	}
	return from
}

func (c clients) isTrusted(a netip.Addr) bool {
	a = a.Unmap().WithZone("")
	return slices.ContainsFunc(c.trustedProxies, func(p netip.Prefix) bool { return p.Contains(a) })
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
