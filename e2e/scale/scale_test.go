// Package scale measures how long Argo CD needs for many environments that are requested at once, until it has synced all of
// them: PreviewSet's beside the same number that Argo CD's own pull request generator makes from the same manifests. It does
// so with Argo CD's default settings and with those that docs/guides/operating.md recommends.
//
// Each measurement has a stand of its own, so that none works with what another left behind. Machines are noisy: compare
// only figures of one run.
package scale

import (
	"context"
	"flag"
	"fmt"
	"os"
	"strings"
	"testing"
	"time"

	"github.com/previewset/previewset/e2e/argocd"
	"github.com/previewset/previewset/e2e/figures"
	"github.com/previewset/previewset/e2e/gitserver"
	"github.com/previewset/previewset/e2e/stand"
	"github.com/previewset/previewset/internal/githubtest"
)

const (
	// patience is the longest time that a measurement waits. With 200 environments it takes about eight minutes on two cores.
	patience = 30 * time.Minute
	// tolerance is the largest ratio of our time to theirs that meets the goal: machines are noisy.
	tolerance = 1.1
)

var (
	environments = flag.Int("environments", 200, "`number` of pull requests that are labelled at once")
	options      argocd.Options
	rows         []figures.Figure
)

func TestMain(m *testing.M) {
	options.AddFlags(flag.CommandLine)
	flag.Parse()
	code := m.Run()
	figures.Write(os.Stdout, "Argo CD's generator", rows) // last, so that it is found below the output of failed benchmarks
	os.Exit(code)
}

// Goal: Argo CD syncs many environments of PreviewSet at least as fast as those of its own pull request generator.
//
// The time begins when the first pull request gets its label and ends when all Applications are Synced. The Applications of
// Argo CD's generator have the spec of ours, so that both need the same work.
func BenchmarkManyAtOnce(b *testing.B) {
	for b.Loop() {
		for _, large := range []bool{false, true} {
			ours, sample := measureOurs(b, large)
			theirs := measureTheirs(b, large, sample)
			rows = append(rows,
				row(fmt.Sprintf("%s, all created", title(large)), theirs.created, ours.created),
				row(fmt.Sprintf("%s, all synced", title(large)), theirs.synced, ours.synced))
			if ours.synced.Seconds() > tolerance*theirs.synced.Seconds() {
				b.Errorf("%s: all are synced after %s, with Argo CD's generator after %s", title(large), ours.synced, theirs.synced)
			}
		}
	}
}

func title(large bool) string {
	settings := "default settings"
	if large {
		settings = "settings for large installations"
	}
	return fmt.Sprintf("Argo CD %s, %d environments, %s", options.Version, *environments, settings)
}

func row(measure string, theirs, ours time.Duration) figures.Figure {
	return figures.Figure{
		Measure: measure, Theirs: theirs.Round(time.Second).String(), Ours: ours.Round(time.Second).String(),
		Ratio: fmt.Sprintf("%.2f", ours.Seconds()/theirs.Seconds()),
	}
}

// begin starts a stand with the installed generator and waits for the baseline. It opens the pull requests of a repository
// without a label. Their authors differ because of the limits.
func begin(b *testing.B, large bool, repository string) (*stand.Stand, *githubtest.Repo) {
	b.Helper()
	o := options
	o.Large = large
	s, err := stand.Start(b.Context(), stand.Options{ArgoCD: o})
	if err != nil {
		b.Fatal(err)
	}
	b.Cleanup(func() { _ = s.Close() })
	repositories := map[string]*githubtest.Repo{}
	for _, name := range []string{"acme/shop", "acme/gateway", "acme/theirs"} { // the example configures the first two
		repositories[name] = s.GitHub.AddRepository(name)
	}
	if err := install(b.Context(), s); err != nil {
		b.Fatal(err)
	}
	s.WaitSynced(b, "staging", patience)
	r := repositories[repository]
	for i := range *environments {
		r.Open(githubtest.PullRequest{Author: fmt.Sprintf("dev-%d", i), Files: []githubtest.File{{Name: "web/index.html"}}})
	}
	return s, r
}

// install installs PreviewSet with limits for all environments, and starts the generator.
func install(ctx context.Context, s *stand.Stand) error {
	if err := s.Install(ctx); err != nil {
		return err
	}
	_, err := s.Git.Change(ctx, "Raise the limits", func(tree *os.Root) error {
		policy, err := tree.ReadFile("previewset.yaml")
		if err != nil {
			return err
		}
		text := string(policy)
		for _, limit := range []string{"environments: 200", "awake: 100", "perRepository: 100"} {
			if strings.Count(text, "\n  "+limit) != 1 {
				return fmt.Errorf("the example's previewset.yaml doesn't have the limit %q once", limit)
			}
			name, _, _ := strings.Cut(limit, " ")
			text = strings.Replace(text, "\n  "+limit, fmt.Sprintf("\n  %s %d", name, 2**environments), 1)
		}
		return gitserver.Write("previewset.yaml", text)(tree)
	})
	if err != nil {
		return err
	}
	_, err = s.RunService(ctx)
	return err
}

// durations are those of one measurement, from the first label on.
type durations struct{ created, synced time.Duration }

// measureOurs measures PreviewSet. The sample is one of the Applications.
func measureOurs(b *testing.B, large bool) (d durations, sample stand.Application) {
	b.Helper()
	s, shop := begin(b, large, "acme/shop")
	seen := watchApplications(b, s, "preview-shop-pr-")
	start := time.Now()
	labelAll(shop)
	d = seen.waitAll(b, start)
	sample, err := s.Application(b.Context(), fmt.Sprintf("preview-shop-pr-%d", *environments))
	if err != nil {
		b.Fatal(err)
	}
	if err := s.Close(); err != nil {
		b.Fatal(err)
	}
	return d, sample
}

// measureTheirs measures Argo CD's generator. Its ApplicationSet is created when all labels are set, so it waits for no poll.
func measureTheirs(b *testing.B, large bool, sample stand.Application) durations {
	b.Helper()
	s, theirs := begin(b, large, "acme/theirs")
	set, err := theirSet(b.Context(), s, sample)
	if err != nil {
		b.Fatal(err)
	}
	seen := watchApplications(b, s, "preview-theirs-pr-")
	start := time.Now()
	labelAll(theirs)
	if err := create(b.Context(), s, set); err != nil {
		b.Fatal(err)
	}
	d := seen.waitAll(b, start)
	if err := s.Close(); err != nil {
		b.Fatal(err)
	}
	return d
}

func labelAll(r *githubtest.Repo) {
	for number := 1; number <= *environments; number++ {
		r.Label(number, "preview")
	}
}
