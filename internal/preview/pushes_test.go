package preview

import (
	"strings"
	"testing"
	"time"

	"github.com/previewset/previewset/internal/testfixture"
)

// joined returns a world with an environment of two pull requests, of acme/shop and of acme/gateway. Only read makes the
// one of acme/gateway readable.
func joined(t *testing.T, lifetime string) (d *days, read func(*Facts)) {
	t.Helper()
	label := withLabels("preview-with:both")
	read = func(f *Facts) { *f = with(*f, nil, ofGateway(3, label)) }
	d = newDays(t, lifetimes(lifetime), pull(1, label))
	d.facts = read
	return d.pass(time.Minute).want("both awake"), read
}

func unread(f *Facts) { delete(f.Repositories, "acme/gateway") }

// What isn't a push wakes nothing, and brings nothing back.
func TestChangesThatAreNoPush(t *testing.T) {
	t.Parallel()
	tests := []struct {
		name string
		play func(t *testing.T, d *days, read func(*Facts))
	}{
		{"one of its repositories can't be read after a restart", func(t *testing.T, d *days, read func(*Facts)) {
			t.Helper()
			was := d.states()
			d.last.Memory = restarted(t, d.last.Memory)
			d.facts = unread
			d.pass(time.Minute).want(was).facts = read
			d.pass(time.Minute).want(was)
		}},
		{"one of its pull requests is closed", func(_ *testing.T, d *days, _ func(*Facts)) {
			was := d.states()
			d.pulls = nil
			d.pass(time.Minute).want(was)
		}},
		{"one of its repositories has another name", func(t *testing.T, d *days, read func(*Facts)) {
			t.Helper()
			was := d.states()
			d.facts = func(f *Facts) {
				read(f)
				r := f.Repositories["acme/gateway"]
				r.FullName = "acme/gate"
				f.Repositories["acme/gate"] = r
				delete(f.Repositories, "acme/gateway")
			}
			d.policy = strings.ReplaceAll(d.policy, "acme/gateway", "acme/gate")
			d.files(map[string]string{}).want(was).pass(time.Minute).want(was)
		}},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			d, read := joined(t, "{sleep: {idleAfter: 1h}}")
			tt.play(t, d.pass(2*time.Hour).want("both asleep"), read)
			d, read = joined(t, "{deleteAfterIdle: 1h}")
			tt.play(t, d.pass(2*time.Hour).want(""), read)
		})
	}
}

func TestPushWhileAnotherRepositoryIsUnread(t *testing.T) {
	t.Parallel()
	d, _ := joined(t, "{sleep: {idleAfter: 1h}}")
	d.pass(2 * time.Hour).want("both asleep").facts = unread
	d.pass(time.Minute).want("both asleep").pulls[0].HeadSHA = testfixture.SHA("fedcba")
	d.pass(time.Minute).want("both waking")
	d, _ = joined(t, "{deleteAfterIdle: 1h}")
	d.pass(2 * time.Hour).want("").facts = unread
	d.pass(time.Minute).want("").pulls[0].HeadSHA = testfixture.SHA("fedcba")
	d.pass(time.Minute).want("both awake")
}
