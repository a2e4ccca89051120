package preview

import (
	"fmt"
	"testing"
	"time"
)

// BenchmarkActivity1000 is what one measurement costs where a thousand environments are live and nothing else is new.
func BenchmarkActivity1000(b *testing.B) {
	policy := lifetimes(`{deleteAfterIdle: 168h, grace: 1h, sleep: {idleAfter: 1h, maxAwake: 24h, workingHours: ` +
		`{days: [mon, tue, wed, thu, fri], from: "08:00", to: "19:00", timezone: Europe/Berlin, idleAfter: 2h, asleepOutside: true}}}`)
	var pulls []PullRequest
	for i := range 1000 {
		pulls = append(pulls, pull(i+1))
	}
	d := newDays(b, policy, pulls...)
	for i := range pulls {
		d.used[fmt.Sprintf("shop-pr-%d", i+1)] = i%10 > 0
	}
	d.answer()
	for b.Loop() {
		b.StopTimer()
		d.now = d.now.Add(time.Second)
		b.StartTimer()
		d.answer()
	}
	if len(d.last.Rows) != 1000 {
		b.Fatalf("%d rows", len(d.last.Rows))
	}
}
