package wait

import (
	"errors"
)

// How waiting ends without what was waited for.
var (
	ErrTimeUp   = errors.New("time is up")
	ErrDegraded = errors.New("it doesn't become healthy")
	ErrGone     = errors.New("it is gone")
	ErrHeld     = errors.New("it is held")
)
