package report

import (
	"time"

	"golang.org/x/time/rate"
)

// GitHub asks for at most 80 requests a minute and 500 an hour that create content. Some are left for other users of
// the token. https://docs.github.com/rest/using-the-rest-api/rate-limits-for-the-rest-api
const (
	perMinute = 60
	perHour   = 400
	// atOnce and atOnceOfHour are the parts of these numbers that may be written at once. The rest comes evenly, so that
	// no minute and no hour has more than the whole number.
	atOnce       = 40
	atOnceOfHour = 100
)

// budget bounds the writes to GitHub.
type budget struct {
	now          func() time.Time
	minute, hour *rate.Limiter
}

func newBudget(now func() time.Time) *budget {
	return &budget{
		now:    now,
		minute: rate.NewLimiter(rate.Every(time.Minute/(perMinute-atOnce)), atOnce),
		hour:   rate.NewLimiter(rate.Every(time.Hour/(perHour-atOnceOfHour)), atOnceOfHour),
	}
}

// spend takes one write from the budget, or returns false if it is used up.
func (b *budget) spend() bool {
	now := b.now()
	if b.minute.TokensAt(now) < 1 || b.hour.TokensAt(now) < 1 {
		return false
	}
	return b.minute.AllowN(now, 1) && b.hour.AllowN(now, 1)
}
