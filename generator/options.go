package generator

import (
	"context"
	"log/slog"
	"net/netip"
	"net/url"
	"time"

	"github.com/prometheus/client_golang/prometheus"
	"go.opentelemetry.io/otel/trace"

	"github.com/previewset/previewset/generator/api"
	"github.com/previewset/previewset/generator/applicationsets"
	"github.com/previewset/previewset/generator/buttons"
	"github.com/previewset/previewset/generator/previewspage"
	"github.com/previewset/previewset/generator/progress"
	"github.com/previewset/previewset/generator/replica"
	"github.com/previewset/previewset/generator/report"
	"github.com/previewset/previewset/generator/secret"
	"github.com/previewset/previewset/generator/signin"
	"github.com/previewset/previewset/generator/sources"
	"github.com/previewset/previewset/generator/store"
	"github.com/previewset/previewset/internal/preview"
)

// Cluster talks to the Kubernetes API server about Argo CD's objects.
type Cluster interface {
	sources.ClusterReader
	applicationsets.Refresher
	// Recover rebuilds the memory of live environments from their Applications, after the saved state was lost.
	Recover(ctx context.Context) (preview.Recovered, error)
}

// Clock compares our clock with GitHub's.
type Clock interface {
	// Skew is how far GitHub's clock is ahead of ours; ok is false if that is unknown.
	Skew() (skew time.Duration, ok bool)
}

// Options are the parts and settings of a Generator. Parts without a default are required.
type Options struct {
	ConfigBranch sources.ConfigBranch
	GitHub       sources.GitHub
	// Quota slows down polling, and defers reads after webhooks, while GitHub quota is short; nil means no limit.
	Quota Quota
	// Cluster is nil without a cluster; then names of other Applications are unknown.
	Cluster Cluster
	// Applications reads the status of Applications; nil without a cluster.
	Applications progress.Applications
	// Workloads reads the workloads of environments; nil without a cluster.
	Workloads progress.Workloads
	// Activity measures how environments are used; nil measures nothing, and every environment counts as used.
	Activity sources.ActivityMeter
	// Usage sums the requested resources of environments; nil if it is unknown.
	Usage api.Usage
	// Clock compares our clock with GitHub's; if it is nil, the difference is unknown, and no environment sleeps or
	// expires.
	Clock Clock
	// Reporter writes reports to GitHub; nil writes none.
	Reporter report.GitHub
	// Reports are the kinds of reports that are written; only commit statuses if it is empty.
	Reports []report.Kind
	// Jira writes links of the issues that pull requests name; nil writes none.
	Jira report.Jira
	// StopsReporting says whether an error of the Reporter ends the reports to a repository; nil retries after every error.
	StopsReporting func(error) bool
	// DeploymentEnvironment is the name of GitHub's environment for deployments; default "preview".
	DeploymentEnvironment string
	// StatusContext names the Reporter's commit statuses and check runs, so that webhooks about them are ignored.
	StatusContext string
	// App is the ID of the GitHub App that writes check runs; 0 without one.
	App int64
	// Permissions tells whether a user may use the buttons of check runs; nil ignores them.
	Permissions buttons.Permissions
	// Store keeps the state between two runs; nil keeps none.
	Store store.Backend
	// Replica lets several processes share the Store, of which one leads; nil lets this one run alone.
	Replica *replica.Replica
	// Token is Argo CD's token; it gives access to rows only.
	Token *secret.File
	// APIToken gives access to the API; nil turns the API off.
	APIToken *secret.File
	// Workflows verifies the tokens of GitHub Actions for the API; nil refuses them.
	Workflows *signin.Workflows
	// WebhookSecret signs GitHub's webhooks; nil refuses all webhooks.
	WebhookSecret *secret.File
	// ConfigRepository is the GitOps repository ("owner/name", lower case), or empty if it isn't on GitHub. Its webhooks
	// make the generator read the config branch.
	ConfigRepository string
	// Interval is the time between two polls; default one minute.
	Interval time.Duration
	// Repositories are patterns (path.Match, lower case) of the repositories that the configuration may name. An empty
	// list allows all.
	Repositories []string
	// Protected are namespaces that no environment may use, in addition to the configured ones.
	Protected []string
	// TrustedProxies are the networks of proxies that set X-Forwarded-For.
	TrustedProxies []netip.Prefix
	// SignInProxy is the proxy that names signed-in people; its zero value names none.
	SignInProxy signin.Proxy
	// Pages turns on the previews page; nil turns it off.
	Pages *Pages
	// EnvironmentMetrics adds metrics of single environments.
	EnvironmentMetrics bool
	// Tracer makes the spans of the refresh cycle; nil makes none.
	Tracer trace.Tracer
	// Registry receives the generator's metrics; default a new one.
	Registry *prometheus.Registry
	Logger   *slog.Logger     // default slog.Default()
	Now      func() time.Time // default time.Now
}

// Pages are the settings of the previews page.
type Pages struct {
	// URL is the address of the pages, without a path. The public listener answers requests to its host.
	URL *url.URL
	// OIDC is the identity provider; nil if people come only through the SignInProxy.
	OIDC *signin.OIDC
	// Key seals the cookies; nil uses a random key, and a restart signs everybody out.
	Key *secret.File
}

// pageOf returns the address of an environment's page; "" without the previews page.
func (p *Pages) pageOf(environment string) string {
	if p == nil || environment == "" {
		return ""
	}
	return p.URL.JoinPath(previewspage.PathOf(environment)).String()
}

func (o *Options) setDefaults() {
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
}
