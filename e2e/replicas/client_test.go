package replicas

import (
	"context"
	"encoding/json"
	"fmt"
	"maps"
	"net/http"
	"regexp"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"
)

// client asks all replicas for rows, all the time, as Argo CD does. It checks that no answer is older than an earlier one:
// each answer has all environments of each answer that came before the request.
type client struct {
	ctx  context.Context //nolint:containedctx // of all requests
	stop context.CancelFunc
	wait sync.WaitGroup

	mu       sync.Mutex
	seen     map[string]bool
	wrong    []string
	answers  int
	refused  map[string]int // requests without a 200, by reason
	last     time.Time      // of the last answer of any replica
	gap      time.Duration  // the longest time without an answer of any replica
	longest  time.Duration  // the slowest answer
	replicas map[string]*gaps
}

// gaps are those of one replica.
type gaps struct {
	last    time.Time
	longest time.Duration
	stop    context.CancelFunc
	done    chan struct{} // closed after the last request
}

// address is different for each connection.
var address = regexp.MustCompile(`\b127\.0\.0\.1:\d+`)

// askEvery is the time between two requests to one replica.
const askEvery = 40 * time.Millisecond

func (w *world) load(t *testing.T) *client {
	t.Helper()
	ctx, stop := context.WithCancel(t.Context())
	c := &client{
		ctx: ctx, stop: stop, seen: map[string]bool{}, refused: map[string]int{}, last: time.Now(), replicas: map[string]*gaps{},
	}
	t.Cleanup(func() { stop(); c.wait.Wait() })
	for _, r := range w.replicas {
		c.add(r)
	}
	return c
}

// remove ends the requests to a replica. It returns when none is under way.
func (c *client) remove(name string) {
	c.mu.Lock()
	own := c.replicas[name]
	c.mu.Unlock()
	own.stop()
	<-own.done
}

// add asks one more replica until the client ends.
func (c *client) add(r *replica) {
	ctx, stop := context.WithCancel(c.ctx)
	done := make(chan struct{})
	c.mu.Lock()
	c.replicas[r.name] = &gaps{last: time.Now(), stop: stop, done: done}
	c.mu.Unlock()
	c.wait.Go(func() {
		defer close(done)
		ticker := time.NewTicker(askEvery)
		defer ticker.Stop()
		for ctx.Err() == nil {
			c.once(ctx, r)
			select {
			case <-ctx.Done():
			case <-ticker.C:
			}
		}
	})
}

func (c *client) once(ctx context.Context, r *replica) {
	c.mu.Lock()
	before := maps.Clone(c.seen)
	c.mu.Unlock()
	began := time.Now()
	names, err := r.rows(ctx)
	if ctx.Err() != nil {
		return
	}
	c.mu.Lock()
	defer c.mu.Unlock()
	if err != nil {
		c.refused[address.ReplaceAllString(err.Error(), "ADDRESS")]++
		return
	}
	c.answers++
	now := time.Now()
	c.gap, c.longest, c.last = max(c.gap, now.Sub(c.last)), max(c.longest, now.Sub(began)), now
	own := c.replicas[r.name]
	own.longest, own.last = max(own.longest, now.Sub(own.last)), now
	for name := range before {
		if !names[name] {
			c.wrong = append(c.wrong, fmt.Sprintf("%s at %s: %s is missing among %d", r.name, now.Format(time.TimeOnly), name, len(names)))
		}
	}
	maps.Copy(c.seen, names)
}

// rows asks one replica. The error has the reason of a refusal.
func (r *replica) rows(ctx context.Context) (map[string]bool, error) {
	ctx, cancel := context.WithTimeout(ctx, 30*time.Second) // as Argo CD
	defer cancel()
	request, err := http.NewRequestWithContext(ctx, http.MethodPost, "http://"+r.private+"/api/v1/getparams.execute",
		strings.NewReader(`{"applicationSetName": "previews", "input": {"parameters": {}}}`))
	if err != nil {
		return nil, err
	}
	request.Header.Set("Authorization", "Bearer "+argoToken)
	response, err := http.DefaultClient.Do(request)
	if err != nil {
		return nil, err
	}
	defer func() { _ = response.Body.Close() }()
	var answer struct {
		Message string
		Output  struct{ Parameters []struct{ Name string } }
	}
	if err := json.NewDecoder(response.Body).Decode(&answer); err != nil {
		return nil, fmt.Errorf("status %d: %w", response.StatusCode, err)
	}
	if response.StatusCode != http.StatusOK {
		return nil, fmt.Errorf("status %d: %s", response.StatusCode, answer.Message)
	}
	names := map[string]bool{}
	for _, row := range answer.Output.Parameters {
		names[row.Name] = true
	}
	return names, nil
}

// end stops the client, and fails the test for each wrong answer and for a gap that is too long.
func (c *client) end(t *testing.T, what string) {
	t.Helper()
	c.stop()
	c.wait.Wait()
	c.mu.Lock()
	defer c.mu.Unlock()
	if len(c.wrong) > 0 {
		t.Errorf("%s: %d wrong answers: %s", what, len(c.wrong), strings.Join(c.wrong[:min(5, len(c.wrong))], "; "))
	}
	if c.gap > longestGap {
		t.Errorf("%s: no replica answered for %s", what, c.gap)
	}
	t.Logf("%s: %d answers, %d wrong, longest time without an answer of any replica %s, slowest answer %s, environments %d",
		what, c.answers, len(c.wrong), c.gap.Round(time.Millisecond), c.longest.Round(time.Millisecond), len(c.seen))
	for _, name := range slices.Sorted(maps.Keys(c.replicas)) {
		t.Logf("  %s: longest time without its answer %s", name, c.replicas[name].longest.Round(time.Millisecond))
	}
	for _, reason := range slices.Sorted(maps.Keys(c.refused)) {
		t.Logf("  %d times: %.300s", c.refused[reason], reason)
	}
}

// sees waits until an answer has an environment.
func (c *client) sees(t *testing.T, name string) {
	t.Helper()
	eventually(t, name+" is answered", func(context.Context) error {
		c.mu.Lock()
		defer c.mu.Unlock()
		if !c.seen[name] {
			return fmt.Errorf("%d others are", len(c.seen))
		}
		return nil
	})
}
