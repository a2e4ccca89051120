// Command preview-generator is the generator that Argo CD's plugin generator asks: see package generator. The command
// reads flags and environment variables, and connects the parts.
package main

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"net"
	"os"
	"os/signal"
	"runtime/debug"
	"strings"
	"syscall"
	"time"

	"github.com/prometheus/client_golang/prometheus"
	"golang.org/x/sync/errgroup"

	"github.com/previewset/previewset/generator"
	"github.com/previewset/previewset/generator/replica"
	"github.com/previewset/previewset/generator/secret"
	"github.com/previewset/previewset/generator/store"
	"github.com/previewset/previewset/generator/traces"
	"github.com/previewset/previewset/internal/cluster"
	"github.com/previewset/previewset/internal/cluster/lease"
	"github.com/previewset/previewset/internal/configbranch"
	"github.com/previewset/previewset/internal/github"
	"github.com/previewset/previewset/internal/githubmetrics"
	activity "github.com/previewset/previewset/internal/prometheus"
)

func main() {
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	err := run(ctx, os.Args[1:], os.Getenv)
	stop()
	if err != nil {
		fmt.Fprintln(os.Stderr, "preview-generator:", err)
		os.Exit(1)
	}
}

func run(ctx context.Context, args []string, env func(string) string) error {
	s, err := parse(args, env)
	if err != nil || s == nil {
		return err
	}
	if env("GOGC") == "" {
		debug.SetGCPercent(50) // most of the heap is long-lived; an earlier collection is cheap and halves the peak
	}
	log := slog.New(slog.NewJSONHandler(os.Stderr, &slog.HandlerOptions{Level: s.logLevel}))
	o, err := s.options(log, clock(env))
	if err != nil {
		return err
	}
	endTraces, err := s.traces.apply(ctx, &o, log)
	if err != nil {
		return err
	}
	defer endTraces()
	g := generator.New(o)
	unlock, err := s.lockState()
	if err != nil {
		return err
	}
	defer func() { _ = unlock() }() // the end of the process releases it anyway
	private, public, err := s.listeners(ctx)
	if err != nil {
		return err
	}
	log.Info("listening", "private", private.Addr().String(), "public", public.Addr().String())
	group, ctx := errgroup.WithContext(ctx)
	group.Go(func() error { return g.Run(ctx) })
	group.Go(func() error { return g.Serve(ctx, private, public) })
	return group.Wait()
}

func (s *settings) listeners(ctx context.Context) (private, public net.Listener, err error) {
	var lc net.ListenConfig
	if private, err = lc.Listen(ctx, "tcp", s.listen); err != nil {
		return nil, nil, fmt.Errorf("--listen: %w", err)
	}
	if public, err = lc.Listen(ctx, "tcp", s.publicListen); err != nil {
		return nil, nil, fmt.Errorf("--public-listen: %w", err)
	}
	return private, public, nil
}

// options reads the secrets and builds the parts.
func (s *settings) options(log *slog.Logger, now func() time.Time) (o generator.Options, err error) {
	if err = s.checkFiles(); err != nil {
		return o, err
	}
	o = generator.Options{
		Interval: s.pollInterval, Repositories: s.repositories, Protected: s.protected(), Logger: log, Now: now,
		ConfigRepository: s.configRepository(), TrustedProxies: s.trustedProxies, EnvironmentMetrics: s.environmentMetrics,
	}
	if o.Token, err = required("--token-file", s.tokenFile); err != nil {
		return o, err
	}
	if o.APIToken, err = optional("--api-token-file", s.apiTokenFile); err != nil {
		return o, err
	}
	if o.WebhookSecret, err = optional("--webhook-secret-file", s.webhookSecretFile); err != nil {
		return o, err
	}
	if err = errors.Join(s.pages.apply(&o), s.jira.apply(&o)); err != nil {
		return o, err
	}
	if o.ConfigBranch, err = s.configBranch(); err != nil {
		return o, err
	}
	watched := githubmetrics.New()
	client, err := s.github(func(ctx context.Context, kind string, status int, fromCache bool, took time.Duration) {
		watched.Observe(ctx, kind, status, fromCache, took)
		traces.AddGitHubRequest(ctx, kind, status, took)
	})
	if err != nil {
		return o, err
	}
	watched.SetSource(client)
	o.Registry = prometheus.NewRegistry()
	o.Registry.MustRegister(watched)
	o.GitHub, o.Quota, o.Clock = client, client, client
	asked := activity.New(activity.Options{})
	o.Activity, o.Usage = asked, asked
	if kinds := s.reports(); len(kinds) > 0 && (s.hasGitHubCredentials() || !s.reportByDefault) {
		o.Reporter, o.StatusContext = client, github.StatusContext
		o.Reports, o.DeploymentEnvironment = kinds, s.deploymentEnvironment
		o.App, o.Permissions = s.githubAppID, client
		if s.reportByDefault {
			o.StopsReporting = github.IsRefused
		}
	}
	if err := s.connect(&o); err != nil {
		return o, err
	}
	return o, nil
}

// connect adds the parts that need a cluster. Without one the generator runs and logs a warning.
func (s *settings) connect(o *generator.Options) error {
	configMap, inConfigMap := strings.CutPrefix(s.state, "configmap:")
	if file := s.stateFile(); file != "" {
		o.Store = file
	}
	c, err := cluster.New(s.kubeconfig, s.argocdNamespace)
	switch {
	case errors.Is(err, cluster.ErrNoCluster) && inConfigMap:
		return fmt.Errorf("--state: %w, so there is no ConfigMap; name a file", err)
	case errors.Is(err, cluster.ErrNoCluster):
		o.Logger.Warn("no cluster: names of other Applications are unknown", "reason", err.Error())
		return nil
	case err != nil:
		return fmt.Errorf("--kubeconfig: %w", err)
	}
	o.Cluster, o.Applications, o.Workloads = c, c, c
	if inConfigMap {
		s.share(o, c, configMap)
	}
	return nil
}

// share lets several replicas keep their state in one ConfigMap. The Lease has its name, so that two services with one
// state never lead both.
func (s *settings) share(o *generator.Options, c *cluster.Client, configMap string) {
	election := c.Lease(configMap, o.Logger)
	o.Store = c.ElectedConfigMap(configMap, election)
	o.Replica = replica.New(replica.Options{
		Lease: leader{election}, State: c.ConfigMap(configMap), Token: o.Token, MaxAge: max(s.pollInterval, lease.Duration),
		Address: c.OwnAddress, Registry: o.Registry, Logger: o.Logger, Now: o.Now,
	})
}

// leader is a Lease as package replica needs it.
type leader struct{ *lease.Lease }

// Holder implements replica.Lease.
func (l leader) Holder() replica.Holder { return replica.Holder(l.Lease.Holder()) }

// Read implements replica.Lease.
func (l leader) Read(ctx context.Context) (replica.Holder, error) {
	h, err := l.Lease.Read(ctx)
	return replica.Holder(h), err
}

// stateFile is the file that --state names, "" for a ConfigMap or no state.
func (s *settings) stateFile() store.File {
	if strings.HasPrefix(s.state, "configmap:") {
		return ""
	}
	return store.File(s.state)
}

// lockState takes the lock on the state file, if there is one.
func (s *settings) lockState() (unlock func() error, err error) {
	file := s.stateFile()
	if file == "" {
		return func() error { return nil }, nil
	}
	if unlock, err = file.Lock(); err != nil {
		return nil, fmt.Errorf("--state: %w", err)
	}
	return unlock, nil
}

// checkFiles refuses named files that are missing or empty, all at once. Some of them are read much later, or not yet.
func (s *settings) checkFiles() error {
	var problems []error
	for _, f := range [][2]string{
		{"--token-file", s.tokenFile},
		{"--api-token-file", s.apiTokenFile},
		{"--config-token-file", s.configTokenFile},
		{"--config-ssh-key-file", s.configSSHKeyFile},
		{"--config-known-hosts-file", s.configKnownHostsFile},
		{"--github-token-file", s.githubTokenFile},
		{"--github-app-key-file", s.githubAppKeyFile},
		{"--webhook-secret-file", s.webhookSecretFile},
		{"--sign-in-secret-file", s.pages.proxySecretFile},
		{"--session-key-file", s.pages.sessionKeyFile},
		{"--oidc-client-secret-file", s.pages.clientSecret},
	} {
		_, err := optional(f[0], f[1])
		problems = append(problems, err)
	}
	return errors.Join(problems...)
}

func (s *settings) configBranch() (*configbranch.Reader, error) {
	token, err := optional("--config-token-file", s.configTokenFile)
	if err != nil {
		return nil, err
	}
	o := configbranch.Options{
		URL: s.configRepo, Branch: s.configBranchName, Path: s.configPath,
		SSHKeyFile: s.configSSHKeyFile, KnownHostsFile: s.configKnownHostsFile,
	}
	if token != nil {
		o.Token = token.Token
	}
	r, err := configbranch.New(o)
	if err != nil {
		return nil, fmt.Errorf("--config-repo: %w", err)
	}
	return r, nil
}

func (s *settings) github(
	observe func(ctx context.Context, kind string, status int, fromCache bool, took time.Duration),
) (*github.Client, error) {
	o := github.Options{BaseURL: s.githubURL, UserAgent: "preview-generator", Observe: observe}
	token, err := optional("--github-token-file", s.githubTokenFile)
	if err != nil {
		return nil, err
	}
	key, err := optional("--github-app-key-file", s.githubAppKeyFile)
	if err != nil {
		return nil, err
	}
	if token != nil {
		o.Token = token.Token
	}
	if key != nil {
		o.App = &github.App{
			ID: s.githubAppID, Installation: s.githubAppInstallationID,
			Key: func() ([]byte, error) { return []byte(key.Value()), nil },
		}
	}
	c, err := github.New(o)
	if err != nil {
		return nil, fmt.Errorf("GitHub: %w", err)
	}
	return c, nil
}

func required(flag, path string) (*secret.File, error) {
	if path == "" {
		return nil, fmt.Errorf("%s is needed: a file with the token that Argo CD sends", flag)
	}
	return optional(flag, path)
}

func optional(flag, path string) (*secret.File, error) {
	if path == "" {
		return nil, nil
	}
	s, err := secret.Read(path)
	if err != nil {
		return nil, fmt.Errorf("%s: %w", flag, err)
	}
	return s, nil
}
