package preview

import (
	"testing"
	"time"
)

// At the end of the grace, the pull request is closed by a read since then, or it stays.
func TestGraceEndsByAReadSince(t *testing.T) {
	t.Parallel()
	const grace = 2 * time.Hour
	for name, tt := range map[string]struct {
		readAt   time.Duration // before the end of the grace; negative is after it
		jump     time.Duration // of the clock, at the end of the grace
		reopened bool          // by the read
		want     string
	}{
		"the last read is older":              {time.Minute, 0, false, "1 awake"},
		"the last read is as old as closed":   {grace, 0, false, "1 awake"},
		"a read at the end":                   {0, 0, false, ""},
		"a read after the end":                {-time.Minute, 0, false, ""},
		"it was reopened meanwhile":           {-time.Minute, 0, true, "1 awake"},
		"a read before the clock jumped back": {-time.Minute, -time.Hour, false, "1 awake"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			d := newDays(t, lifetimes("{grace: 2h}"), pull(1)).want("1 awake")
			var readAt time.Time
			d.facts = func(f *Facts) {
				r := f.Repositories["acme/shop"]
				if r.ReadAt = readAt; readAt.IsZero() {
					r.ReadAt = d.now
				}
				f.Repositories["acme/shop"] = r
			}
			open := d.pulls
			d.pulls = nil
			d.pass(time.Minute).want("1 awake")
			end := d.now.Add(grace)
			d.pass(grace - time.Minute).want("1 awake")
			readAt = end.Add(-tt.readAt)
			if tt.reopened {
				d.pulls = open
			}
			d.now = d.now.Add(tt.jump)
			d.pass(10 * time.Minute).want(tt.want) // the clock is reliable again
		})
	}
}

// All members of a join closed. Its grace ends by reads of all their repositories.
func TestGraceOfAJoinEndsByReadsOfAll(t *testing.T) {
	t.Parallel()
	joining := withLabels("preview-with:both")
	d := newDays(t, lifetimes("{grace: 2h}"), pull(1, joining))
	shopReadAt, gatewayReadAt, other := time.Time{}, time.Time{}, []PullRequest{ofGateway(2, joining)}
	d.facts = func(f *Facts) {
		*f = with(*f, nil, other...)
		for name, at := range map[string]time.Time{"acme/shop": shopReadAt, "acme/gateway": gatewayReadAt} {
			r := f.Repositories[name]
			r.ReadAt = at
			f.Repositories[name] = r
		}
	}
	d.pass(time.Minute).want("both awake").pulls, other = nil, nil
	shopReadAt, gatewayReadAt = d.now, d.now
	d.pass(3 * time.Hour).want("both awake")
	shopReadAt = d.now
	d.pass(time.Minute).want("both awake")
	gatewayReadAt = d.now
	d.pass(time.Minute).want("")
}
