package testworld

import (
	"strings"
	"sync"
)

// log keeps what was logged.
type Log struct {
	mu   sync.Mutex
	text strings.Builder
}

func (l *Log) Write(p []byte) (int, error) { l.mu.Lock(); defer l.mu.Unlock(); return l.text.Write(p) }

func (l *Log) String() string { l.mu.Lock(); defer l.mu.Unlock(); return l.text.String() }
