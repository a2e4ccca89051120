package replica

import (
	"net"
	"net/netip"
	"os"
	"strings"
)

// Address names a replica, and has the addresses of its listeners, "ip:port". It stands in the Lease as the holder.
type Address struct{ Name, Private, Public string }

// String is the form in the Lease. The name makes it unique: another Pod may get the IP address later.
func (a Address) String() string { return a.Name + "/" + a.Private + "/" + a.Public }

// parseAddress reads the holder of a Lease. Only IP addresses count: a name could lead anywhere.
func parseAddress(text string) (a Address, ok bool) {
	parts := strings.Split(text, "/")
	if len(parts) != 3 {
		return Address{}, false
	}
	for _, one := range parts[1:] {
		if p, err := netip.ParseAddrPort(one); err != nil || p.Port() == 0 {
			return Address{}, false
		}
	}
	return Address{Name: parts[0], Private: parts[1], Public: parts[2]}, true
}

// newAddress returns the address of this process. Own is the machine's IP address for other replicas.
func newAddress(private, public net.Listener, own string) (Address, error) {
	name, err := os.Hostname()
	return Address{Name: name, Private: reachable(private, own), Public: reachable(public, own)}, err
}

// reachable returns the address of a listener for other replicas.
func reachable(l net.Listener, own string) string {
	host, port, err := net.SplitHostPort(l.Addr().String())
	if err != nil {
		return ""
	}
	if ip, err := netip.ParseAddr(host); err != nil || ip.IsUnspecified() {
		host = own
	}
	return net.JoinHostPort(host, port)
}
