package terminal

import (
	"sync"
	"time"
)

// SlowAfter is the time after which a command reports that it is still working.
const SlowAfter = time.Second

// Reports of slow work.
const (
	SlowService    = "waiting for the generator"
	SlowBuilds     = "building environments"
	SlowRepository = "reading the GitOps repository"
	SlowCommit     = "reading the GitOps repository and building the change"
)

// NoticeIfSlow writes a line to standard error if stop isn't called within SlowAfter.
func (p *Process) NoticeIfSlow(work string) (stop func()) {
	var mu sync.Mutex
	stopped := false
	t := time.AfterFunc(SlowAfter, func() {
		mu.Lock()
		defer mu.Unlock()
		if !stopped {
			p.Inform("… " + work)
		}
	})
	return func() {
		t.Stop()
		mu.Lock()
		defer mu.Unlock()
		stopped = true
	}
}
