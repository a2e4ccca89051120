// Package generator is the service: the plugin endpoint that an Argo CD ApplicationSet asks, the refresher that computes
// what it answers, and the HTTP servers around them. All fetching happens in the refresher; handlers only read the
// snapshot that is current, because Argo CD calls often, in parallel, and for every push that it hears of. It knows
// nothing of YAML, Git or GitHub's API: package preview decides, and what is read comes through two small interfaces.
//
// gin serves HTTP: routing, recovery and middleware that its users know. Metrics are Prometheus' own client library.
package generator

import (
	"context"
	"log/slog"
	"net/http"
	"net/netip"
	"sync"
	"sync/atomic"
	"time"

	"github.com/prometheus/client_golang/prometheus"
	"golang.org/x/sync/semaphore"

	"github.com/previewset/previewset/internal/preview"
)

// ConfigBranch reads the newest commit of the config branch.
type ConfigBranch interface {
	Read(ctx context.Context) (preview.Tree, error)
}

// GitHub reads one repository ("owner/name") whole, or fails.
type GitHub interface {
	Repository(ctx context.Context, name string, wants preview.Wants) (preview.Repository, error)
	// Only forgets what was remembered of all other repositories.
	Only(names []string)
}

// Quota knows how much may be asked of GitHub.
type Quota interface {
	// Pause is how long polling waits after it has read everything: the interval, or longer where the quota is short.
	Pause(interval time.Duration) time.Duration
	// Hurry says whether there is more left than the reserve that is kept for polling.
	Hurry() bool
	// Describe says for a person what is left.
	Describe() string
}

// Cluster reads what Argo CD has in the cluster, and makes it ask the plugins of an ApplicationSet at once.
type Cluster interface {
	Read(ctx context.Context) (preview.Cluster, error)
	// Recover reads what the live environments are from their Applications, for when memory is lost.
	Recover(ctx context.Context) (preview.Recovered, error)
	Refresh(ctx context.Context, applicationSet string) error
}

// Clock knows by how much GitHub's clock is ahead of this one, if it does.
type Clock interface {
	Skew() (time.Duration, bool)
}

// Options are what a Generator needs. All without a default must be given.
type Options struct {
	ConfigBranch ConfigBranch
	GitHub       GitHub
	// Quota slows polling down and webhooks' reads off where GitHub's quota is short; nil knows no bounds.
	Quota Quota
	// Cluster is nil where there is none; names that are taken there are then not known.
	Cluster Cluster
	// Applications tells what Argo CD has made of an environment; nil where there is no cluster: nobody can tell then.
	Applications Applications
	// Workloads tells what runs in an environment's namespace; nil where there is no cluster.
	Workloads Workloads
	// Activity measures how environments are used; nil measures nothing, and all count as used.
	Activity Activity
	// Usage tells what environments cost; nil where nobody can be asked.
	Usage Usage
	// Clock compares this clock with GitHub's; nil can't, and then nothing sleeps or ends by the time.
	Clock Clock
	// Reporter tells GitHub what was decided; nil tells it nothing.
	Reporter Reporter
	// Store keeps memory between two runs; nil keeps none.
	Store Store
	// Token is Argo CD's; it may only ask for rows.
	Token *Secret
	// APIToken is for everything else; nil turns the API off.
	APIToken *Secret
	// WebhookSecret signs GitHub's webhooks; nil refuses them.
	WebhookSecret *Secret
	// ConfigRepository is the GitOps repository's "owner/name" on GitHub, lower case: its webhooks make the config branch
	// be read again. Empty where it is elsewhere.
	ConfigRepository string
	// Interval between two reads of everything; default one minute.
	Interval time.Duration
	// Repositories are patterns (path.Match over lower-case "owner/name") that configuration may name; none allows all.
	Repositories []string
	// Protected are namespaces that no environment may have, besides those that configuration protects.
	Protected []string
	// TrustedProxies are the networks of proxies that say truly for whom they ask and who has signed in: they must drop
	// such headers (X-Forwarded-For, X-Forwarded-User, X-Auth-Request-User, X-Forwarded-Email) of others. None believes nobody.
	TrustedProxies []netip.Prefix
	// EnvironmentMetrics adds metrics of every single environment.
	EnvironmentMetrics bool
	// Registry takes the service's metrics; default a new one.
	Registry *prometheus.Registry
	Logger   *slog.Logger     // default slog.Default()
	Now      func() time.Time // default time.Now
}

// Generator computes and serves the answer.
type Generator struct {
	opts    Options
	metrics *metrics
	// served is what handlers read; nil until the first whole snapshot.
	served atomic.Pointer[served]
	// status is what the last refresh found, for people.
	status atomic.Pointer[status]
	state  refresherState
	// requests are what webhooks ask to be read again.
	requests   *requests
	deliveries deliveries
	// watched are the configured repositories by the names, lower case, and identities that their events can have.
	watched atomic.Pointer[map[string][]string]
	// callers are the ApplicationSets that have asked for rows.
	callers callers
	// applications are what was lately read of single Applications.
	applications lookups[*preview.ApplicationStatus]
	// running are the workloads that were lately read of single namespaces.
	running lookups[[]preview.Workload]
	// requested are what environments request while they are awake.
	requested requested
	// visits are what visits have lately woken.
	visits visits
	// sending bounds how many are sent the facts at once.
	sending *semaphore.Weighted
	// counting bounds how often Prometheus is asked at once what environments cost.
	counting *semaphore.Weighted

	public, private http.Handler
	handlers        sync.Once
}

// New returns a Generator that has read nothing yet: it answers 503 until Run has computed a whole snapshot.
func New(o Options) *Generator {
	if o.Interval <= 0 {
		o.Interval = time.Minute
	}
	if o.Registry == nil {
		o.Registry = prometheus.NewRegistry()
	}
	if o.Logger == nil {
		o.Logger = slog.Default()
	}
	if o.Now == nil {
		o.Now = time.Now
	}
	g := &Generator{opts: o, requests: newRequests(), sending: semaphore.NewWeighted(maxInputs), counting: semaphore.NewWeighted(maxUsages)}
	g.state.facts = preview.Facts{Repositories: map[string]preview.Repository{}, Protected: o.Protected}
	g.state.unheard = map[string]unheard{}
	g.state.failed, g.state.reads = map[string]error{}, newReads()
	g.metrics = newMetrics(o.Registry, g)
	g.status.Store(&status{Reason: "nothing has been read yet"})
	return g
}
