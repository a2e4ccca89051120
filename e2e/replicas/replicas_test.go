package replicas

import (
	"context"
	"fmt"
	"net/http"
	"slices"
	"strings"
	"testing"
	"time"
)

// The leader is killed again and again, while a pull request is opened each time. In every second round the killed process
// begins again at once, as kubelet starts it; otherwise the other replica takes over before.
func TestLeaderIsKilled(t *testing.T) {
	w := begin(t)
	c := w.load(t)
	c.sees(t, w.open())
	var takeovers []time.Duration
	for i := range *kills {
		leader, _ := w.leader(t)
		name := w.open()
		leader.process.Kill()
		killed := time.Now()
		if i%2 == 1 {
			leader.start(t)
		} else {
			w.leaderOtherThan(t, leader)
			leader.start(t)
		}
		c.sees(t, name)
		takeovers = append(takeovers, time.Since(killed))
	}
	c.end(t, fmt.Sprintf("%d kills", *kills))
	slices.Sort(takeovers)
	t.Logf("a new environment after a kill: median %s, slowest %s",
		takeovers[len(takeovers)/2].Round(time.Millisecond), takeovers[len(takeovers)-1].Round(time.Millisecond))
	if got := len(c.seen); got != w.opened {
		t.Errorf("%d environments, want %d", got, w.opened)
	}
}

// The leader can't reach the API server any more. It ends before it writes again, and the other replica leads.
func TestLeaderIsCutOff(t *testing.T) {
	w := begin(t)
	c := w.load(t)
	c.sees(t, w.open())
	leader, _ := w.leader(t)
	leader.proxy.cut.Store(true)
	name := w.open()
	w.leaderOtherThan(t, leader)
	c.sees(t, name)
	eventually(t, "the old leader ends", func(context.Context) error {
		if leader.process.Ended() == nil {
			return fmt.Errorf("%s still runs", leader.name)
		}
		return nil
	})
	if log, err := leader.process.Log(); err != nil || !strings.Contains(log, "leadership is lost") {
		t.Errorf("%v: the log of the old leader doesn't say that it lost the leadership", err)
	}
	leader.proxy.cut.Store(false)
	leader.start(t) // as kubelet does
	leader.waitReady(t)
	c.sees(t, w.open())
	c.end(t, "cut off")
}

// Each request to the API server takes more than a second. The leader goes on to lead, and all answers are right.
func TestAPIServerIsSlow(t *testing.T) {
	w := begin(t)
	c := w.load(t)
	c.sees(t, w.open())
	before, _ := w.leader(t)
	for _, r := range w.replicas {
		r.proxy.delay.Store(int64(1200 * time.Millisecond))
	}
	for range 3 {
		c.sees(t, w.open())
	}
	if after, _ := w.leader(t); after != before {
		t.Errorf("%s lost the leadership", before.name)
	}
	for _, r := range w.replicas {
		r.proxy.delay.Store(0)
	}
	c.end(t, "slow API server")
}

// learns is the time after SIGTERM in which a Service still sends requests to a Pod.
const learns = 3 * time.Second

// A Deployment replaces both Pods: a new one starts and is ready before an old one gets SIGTERM. A client that asks only
// ready replicas, as through a Service, gets an answer each time.
func TestRollingUpdate(t *testing.T) {
	w := begin(t)
	c := w.load(t)
	c.sees(t, w.open())
	for i, old := range slices.Clone(w.replicas) {
		next := w.add(t, fmt.Sprintf("new-%d", i))
		next.start(t)
		next.waitReady(t)
		c.add(next)
		c.sees(t, w.open())
		stopped := make(chan struct{})
		go func() { old.process.Stop(20 * time.Second); close(stopped) }()
		<-time.After(learns)
		c.remove(old.name)
		<-stopped
	}
	w.replicas = w.replicas[2:]
	w.leader(t)
	c.sees(t, w.open())
	c.mu.Lock()
	refused := fmt.Sprint(c.refused)
	if len(c.refused) > 0 {
		t.Errorf("requests without an answer: %s", refused)
	}
	c.mu.Unlock()
	c.end(t, "rolling update")
}

// A follower forwards what only the leader can do.
func TestFollowerForwards(t *testing.T) {
	w := begin(t)
	c := w.load(t)
	c.sees(t, w.open())
	_, followers := w.leader(t)
	eventually(t, "an environment sleeps at a follower's request", func(ctx context.Context) error {
		request, err := http.NewRequestWithContext(ctx, http.MethodPost,
			"http://"+followers[0].private+"/api/v1/environments/shop-pr-1/sleep", strings.NewReader("{}"))
		if err != nil {
			return err
		}
		request.Header.Set("Authorization", "Bearer "+apiToken)
		response, err := http.DefaultClient.Do(request)
		if err == nil && response.StatusCode != http.StatusAccepted {
			err = fmt.Errorf("status %d", response.StatusCode)
		}
		if response != nil {
			_ = response.Body.Close()
		}
		return err
	})
	c.end(t, "forwarded requests")
}
