package wait

import "errors"

// Results of waiting other than the goal.
var (
	ErrTimeUp   = errors.New("time is up")
	ErrDegraded = errors.New("it is degraded")
	ErrGone     = errors.New("it is gone")
	ErrHeld     = errors.New("it is held")
)
