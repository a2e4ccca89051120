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
	// enough limits the script's time, as a multiple of previewctl's. The promise is shown by then.
	enough = 4
)

// The claim (issue 4): 16 parallel processes make 25 changes each to one branch over HTTP, none of them is lost or
// doubled, and it is at least 3 times as fast as the shell script that people have, in the same run. The script, which
// takes a quarter of an hour otherwise, is stopped when it has taken 4 times as long; its changes so far count.
//
// previewctl checks each change in all that Argo CD would make of it; the script checks nothing. It is started anew for
// each change, while a script clones once. Both know who they are before the server asks.
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
		b.Errorf("previewctl: %s; the script: %s: %.1f times as fast, not 3 times", ours, theirs, ratio)
	}
}

// result is how many commits came, and how long all took.
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

// sha is a commit that only this change names.
func sha(writer, change int) string { return fmt.Sprintf("%040x", 0xabc_000_000+1000*writer+change) }

// scriptText is what people have in CI: clone once, then pull, edit, commit and push until it worked.
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

// race lets all writers make their changes to a new repository, within a limit if there is one.
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

// countChanges looks whether every change is one commit, and each writer's are in order.
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
			b.Errorf("of writer %d there are %d changes, want %d", w, made[w], changes)
		}
	}
	if commits := strings.Count("\n"+log, "\ncommit\n"); commits != sum || sum == 0 {
		b.Errorf("there are %d commits of %d changes", commits, sum)
	}
	return sum
}
