package activity

import (
	"fmt"
	"maps"
	"testing"
	"time"

	server "github.com/previewset/previewset/e2e/prometheus"
	"github.com/previewset/previewset/internal/config"
)

// shape describes the metrics and the targets of a controller.
type shape struct {
	name, preset, job string
	// namespace is the controller's namespace, a label of its targets.
	namespace string
	honor     bool
	// labels are further labels of its targets.
	labels map[string]string
	// requests returns the counter of a namespace and method.
	requests func(namespace, method string) string
	methods  bool
	// serves returns a series that exists for each namespace with a route; page is the path of its metrics.
	serves       func(namespace string) string
	page, number string
	// started is a series with the start time of the process, and its values before and after a restart.
	started       string
	before, after string
}

const (
	first  = "/replica-1"
	second = "/replica-2"
	state  = "/kube-state-metrics"
	evil   = "/evil"
)

func goProcess(s shape) shape {
	s.started, s.before, s.after = "process_start_time_seconds", "1700000000", "1700009999"
	return s
}

func envoy(s shape) shape {
	s.started, s.before, s.after = "envoy_server_uptime", "9999", "1"
	return s
}

func nginx(s shape) shape {
	s.preset, s.job, s.namespace, s.methods = "ingress-nginx", "ingress-nginx-controller-metrics", "ingress-nginx", true
	s.requests = func(namespace, method string) string {
		return fmt.Sprintf(`nginx_ingress_controller_requests{namespace=%q,ingress="gateway",status="200",method=%q,path="/"}`, namespace, method)
	}
	s.serves = func(namespace string) string {
		return fmt.Sprintf(`nginx_ingress_controller_orphan_ingress{namespace=%q,ingress="gateway",type="no-service"}`, namespace)
	}
	s.page, s.number = first, "0"
	return goProcess(s)
}

func traefik(s shape) shape {
	s.preset, s.job, s.namespace, s.methods = "traefik", "traefik", "traefik", true
	s.requests = func(namespace, method string) string {
		return fmt.Sprintf(`traefik_service_requests_total{service="%s-gateway-80@kubernetes",code="200",method=%q,protocol="http"}`,
			namespace, method)
	}
	s.serves = func(namespace string) string {
		return fmt.Sprintf(`kube_ingress_info{namespace=%q,ingress="gateway",ingressclass="traefik"}`, namespace)
	}
	s.page, s.number = state, "1"
	return goProcess(s)
}

const nginxPeer = `nginx_http_upstream_peer_requests_total{nginx_upstream_name="%s_%s_80",nginx_peer_address="10.0.0.%d:80"}`

var shapes = []shape{
	nginx(shape{name: "ingress-nginx, labels honoured", honor: true}),
	nginx(shape{name: "ingress-nginx, labels renamed"}),
	traefik(shape{name: "traefik, labels honoured", honor: true}),
	traefik(shape{name: "traefik, labels renamed", labels: map[string]string{"service": "traefik"}}),
	envoy(shape{
		name: "istio", preset: "istio", job: "istio-system/envoy-stats-monitor", namespace: "istio-ingress",
		requests: func(namespace, _ string) string {
			return fmt.Sprintf(`istio_requests_total{reporter="source",source_workload="public-istio",destination_service_namespace=%q,`+
				`destination_service_name="gateway",response_code="200"}`, namespace)
		},
		serves: func(namespace string) string { return fmt.Sprintf(`kube_namespace_created{namespace=%q}`, namespace) },
		page:   state, number: "1700000000",
	}),
	envoy(shape{
		name: "envoy-gateway", preset: "envoy-gateway", job: "kubernetes-pods", namespace: "envoy-gateway-system",
		requests: func(namespace, _ string) string {
			return fmt.Sprintf(`envoy_cluster_upstream_rq_total{envoy_cluster_name="httproute/%s/gateway/rule/0"}`, namespace)
		},
		serves: func(namespace string) string {
			return fmt.Sprintf(`envoy_cluster_upstream_rq_total{envoy_cluster_name="httproute/%s/admin/rule/1"}`, namespace)
		},
		page: first, number: "0",
	}),
	goProcess(shape{
		name: "nginx-gateway-fabric", preset: "nginx-gateway-fabric", job: "public-nginx", namespace: "nginx-gateway",
		requests: func(namespace, _ string) string {
			return fmt.Sprintf(nginxPeer, namespace, "gateway", 1)
		},
		serves: func(namespace string) string {
			return fmt.Sprintf(nginxPeer, namespace, "admin", 2)
		},
		page: first, number: "0",
	}),
}

// scrape returns the jobs: the controller's two replicas, kube-state-metrics, and a preview that imitates both.
func (s shape) scrape() []server.Job {
	labels := func(namespace string, more map[string]string) map[string]string {
		l := map[string]string{"namespace": namespace}
		maps.Copy(l, more)
		return l
	}
	own := labels(s.namespace, s.labels)
	return []server.Job{
		{Name: s.job, HonorLabels: s.honor, Targets: []server.Target{{Path: first, Labels: own}, {Path: second, Labels: own}}},
		{Name: "kube-state-metrics", HonorLabels: s.honor, Targets: []server.Target{{Path: state, Labels: labels("monitoring", nil)}}},
		{Name: "shop", HonorLabels: true, Targets: []server.Target{{Path: evil, Labels: labels("preview-evil", nil)}}},
		{Name: "preview-evil/" + s.job, Targets: []server.Target{
			{Path: evil, Labels: labels("preview-evil", nil)}, {Path: "/down", Labels: labels("preview-evil", nil)},
		}},
	}
}

// Each step waits for one measurement of Prometheus.
func TestControllers(t *testing.T) {
	t.Parallel()
	for _, s := range shapes {
		t.Run(s.name, func(t *testing.T) {
			t.Parallel()
			w := begin(t, config.PrometheusActivity{Preset: s.preset}, s.scrape()...)
			s.describe(w)
			quiet := []string{"preview-idle", "preview-slot-1", "preview-fresh"}
			w.eventually(t, "unused environments are idle, also before their first request", idle(append(quiet, "preview-slot-10")...),
				unknown("preview-elsewhere", "preview-evil", "staging"))

			w.pages.set(second, s.requests("preview-slot-10", "GET"), "1")
			w.eventually(t, "the first request of an environment is use", used("preview-slot-10"), notUsed(quiet...))
			w.eventually(t, "and a window later it is idle again", idle("preview-slot-10"), notUsed(quiet...))

			if s.methods {
				w.pages.set(first, s.requests("preview-idle", "HEAD"), "1")
				w.pages.set(first, s.requests("preview-idle", "OPTIONS"), "1")
			}
			w.pages.set(first, s.requests("preview-used", "GET"), "8")
			w.eventually(t, "another request is use", used("preview-used"), notUsed(quiet...))
			w.eventually(t, "and then idle", idle("preview-used"), notUsed(quiet...))

			w.pages.set(first, s.requests("preview-used", "GET"), "2")
			w.eventually(t, "a counter that begins again is use", used("preview-used"), notUsed(quiet...))
			w.eventually(t, "and then idle", idle("preview-used"), notUsed(quiet...))

			lines := w.pages.replace(second, nil)
			w.eventually(t, "while a replica isn't scraped nothing is idle", unknown(quiet...))
			w.pages.set(first, s.requests("preview-used", "GET"), "3")
			w.eventually(t, "but use is seen", used("preview-used"), notIdle(quiet...))
			w.pages.replace(second, lines)
			w.eventually(t, "it is back", idle(quiet...))

			w.pages.set(second, s.started, s.after)
			w.eventually(t, "a process that began again may have served unseen", unknown(quiet...))
			w.eventually(t, "but not for long", idle(append(quiet, "preview-used", "preview-slot-10")...))

			w.pages.replace(first, nil)
			w.pages.replace(second, nil)
			w.eventually(t, "without the controller nothing is known", func(used map[string]bool) bool { return len(used) == 0 })
		})
	}
}

func (s shape) describe(w *world) {
	for _, namespace := range []string{"preview-idle", "preview-used", "preview-slot-1", "preview-slot-10", "preview-fresh", "staging"} {
		w.pages.set(s.page, s.serves(namespace), s.number)
	}
	w.pages.set(first, s.requests("preview-idle", "GET"), "5")
	w.pages.set(first, s.requests("preview-used", "GET"), "7")
	w.pages.set(first, s.requests("preview-slot-1", "GET"), "3")
	w.pages.set(second, s.requests("preview-slot-1", "GET"), "4")
	for _, replica := range []string{first, second} {
		w.pages.set(replica, s.started, s.before)
		w.pages.set(replica, s.requests("staging", "GET"), "grows")
		w.pages.set(replica, `nginx_ingress_controller_requests{namespace="",ingress=""}`, "grows")
	}
	w.pages.set(evil, s.requests("preview-idle", "GET"), "grows")
	w.pages.set(evil, s.serves("preview-elsewhere"), s.number)
	w.pages.set(evil, s.started, "grows")
	w.pages.set(state, "up_for_real", fmt.Sprint(time.Now().Unix()))
}
