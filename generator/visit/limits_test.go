package visit

import (
	"fmt"
	"net/netip"
	"testing"
	"time"
)

var testStart = time.Date(2026, 11, 20, 9, 0, 0, 0, time.UTC)

func TestLimitsSendOneWakeRequestAtOnce(t *testing.T) {
	t.Parallel()
	var l wakeLimits
	requests := 0
	for range 50 {
		if request, _ := l.takeWake("shop-pr-7", client{}, testStart); request {
			requests++
		}
	}
	if requests != 1 {
		t.Errorf("%d wake requests", requests)
	}
}

func TestLimitsRememberFewEnvironments(t *testing.T) {
	t.Parallel()
	var l wakeLimits
	most := 0
	for i := range 20_000 {
		now := testStart.Add(time.Duration(i) * 100 * time.Millisecond)
		address := netip.MustParsePrefix(fmt.Sprintf("2001:db8:%x:%x::/64", i%65536, i%7919))
		l.takeWake(fmt.Sprintf("shop-pr-%d", i%997), client{network: address}, now)
		most = max(most, len(l.environments))
	}
	if most < 20 || most > 300 {
		t.Errorf("%d environments are remembered", most)
	}
}
