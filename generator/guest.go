package generator

import (
	"hash/maphash"
	"net/http"
	"net/netip"
	"slices"
	"strings"
	"time"
)

// guest is who asks the public listener for something.
type guest struct {
	// network is the address, of IPv6 its /64: that is what one customer has.
	network netip.Prefix
	// signedIn says that a proxy that is trusted says so.
	signedIn bool
}

// signIn are the headers in which proxies say who has signed in.
var signIn = []string{"X-Forwarded-User", "X-Auth-Request-User", "X-Forwarded-Email"}

func (g *Generator) guest(r *http.Request) guest {
	peer, _ := netip.ParseAddrPort(r.RemoteAddr) // the zero value's network is one like any other
	if !g.trusts(peer.Addr()) {
		return guest{network: network(peer.Addr())}
	}
	return guest{
		network:  network(g.forwardedFor(peer.Addr(), r.Header["X-Forwarded-For"])),
		signedIn: slices.ContainsFunc(signIn, func(name string) bool { return strings.TrimSpace(r.Header.Get(name)) != "" }),
	}
}

// maxHops bounds how much of X-Forwarded-For is looked at.
const maxHops = 16

// forwardedFor is the last address in X-Forwarded-For that no proxy of ours has: what stands before it may be a lie.
func (g *Generator) forwardedFor(peer netip.Addr, header []string) netip.Addr {
	from := peer
	hops := strings.Split(strings.Join(header, ","), ",")
	for _, hop := range slices.Backward(hops[max(0, len(hops)-maxHops):]) {
		address, err := netip.ParseAddr(strings.TrimSpace(hop))
		if err != nil {
			return from
		}
		if from = address; !g.trusts(from) {
			return from
		}
	}
	return from
}

func (g *Generator) trusts(a netip.Addr) bool {
	a = a.Unmap().WithZone("")
	return slices.ContainsFunc(g.opts.TrustedProxies, func(p netip.Prefix) bool { return p.Contains(a) })
}

func network(a netip.Addr) netip.Prefix {
	a = a.Unmap().WithZone("")
	bits := 64
	if a.Is4() {
		bits = 32
	}
	p, _ := a.Prefix(bits) // no address has no network
	return p
}

// rate is how often something may happen: at once as often as burst says, and then again every so often.
type rate struct {
	burst int
	every time.Duration
}

// bucket is what is left of a rate. That is one time, so that thousands of them cost nothing, which golang.org/x/time/rate
// with its lock in each doesn't give.
type bucket struct {
	full time.Time // when nothing will be missing any more
}

// wait is how long it is until one more may happen; 0 where it may now.
func (b *bucket) wait(r rate, now time.Time) time.Duration {
	if !b.full.After(now) { // it may never have been touched, and that is too long ago for a length of time
		return 0
	}
	return max(0, b.full.Sub(now)-time.Duration(r.burst-1)*r.every)
}

func (b *bucket) take(r rate, now time.Time) {
	if b.full.Before(now) {
		b.full = now
	}
	b.full = b.full.Add(r.every)
}

// addressBuckets are those of all addresses there are. Some share one; nobody can choose with whom.
type addressBuckets struct {
	seed    maphash.Seed
	buckets [4096]bucket
}

func (a *addressBuckets) of(v guest) *bucket {
	if a.seed == (maphash.Seed{}) {
		a.seed = maphash.MakeSeed()
	}
	return &a.buckets[maphash.Comparable(a.seed, v.network)%uint64(len(a.buckets))]
}
