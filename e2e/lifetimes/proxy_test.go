package lifetimes

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync"
	"time"

	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

	"github.com/previewset/previewset/e2e/cluster"
)

// proxy serves the metrics that Envoy Gateway would serve: the HTTPRoutes in the cluster, and the requests that stories
// count. It gets no requests itself, because only its metrics matter.
type proxy struct {
	*httptest.Server
	cluster *cluster.Cluster
	began   time.Time

	mu       sync.Mutex
	requests map[string]int // by namespace
	down     bool
}

func newProxy(c *cluster.Cluster) *proxy {
	p := &proxy{cluster: c, began: time.Now(), requests: map[string]int{}}
	p.Server = httptest.NewServer(http.HandlerFunc(p.metrics))
	return p
}

// visited counts a request to a preview.
func (p *proxy) visited(namespace string) {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.requests[namespace]++
}

// fail(true) makes every scrape fail, fail(false) makes them work again.
func (p *proxy) fail(down bool) {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.down = down
}

func (p *proxy) metrics(w http.ResponseWriter, r *http.Request) {
	text, err := p.text(r.Context())
	if err != nil {
		http.Error(w, err.Error(), http.StatusServiceUnavailable)
		return
	}
	_, _ = fmt.Fprint(w, text) // Prometheus may go
}

func (p *proxy) text(ctx context.Context) (string, error) {
	p.mu.Lock()
	defer p.mu.Unlock()
	if p.down {
		return "", errors.New("the Gateway's proxy is down")
	}
	all, err := p.cluster.Dynamic.Resource(cluster.HTTPRoutes).List(ctx, metav1.ListOptions{})
	if err != nil {
		return "", err
	}
	var b strings.Builder
	_, _ = fmt.Fprintf(&b, "envoy_server_uptime %d\n", int(time.Since(p.began).Seconds()))
	for _, route := range all.Items {
		namespace := route.GetNamespace()
		_, _ = fmt.Fprintf(&b, "envoy_cluster_upstream_rq_total{envoy_cluster_name=\"httproute/%s/%s/rule/0\"} %d\n",
			namespace, route.GetName(), p.requests[namespace])
	}
	return b.String(), nil
}
