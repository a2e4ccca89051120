package prometheus

import (
	"maps"
	"slices"
	"strings"
)

// presets are ready-made queries. The result of each is 1 for a used namespace, and 0 for a namespace that was
// certainly idle within the window. They have these rules in common:
//
//   - Only the controller's own metrics count. A query selects the controller's job or namespace, and no target in a
//     preview's namespace. A Pod that is scraped with honor_labels can still imitate the controller and keep
//     environments awake; lifetime.sleep.maxAwake limits that.
//   - A counter shows use if its value differs from the value one window ago. So a counter that appears with its first
//     request shows use, which increase() would miss, and so does a counter that was reset.
//   - The result is 0 only for namespaces that the controller knows now, while each of its replicas is scraped and none
//     has restarted in the same Pod; a restart may lose requests. Without a result the activity is unknown, which
//     counts as use.
//   - A request counts when it ends; a WebSocket counts when it closes. HEAD and OPTIONS don't count if the metric has
//     the method. No metric tells an uptime monitor from a person.
//
//nolint:gochecknoglobals // constant in all but syntax
var presets = map[string]func(scope) (string, naming){
	"ingress-nginx":        ingressNGINX.query,
	"traefik":              traefik.query,
	"istio":                istio.query,
	"envoy-gateway":        envoyGateway.query,
	"nginx-gateway-fabric": nginxGatewayFabric.query,
	"postgresql":           postgreSQL,
	"redis":                redis,
}

func presetNames() string { return strings.Join(slices.Sorted(maps.Keys(presets)), ", ") }

const (
	goRestarted    = `changes(process_start_time_seconds{%[1]s}[%[2]s]) > 0`
	envoyRestarted = `resets(envoy_server_uptime{%[1]s}[%[2]s]) > 0`
	kubeState      = `job=~".*kube-state-metrics.*"`
	countedMethods = `method!~"HEAD|OPTIONS"`

	traefikService = "traefik_service" // label of our queries: Traefik's name of a service
)

//nolint:gochecknoglobals // constant in all but syntax
var (
	// ingressNGINX: its Helm chart and its manual use its name as the job's name. The gauge orphan_ingress, 0 or 1,
	// exists for every Ingress that it serves. https://kubernetes.github.io/ingress-nginx/user-guide/monitoring/
	ingressNGINX = controller{
		own: `job=~".*ingress-nginx.*"`,
		requests: series{
			metric: "nginx_ingress_controller_requests", where: countedMethods, label: "namespace", pattern: "(PREFIX.+)",
		},
		known:     []series{{metric: "nginx_ingress_controller_orphan_ingress", label: "namespace", pattern: "(PREFIX.+)"}},
		restarted: goRestarted,
	}
	// traefik: only for Ingresses. Their services have the name <namespace>-<service>-<port>@kubernetes. Services of
	// other providers aren't named after a Service, so their activity is unknown. Ingresses without a request are known
	// from kube-state-metrics, if Traefik has metrics by service.
	// https://doc.traefik.io/traefik/observability/metrics/overview/
	traefik = controller{
		own: `job=~".*traefik.*"`,
		requests: series{
			metric: "traefik_service_requests_total", where: countedMethods, label: "service", pattern: "(PREFIX.+)@kubernetes",
			resultLabel: traefikService,
		},
		known: []series{{
			metric: "kube_ingress_info", own: kubeState, where: `ingressclass=~"|_default|.*traefik.*"`, label: "namespace",
			pattern: "(PREFIX.+)",
		}},
		onlyWith:  []series{{metric: "traefik_service_requests_total", label: "service", pattern: "(.+)@kubernetes"}},
		restarted: goRestarted,
		naming:    func(s scope) naming { return s.traefikNamespaces },
	}
	// istio: requests to previews' Services through gateways in namespaces istio-*. Namespaces without a request are
	// known from kube-state-metrics, if the gateways have metrics of any preview.
	// https://istio.io/latest/docs/reference/config/metrics/
	istio = controller{
		own:       `namespace=~"istio-.+"`,
		requests:  fromIstio,
		known:     []series{{metric: "kube_namespace_created", own: kubeState, label: "namespace", pattern: "(PREFIX.+)"}},
		onlyWith:  []series{fromIstio},
		restarted: envoyRestarted,
	}
	fromIstio = series{
		metric: "istio_requests_total", where: `reporter="source"`, label: "destination_service_namespace",
		pattern: "(PREFIX.+)",
	}
	// envoyGateway: each rule of a route has a cluster with a counter, also before its first request.
	// https://gateway.envoyproxy.io/docs/tasks/observability/proxy-metric/
	envoyGateway = controller{
		own: `namespace="envoy-gateway-system"`,
		requests: series{
			metric: "envoy_cluster_upstream_rq_total", label: "envoy_cluster_name",
			pattern: "(?:http|grpc)route/(PREFIX[^/]+)/.+",
		},
		restarted: envoyRestarted,
	}
	// nginxGatewayFabric: only with NGINX Plus. Its upstreams have the name <namespace>_<service>_<port>, also before
	// the first request. Free NGINX has only one counter for all requests.
	// https://docs.nginx.com/nginx-gateway-fabric/monitoring/prometheus/
	nginxGatewayFabric = controller{
		own: `job=~".*nginx.*"`,
		requests: series{
			metric: "nginx_http_upstream_peer_requests_total", label: "nginx_upstream_name", pattern: "(PREFIX[^_]+)_.+",
		},
		restarted: goRestarted,
	}
)
