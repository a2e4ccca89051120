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

// ingress serves the metrics that ingress-nginx would serve: the Ingresses in the cluster, and the requests that
// stories count. It gets no requests itself, because only its metrics matter.
type ingress struct {
	*httptest.Server
	cluster *cluster.Cluster
	began   time.Time

	mu       sync.Mutex
	requests map[string]int // by namespace
	down     bool
}

func newIngress(c *cluster.Cluster) *ingress {
	i := &ingress{cluster: c, began: time.Now(), requests: map[string]int{}}
	i.Server = httptest.NewServer(http.HandlerFunc(i.metrics))
	return i
}

// visited counts a request to a preview.
func (i *ingress) visited(namespace string) {
	i.mu.Lock()
	defer i.mu.Unlock()
	i.requests[namespace]++
}

// fail(true) makes every scrape fail, fail(false) makes them work again.
func (i *ingress) fail(down bool) {
	i.mu.Lock()
	defer i.mu.Unlock()
	i.down = down
}

func (i *ingress) metrics(w http.ResponseWriter, r *http.Request) {
	text, err := i.text(r.Context())
	if err != nil {
		http.Error(w, err.Error(), http.StatusServiceUnavailable)
		return
	}
	_, _ = fmt.Fprint(w, text) // Prometheus may go
}

func (i *ingress) text(ctx context.Context) (string, error) {
	i.mu.Lock()
	defer i.mu.Unlock()
	if i.down {
		return "", errors.New("the ingress controller is down")
	}
	all, err := i.cluster.Client.NetworkingV1().Ingresses("").List(ctx, metav1.ListOptions{})
	if err != nil {
		return "", err
	}
	var b strings.Builder
	_, _ = fmt.Fprintf(&b, "process_start_time_seconds %d\n", i.began.Unix())
	for _, in := range all.Items {
		_, _ = fmt.Fprintf(&b, "nginx_ingress_controller_orphan_ingress{namespace=%q,ingress=%q,type=\"no-service\"} 0\n", in.Namespace, in.Name)
	}
	for namespace, n := range i.requests {
		_, _ = fmt.Fprintf(&b, "nginx_ingress_controller_requests{namespace=%q,ingress=\"gateway\",method=\"GET\",status=\"200\"} %d\n",
			namespace, n)
	}
	return b.String(), nil
}
