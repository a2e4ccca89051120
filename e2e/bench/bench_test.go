// Package bench measures PreviewSet and Argo CD's own pull request generator side by side: in one run, on one simulated
// GitHub, one real Kubernetes API and one real ApplicationSet controller. A missed goal fails the run. All figures
// are printed as one table at the end. Machines are noisy, so only medians and ratios of one run are compared.
package bench

import (
	"context"
	"fmt"
	"os"
	"slices"
	"testing"
	"time"

	"github.com/previewset/previewset/e2e/argocd"
	"github.com/previewset/previewset/e2e/figures"
	"github.com/previewset/previewset/e2e/stand"
	"github.com/previewset/previewset/e2e/standtest"
)

// shared is the real environment of all benchmarks. It is set once. Argo CD's other controllers don't run, because
// syncing Applications isn't measured and would add noise.
var shared *stand.Stand

// rows are the rows of the final table.
var rows []figures.Figure

func TestMain(m *testing.M) {
	options := stand.Options{ArgoCD: argocd.Options{SetsOnly: true}}
	code := standtest.Main(m, options, func(ctx context.Context, s *stand.Stand) (func(), error) {
		shared = s
		return nil, s.Install(ctx)
	})
	// Last, so that it is found below the output of failed benchmarks.
	figures.Write(os.Stdout, "Argo CD's generator", rows)
	os.Exit(code)
}

// counted adds a row with two numbers.
func counted(measure string, theirs, ours int) {
	rows = append(rows, figures.Figure{Measure: measure, Theirs: fmt.Sprint(theirs), Ours: fmt.Sprint(ours), Ratio: ratio(theirs, ours)})
}

// ratio returns our value divided by Argo CD's.
func ratio[T int | time.Duration](theirs, ours T) string {
	return fmt.Sprintf("%.2f", float64(ours)/float64(max(1, theirs)))
}

// times are repeated measurements of one duration.
type times []time.Duration

// at returns the quantile q; 0.5 is the median.
func (t times) at(q float64) time.Duration {
	sorted := slices.Sorted(slices.Values(t))
	return sorted[int(q*float64(len(sorted)-1)+0.5)]
}

func (t times) String() string {
	return fmt.Sprintf("%s (p90 %s)", rounded(t.at(0.5)), rounded(t.at(0.9)))
}

func rounded(d time.Duration) string { return d.Round(time.Millisecond).String() }
