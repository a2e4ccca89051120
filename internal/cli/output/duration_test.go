package output

import (
	"testing"
	"time"
)

func TestDuration(t *testing.T) {
	t.Parallel()
	for d, want := range map[time.Duration]string{
		-time.Second: "0s", 90 * time.Second: "90s", 5 * time.Minute: "5m", 47 * time.Hour: "47h", 49 * time.Hour: "2d",
	} {
		if got := Duration(d); got != want {
			t.Errorf("shortly(%s) = %s, want %s", d, got, want)
		}
	}
}
