package gitrepo_test

import (
	"bytes"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"runtime"
	"strconv"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/previewset/previewset/internal/gitrepo"
)

const (
	benchWriters = 16
	benchChanges = 25
)

// BenchmarkRace has 16 processes make 25 changes each to one branch over HTTP, once through this package and once by
// the shell script that it replaces.
func BenchmarkRace(b *testing.B) {
	var ours, script time.Duration
	b.Run("here", func(b *testing.B) {
		for b.Loop() {
			ours = raceOf(b, func(url string, writer int) *exec.Cmd {
				cmd := exec.CommandContext(b.Context(), os.Args[0], url, strconv.Itoa(writer), strconv.Itoa(benchChanges))
				cmd.Env = environ("GITREPO_WRITER=1")
				return cmd
			})
		}
	})
	b.Run("script", func(b *testing.B) {
		for b.Loop() {
			script = raceOf(b, func(url string, writer int) *exec.Cmd {
				cmd := exec.CommandContext(b.Context(), "sh", "-c", raceScript, "sh", url, strconv.Itoa(writer), strconv.Itoa(benchChanges))
				cmd.Dir, cmd.Env = b.TempDir(), environ()
				return cmd
			})
		}
	})
	if ours > 0 && script > 0 {
		b.Logf("%.1f times as fast as the script", script.Seconds()/ours.Seconds())
	}
}

// raceScript is what people have in CI: clone once, then pull, edit, commit and push until it worked. The line that is
// added stands for kustomize edit, which takes longer.
const raceScript = `set -eu
git clone --quiet --depth 1 "$1" clone
cd clone
c=0
while [ $c -lt "$3" ]; do
  until
    git pull --quiet --rebase
    echo "$2-$c" >> log
    git add log
    git commit --quiet -m "Add $2-$c"
    git push --quiet 2>/dev/null
  do
    git reset --quiet --hard HEAD~1
  done
  c=$((c+1))
done`

func raceOf(b *testing.B, writer func(url string, n int) *exec.Cmd) time.Duration {
	b.Helper()
	bare := newEmpty(b)
	importFiles(b, bare, map[string]string{"README.md": "hello\n", "log": ""})
	url := serveGit(b, bare).url()
	var wg sync.WaitGroup
	var attempts atomic.Int64
	start := time.Now()
	for w := range benchWriters {
		wg.Go(func() {
			cmd := writer(url, w)
			var stderr bytes.Buffer
			cmd.Stderr = &stderr
			out, err := cmd.Output()
			if err != nil {
				b.Errorf("writer %d: %v: %s", w, err, &stderr)
			}
			if n, err := strconv.Atoi(strings.TrimSpace(string(out))); err == nil {
				attempts.Add(int64(n))
			}
		})
	}
	wg.Wait()
	took := time.Since(start)
	checkLog(b, bare, benchWriters, benchChanges)
	b.ReportMetric(benchWriters*benchChanges/took.Seconds(), "commits/s")
	if n := attempts.Load(); n > 0 {
		b.ReportMetric(float64(n)/(benchWriters*benchChanges), "attempts/commit")
	}
	return took
}

// BenchmarkLarge makes one change to a repository of 1,000 environment folders and 10,000 commits.
func BenchmarkLarge(b *testing.B) {
	url := serveGit(b, newLarge(b, 1_000, 10_000)).url()
	var before, after runtime.MemStats
	n := 0
	for b.Loop() {
		runtime.ReadMemStats(&before)
		n++
		repo := open(b, gitrepo.Options{URL: url})
		if _, err := repo.Update(b.Context(), writes(fmt.Sprintf("overlays/new-%d/environment.yaml", n), "kind: Environment\n")); err != nil {
			b.Fatal(err)
		}
		runtime.ReadMemStats(&after)
		b.ReportMetric(float64(after.TotalAlloc-before.TotalAlloc)/(1<<20), "allocated-MiB")
	}
}

// newLarge makes a repository of many folders whose commits each change one of them.
func newLarge(b *testing.B, folders, commits int) string {
	b.Helper()
	bare := newEmpty(b)
	var s strings.Builder
	for c := range commits {
		fmt.Fprintf(&s, "commit refs/heads/main\ncommitter Test <test@example.com> %d +0000\ndata 6\nchange\n", 1_700_000_000+c)
		first, last := c%folders, c%folders
		if c == 0 {
			first, last = 0, folders-1
		}
		for f := first; f <= last; f++ {
			name := fmt.Sprintf("overlays/environment-%04d", f)
			for file, content := range map[string]string{
				"environment.yaml":   fmt.Sprintf("apiVersion: previewset.dev/v1alpha1\nkind: Environment\nowner: person-%d\npurpose: change %d\nprofile: full\n", f, c),
				"kustomization.yaml": "apiVersion: kustomize.config.k8s.io/v1beta1\nkind: Kustomization\nresources: [../preview]\n",
			} {
				fmt.Fprintf(&s, "M 100644 inline %s\ndata %d\n%s\n", filepath.Join(name, file), len(content), content)
			}
		}
	}
	gitWith(b, bare, environ(), s.String(), "fast-import", "--quiet")
	git(b, bare, "gc", "--quiet")
	return bare
}
