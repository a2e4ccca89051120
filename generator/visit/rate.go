package visit

import (
	"hash/maphash"
	"time"
)

// rate allows burst events at once, and then one more after each interval.
type rate struct {
	burst int
	every time.Duration
}

// bucket is the used part of a rate. A bucket needs only the time at which the whole burst is free again, so thousands
// of buckets are cheap; golang.org/x/time/rate needs more memory and a lock for each.
type bucket struct {
	full time.Time // when the whole burst is free again
}

// wait returns the time until the next event may happen; 0 if it may happen now.
func (b *bucket) wait(r rate, now time.Time) time.Duration {
	if !b.full.After(now) { // also for an unused bucket: its zero time doesn't fit into a duration
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

// clientBuckets hold the buckets of all clients. Some clients share one; a random seed keeps a client from choosing the
// one that it shares with.
type clientBuckets struct {
	seed    maphash.Seed
	buckets [4096]bucket
}

func (a *clientBuckets) of(c client) *bucket {
	if a.seed == (maphash.Seed{}) {
		a.seed = maphash.MakeSeed()
	}
	return &a.buckets[maphash.Comparable(a.seed, c.network)%uint64(len(a.buckets))]
}
