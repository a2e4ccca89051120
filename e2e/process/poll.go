package process

import (
	"context"
	"errors"
	"fmt"
	"time"
)

// Polling costs the API server time, which the awaited event needs. So the time between two questions grows with the
// time waited, to at most maxInterval.
const (
	pollInterval = 100 * time.Millisecond
	maxInterval  = 500 * time.Millisecond
)

// Poll asks until there is no error, the error is Final, or the time is up. It returns the last error.
func Poll(ctx context.Context, within time.Duration, ask func(context.Context) error) error {
	ctx, cancel := context.WithTimeout(ctx, within)
	defer cancel()
	start, timer := time.Now(), time.NewTimer(pollInterval)
	defer timer.Stop()
	var last error
	for {
		err := ask(ctx)
		if err == nil || errors.As(err, new(finalError)) {
			return err
		}
		// An error of the ended context says less than the error before.
		if last == nil || ctx.Err() == nil {
			last = err
		}
		select {
		case <-ctx.Done():
			return fmt.Errorf("not within %s: %w", within, last)
		case <-timer.C:
			timer.Reset(min(max(time.Since(start)/10, pollInterval), maxInterval))
		}
	}
}

type finalError struct{ error }

func (e finalError) Unwrap() error { return e.error }

// Final marks an error that ends Poll.
func Final(err error) error { return finalError{err} }

// Hold asks during the whole time and returns the first error.
func Hold(ctx context.Context, during time.Duration, ask func(context.Context) error) error {
	end := time.NewTimer(during)
	defer end.Stop()
	ticker := time.NewTicker(pollInterval)
	defer ticker.Stop()
	for {
		if err := ask(ctx); err != nil {
			return err
		}
		select {
		case <-ctx.Done():
			return ctx.Err()
		case <-end.C:
			return nil
		case <-ticker.C:
		}
	}
}
