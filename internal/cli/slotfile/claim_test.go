package slotfile

import (
	"testing"
	"time"

	"github.com/previewset/previewset/internal/config"
)

func TestSameHolders(t *testing.T) {
	t.Parallel()
	tests := []struct {
		name string
		a, b []string
		want bool
	}{
		{"the same", []string{"alice", "bob"}, []string{"alice", "bob"}, true},
		{"another order and case", []string{"alice", "bob"}, []string{"Bob", "Alice"}, true},
		{"one more", []string{"alice"}, []string{"alice", "bob"}, false},
		{"another login", []string{"alice"}, []string{"bob"}, false},
		{"none", nil, nil, true},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			if got := SameHolders(tt.a, tt.b); got != tt.want {
				t.Errorf("SameHolders(%v, %v) = %v", tt.a, tt.b, got)
			}
		})
	}
}

func TestDescribe(t *testing.T) {
	t.Parallel()
	until := time.Date(2026, 1, 2, 3, 4, 5, 0, time.UTC)
	c := config.Claim{Holders: []string{"alice", "bob"}, Purpose: "a \x1b[2Jfix", Until: &until}
	if got, want := Describe(c), "alice, bob (a [2Jfix), until 2026-01-02T03:04:05Z"; got != want {
		t.Errorf("Describe = %q, want %q", got, want)
	}
}
