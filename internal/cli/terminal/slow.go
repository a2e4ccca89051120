package terminal

import (
	"sync"
	"time"
)

// SlowAfter is how long a command works before it says that it does.
const SlowAfter = time.Second

// What takes its time.
const (
	SlowService    = "the service takes its time"
	SlowBuilds     = "environments are being built"
	SlowRepository = "the GitOps repository takes its time"
)

// NoticeIfSlow tells a person that something goes on, once it has taken a while. What it returns ends that.
func (p *Process) NoticeIfSlow(what string) (stop func()) {
	var mu sync.Mutex
	stopped := false
	t := time.AfterFunc(SlowAfter, func() {
		mu.Lock()
		defer mu.Unlock()
		if !stopped {
			p.Inform("… " + what)
		}
	})
	return func() {
		t.Stop()
		mu.Lock()
		defer mu.Unlock()
		stopped = true
	}
}
