package prometheus

import (
	"cmp"
	"fmt"
	"maps"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"time"
)

// presets are ready-made questions. Each yields 1 for what was used within the window, and 0 for what wasn't, where
// that is sure. They share these rules:
//
//   - Only what the controller itself says counts: its job or namespace is selected, and no target in a preview's namespace. A
//     Pod that is scraped with honor_labels can still pass for it, and so keep environments awake, which lifetime.sleep.maxAwake caps.
//   - A counter was used if it is not what it was a window ago. So a counter that appears with its first request counts,
//     which increase() doesn't see, and so does one that begins again.
//   - Zero is said only of what the controller knows now, while every replica of it is scraped and none has begun again in
//     the same Pod, which may take requests with it unseen. Else nothing is said, and unknown is active.
//   - Requests count when they are answered: a WebSocket counts at its end. HEAD and OPTIONS don't count where the metric has the method.
//     No metric tells a monitor from a person.
//
//nolint:gochecknoglobals // constant in all but syntax
var presets = map[string]func(scope) (string, naming){
	"ingress-nginx":        ingressNGINX.question,
	"traefik":              traefik.question,
	"istio":                istio.question,
	"envoy-gateway":        envoyGateway.question,
	"nginx-gateway-fabric": nginxGatewayFabric.question,
	"postgresql":           postgreSQL,
}

func presetNames() string { return strings.Join(slices.Sorted(maps.Keys(presets)), ", ") }

// scope is what of the policy a question depends on.
type scope struct {
	prefix   string
	window   time.Duration
	services []string // the public ones
}

// controller is how an ingress controller's metrics tell of use.
type controller struct {
	// own selects the controller's targets.
	own string
	// requests counts them. A counter that stays is evidence too.
	requests series
	// known is there for what the controller serves, also before its first request.
	known []series
	// if is there while what is known from elsewhere is really served by this controller.
	ifThere []series
	// restarted yields something if a process began again; %[1]s selects targets and %[2]s is a range.
	restarted string
	naming    func(scope) naming
}

// series of one metric tell of one namespace each.
type series struct {
	metric string
	// own selects the targets, if they aren't the controller's.
	own string
	// where are further matchers.
	where string
	// label says whose it is, in the pattern's group. PREFIX stands for that of the namespaces.
	label, pattern string
	// into is the label that the query yields it in; default namespace.
	into string
}

const (
	goRestarted    = `changes(process_start_time_seconds{%[1]s}[%[2]s]) > 0`
	envoyRestarted = `resets(envoy_server_uptime{%[1]s}[%[2]s]) > 0`
	kubeState      = `job=~".*kube-state-metrics.*"`
	byPeople       = `method!~"HEAD|OPTIONS"`
	behind         = "behind" // what Traefik calls a service
)

//nolint:gochecknoglobals // constant in all but syntax
var (
	// ingressNGINX: its Helm chart and its manual name the job after it. The gauge orphan_ingress is there for every
	// Ingress that it serves, 0 or 1. https://kubernetes.github.io/ingress-nginx/user-guide/monitoring/
	ingressNGINX = controller{
		own:       `job=~".*ingress-nginx.*"`,
		requests:  series{metric: "nginx_ingress_controller_requests", where: byPeople, label: "namespace", pattern: "(PREFIX.+)"},
		known:     []series{{metric: "nginx_ingress_controller_orphan_ingress", label: "namespace", pattern: "(PREFIX.+)"}},
		restarted: goRestarted,
	}
	// traefik: for Ingresses. Its services are then <namespace>-<service>-<port>@kubernetes; those of other providers
	// aren't named after Services, and nothing is known of them. Ingresses without a request yet are known from
	// kube-state-metrics, while Traefik counts by services at all.
	// https://doc.traefik.io/traefik/observability/metrics/overview/
	traefik = controller{
		own: `job=~".*traefik.*"`,
		requests: series{
			metric: "traefik_service_requests_total", where: byPeople, label: "service", pattern: "(PREFIX.+)@kubernetes",
			into: behind,
		},
		known: []series{{
			metric: "kube_ingress_info", own: kubeState, where: `ingressclass=~"|_default|.*traefik.*"`, label: "namespace",
			pattern: "(PREFIX.+)",
		}},
		ifThere:   []series{{metric: "traefik_service_requests_total", label: "service", pattern: "(.+)@kubernetes"}},
		restarted: goRestarted,
		naming:    func(s scope) naming { return s.behindTraefik },
	}
	// istio: what gateways in namespaces istio-* say of requests to previews' Services. Namespaces without a request
	// yet are known from kube-state-metrics, while gateways tell of any preview.
	// https://istio.io/latest/docs/reference/config/metrics/
	istio = controller{
		own:       `namespace=~"istio-.+"`,
		requests:  fromIstio,
		known:     []series{{metric: "kube_namespace_created", own: kubeState, label: "namespace", pattern: "(PREFIX.+)"}},
		ifThere:   []series{fromIstio},
		restarted: envoyRestarted,
	}
	fromIstio = series{
		metric: "istio_requests_total", where: `reporter="source"`, label: "destination_service_namespace",
		pattern: "(PREFIX.+)",
	}
	// envoyGateway: there is a cluster, and so its counter, for every rule of a route from the beginning.
	// https://gateway.envoyproxy.io/docs/tasks/observability/proxy-metric/
	envoyGateway = controller{
		own: `namespace="envoy-gateway-system"`,
		requests: series{
			metric: "envoy_cluster_upstream_rq_total", label: "envoy_cluster_name",
			pattern: "(?:http|grpc)route/(PREFIX[^/]+)/.+",
		},
		restarted: envoyRestarted,
	}
	// nginxGatewayFabric: with NGINX Plus, whose upstreams are <namespace>_<service>_<port> and there from the
	// beginning. Free NGINX counts only all requests together: nothing is known then.
	// https://docs.nginx.com/nginx-gateway-fabric/monitoring/prometheus/
	nginxGatewayFabric = controller{
		own: `job=~".*nginx.*"`,
		requests: series{
			metric: "nginx_http_upstream_peer_requests_total", label: "nginx_upstream_name", pattern: "(PREFIX[^_]+)_.+",
		},
		restarted: goRestarted,
	}
)

func (c controller) question(s scope) (string, naming) {
	there := c.requests
	there.where = ""
	sure := "and on () " + c.sure(s)
	parts := []string{
		s.group(c.own, s.changed, c.requests),
		s.group(c.own, plain, there) + " * 0\n  " + sure,
	}
	if len(c.known) > 0 {
		parts = append(parts, s.group(c.own, plain, c.known...)+" * 0\n  "+sure)
	}
	if len(c.ifThere) > 0 {
		parts[len(parts)-1] += "\n  and on () " + s.group(c.own, plain, c.ifThere...)
	}
	query := strings.Join(parts, "\nor ")
	if c.naming != nil {
		return query, c.naming(s)
	}
	return query, byLabel
}

// sure yields something while every replica is scraped and none has begun again.
func (c controller) sure(s scope) string {
	own := c.own + "," + s.elsewhere()
	return fmt.Sprintf("(min(up{%s}) == 1 unless on () (%s))", own, fmt.Sprintf(c.restarted, own, seconds(2*s.window)))
}

func plain(selector string) string { return selector }

// changed yields the counters that aren't what they were a window ago. last_over_time bridges a scrape that failed.
func (s scope) changed(selector string) string {
	w := seconds(s.window)
	return fmt.Sprintf("(last_over_time(%[1]s[%[2]s]) > 0 unless last_over_time(%[1]s[%[2]s]) == last_over_time(%[1]s[%[2]s] offset %[2]s))", selector, w)
}

// group makes expressions of series' selectors, and yields 1 for each of what their labels name.
func (s scope) group(own string, expression func(selector string) string, all ...series) string {
	var each []string
	for _, k := range all {
		// A target's own label of that name, which the Prometheus Operator sets, makes Prometheus rename the metric's,
		// unless it honours labels.
		for _, label := range []string{k.label, "exported_" + k.label} {
			each = append(each, fmt.Sprintf("label_replace(%s, %q, %q, %q, %s)",
				expression(s.selector(own, k, label)), cmp.Or(k.into, "namespace"), "$1", label, s.pattern(k)))
		}
	}
	return fmt.Sprintf("group by (%s) (\n  %s)", cmp.Or(all[0].into, "namespace"), strings.Join(each, "\n  or "))
}

func (s scope) selector(own string, k series, label string) string {
	matchers := []string{cmp.Or(k.own, own), k.where, label + "=~" + s.pattern(k)}
	if label == k.label {
		matchers = append(matchers, "exported_"+label+`=""`)
	}
	if label != "namespace" {
		matchers = append(matchers, s.elsewhere())
	}
	matchers = slices.DeleteFunc(matchers, func(m string) bool { return m == "" })
	return k.metric + "{" + strings.Join(matchers, ",") + "}"
}

func (s scope) pattern(k series) string {
	return strconv.Quote(strings.ReplaceAll(k.pattern, "PREFIX", regexp.QuoteMeta(s.prefix)))
}

// elsewhere matches targets that aren't in a preview's namespace.
func (s scope) elsewhere() string {
	return "namespace!~" + strconv.Quote(regexp.QuoteMeta(s.prefix)+".*")
}

func seconds(d time.Duration) string { return fmt.Sprintf("%ds", int(d.Seconds())) }
