package testworld

import (
	"strings"
	"sync"
)

// Log keeps the log of a service.
type Log struct {
	mu   sync.Mutex
	text strings.Builder
}

// Write implements io.Writer.
func (l *Log) Write(p []byte) (int, error) { l.mu.Lock(); defer l.mu.Unlock(); return l.text.Write(p) }

// String returns the log.
func (l *Log) String() string { l.mu.Lock(); defer l.mu.Unlock(); return l.text.String() }
