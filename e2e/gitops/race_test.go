package gitops

import (
	"context"
	"encoding/base64"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/previewset/previewset/e2e/figures"
	"github.com/previewset/previewset/e2e/gitserver"
)

const (
	writers = 16
	changes = 25
	// enough limits the script's time, as a multiple of previewctl's time. The goal is a smaller multiple.
	enough = 4
)

// Goal (issue 4): 16 parallel processes make 25 changes each to one branch over HTTP. No change is lost or doubled, and
// previewctl is at least 3 times as fast as a usual shell script in the same run. The script would take 15 minutes, so
// it is stopped after 4 times previewctl's time; its changes so far count.
//
// previewctl checks everything that Argo CD would render from each change; the script checks nothing. previewctl starts
// for each change, while a script clones once. Both send their credentials with the first request.
func BenchmarkRace(b *testing.B) {
	var ours, theirs result
	b.Run("previewctl", func(b *testing.B) {
		for b.Loop() {
			ours = race(b, 0, func(ctx context.Context, b *testing.B, server *gitserver.Server, writer int) error {
				b.Helper()
				for change := range changes {
					if err := previewctl(ctx, b, server, "set", environment(writer), "--service", "gateway=sha:"+sha(writer, change)); err != nil {
						return err
					}
				}
				return nil
			})
		}
	})
	b.Run("script", func(b *testing.B) {
		for b.Loop() {
			theirs = race(b, enough*ours.took, script)
		}
	})
	if ours.commits == 0 || theirs.commits == 0 {
		return // only one of them was asked for
	}
	ratio := ours.rate() / theirs.rate()
	rows = append(rows, figures.Figure{
		Measure: fmt.Sprintf("%d changes of one branch by %d processes: at least 3 times as fast", writers*changes, writers),
		Theirs:  theirs.String(), Ours: ours.String(), Ratio: fmt.Sprintf("%.1f times as fast", ratio),
	})
	if ratio < 3 {
		b.Errorf("previewctl takes %s, the script %s: %.1f times as fast, the goal is 3", ours, theirs, ratio)
	}
}

// result is the number of commits and the time of all of them.
type result struct {
	commits int
	took    time.Duration
}

func (r result) rate() float64 { return float64(r.commits) / r.took.Seconds() }

func (r result) String() string {
	text := fmt.Sprintf("%.1f s (%.1f/s)", r.took.Seconds(), r.rate())
	if r.commits < writers*changes {
		text = fmt.Sprintf("stopped with %d after %s", r.commits, text)
	}
	return text
}

func environment(writer int) string { return fmt.Sprintf("racer-%02d", writer) }

// sha is a commit that only one change names.
func sha(writer, change int) string { return fmt.Sprintf("%040x", 0xabc_000_000+1000*writer+change) }

// scriptText is a usual script in CI: it clones once, then pulls, edits, commits and pushes until the push succeeds.
const scriptText = `set -eu
credential=$4 url=$1 environment=$2 shas=$3
git() { command git -c http.extraHeader="Authorization: Basic $credential" "$@"; }
git clone --quiet --depth 1 "$url" clone
cd clone
for sha in $shas; do
  until
    git pull --quiet --rebase &&
    (cd "overlays/$environment" && kustomize edit set image "ghcr.io/stefanprodan/podinfo:$sha") &&
    git commit --quiet --all --message "Set gateway of $environment to $sha" &&
    git push --quiet 2>/dev/null
  do
    git reset --quiet --hard origin/main
  done
done`

func script(ctx context.Context, b *testing.B, server *gitserver.Server, writer int) error {
	b.Helper()
	var shas []string
	for change := range changes {
		shas = append(shas, sha(writer, change))
	}
	credential := base64.StdEncoding.EncodeToString([]byte("x-access-token:" + server.Password))
	return command(ctx, b, "/bin/sh", strings.NewReader(scriptText), []string{"PATH=" + filepath.Dir(programs.kustomize) + ":/usr/bin:/bin"},
		"-s", server.URL, environment(writer), strings.Join(shas, " "), credential)
}

// race lets all writers make their changes to a new repository. A limit bounds the time; 0 is none.
func race(
	b *testing.B, limit time.Duration, write func(ctx context.Context, b *testing.B, server *gitserver.Server, writer int) error,
) result {
	b.Helper()
	server := serve(b)
	start := []func(*os.Root) error{gitserver.Copy(example)}
	for w := range writers {
		start = append(start,
			gitserver.Write("overlays/"+environment(w)+"/environment.yaml", "apiVersion: previewset.dev/v1alpha1\nkind: Environment\n"),
			gitserver.Write("overlays/"+environment(w)+"/kustomization.yaml",
				"apiVersion: kustomize.config.k8s.io/v1beta1\nkind: Kustomization\nresources: [../preview]\n"))
	}
	base, err := server.Change(b.Context(), "Begin", gitserver.All(start...))
	if err != nil {
		b.Fatal(err)
	}
	ctx, cancel := context.WithCancel(b.Context())
	defer cancel()
	if limit > 0 {
		ctx, cancel = context.WithTimeout(ctx, limit)
		defer cancel()
	}
	var all sync.WaitGroup
	begin := time.Now()
	for w := range writers {
		all.Go(func() {
			if err := write(ctx, b, server, w); err != nil && ctx.Err() == nil {
				b.Error(err)
			}
		})
	}
	all.Wait()
	took := time.Since(begin)
	return result{commits: countChanges(b, server, base, ctx.Err() == nil), took: took}
}

// countChanges checks that every change is one commit, and that the commits of each writer are in order.
func countChanges(b *testing.B, server *gitserver.Server, base string, all bool) int {
	b.Helper()
	log, err := server.Ask(b.Context(), "log", "--reverse", "--format=tformat:commit", "--patch", "--unified=0", base+".."+gitserver.Branch)
	if err != nil {
		b.Fatal(err)
	}
	made := map[int]int{}
	for line := range strings.Lines(log) {
		for w := range writers {
			if strings.HasPrefix(line, "+") && strings.Contains(line, sha(w, made[w])) {
				made[w]++
			}
		}
	}
	sum := 0
	for w := range writers {
		if sum += made[w]; all && made[w] != changes {
			b.Errorf("writer %d has %d changes, want %d", w, made[w], changes)
		}
	}
	if commits := strings.Count("\n"+log, "\ncommit\n"); commits != sum || sum == 0 {
		b.Errorf("%d commits, want %d", commits, sum)
	}
	return sum
}
