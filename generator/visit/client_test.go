package visit

import (
	"net/http"
	"net/http/httptest"
	"net/netip"
	"strings"
	"testing"
)

func TestClientOfRequest(t *testing.T) {
	t.Parallel()
	const proxy = "10.0.0.1:4000"
	tests := []struct {
		name, remote string
		forwarded    []string
		want         string
	}{
		{"a client without a proxy", "198.51.100.7:999", nil, "198.51.100.7/32"},
		{"a client without a proxy that claims one", "198.51.100.7:999", []string{"203.0.113.9"}, "198.51.100.7/32"},
		{"IPv6", "[2001:db8:1:2:3:4:5:6]:999", nil, "2001:db8:1:2::/64"},
		{"IPv6 with a zone", "[fe80::1%eth0]:999", nil, "fe80::/64"},
		{"IPv4 written as IPv6", "[::ffff:198.51.100.7]:999", nil, "198.51.100.7/32"},
		{"no address", "", nil, "invalid Prefix"},
		{"a socket", "@", nil, "invalid Prefix"},
		{"a proxy without the header", proxy, nil, "10.0.0.1/32"},
		{"a proxy", proxy, []string{"203.0.113.9"}, "203.0.113.9/32"},
		{"a proxy that writes IPv4 as IPv6", proxy, []string{"::ffff:203.0.113.9"}, "203.0.113.9/32"},
		{"a forged entry before the proxy's", proxy, []string{"127.0.0.1, 10.0.0.1, 203.0.113.9"}, "203.0.113.9/32"},
		{"a forged entry in a separate header", proxy, []string{"127.0.0.1", "203.0.113.9"}, "203.0.113.9/32"},
		{"two proxies", proxy, []string{"192.0.2.99, 203.0.113.9, 10.0.0.2"}, "203.0.113.9/32"},
		{"proxies only", proxy, []string{"10.0.0.3, 10.0.0.2"}, "10.0.0.3/32"},
		{"a word instead of an address", proxy, []string{"unknown"}, "10.0.0.1/32"},
		{"a word before a proxy's address", proxy, []string{"203.0.113.9, nonsense, 10.0.0.2"}, "10.0.0.2/32"},
		{"an empty header", proxy, []string{""}, "10.0.0.1/32"},
		{"commas", proxy, []string{",,,"}, "10.0.0.1/32"},
		{"an address with a port", proxy, []string{"203.0.113.9:1234"}, "10.0.0.1/32"},
		{"more hops than there are", proxy, []string{"203.0.113.9" + strings.Repeat(", 10.0.0.2", 5000)}, "10.0.0.2/32"},
	}
	c := Proxies{Trusted: []netip.Prefix{netip.MustParsePrefix("10.0.0.0/8")}}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			r := httptest.NewRequestWithContext(t.Context(), http.MethodGet, "/", http.NoBody)
			r.RemoteAddr, r.Header["X-Forwarded-For"] = tt.remote, tt.forwarded
			if got := c.clientOf(r).network.String(); got != tt.want {
				t.Errorf("%s, want %s", got, tt.want)
			}
		})
	}
}
