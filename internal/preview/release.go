package preview

import "time"

// released is when nobody holds a slot any more, who holds it now; zero where that isn't known to come.
func (r *resolver) released(slot string) time.Time {
	until := r.slots[slot].Until
	if until == nil || len(r.Slots.Queue) > 0 && len(r.Slots.At(*until).Slots[slot].Holders) > 0 {
		return time.Time{}
	}
	return *until
}

func latest(a, b time.Time) time.Time {
	if a.After(b) {
		return a
	}
	return b
}
