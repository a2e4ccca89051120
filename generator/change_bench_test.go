package generator_test

import (
	"fmt"
	"runtime"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/previewset/previewset/generator"
	"github.com/previewset/previewset/generator/testworld"
	"github.com/previewset/previewset/internal/preview"
)

// BenchmarkChange pushes to one of 1,000 pull requests, and measures until the new answer is served and its
// ApplicationSet is refreshed. With 50 services each row links 49 others. Processor time doesn't contain other load on
// the machine.
func BenchmarkChange(b *testing.B) {
	const environments = 1000
	for _, repositories := range []int{2, 50} {
		b.Run(fmt.Sprintf("repositories=%d", repositories), func(b *testing.B) {
			w := organisationOf(repositories, environments/repositories)
			w.Plugins = testworld.Plugins(map[string]map[string]any{"previews": {}})
			_, keep := testworld.NewStore(b)
			s := testworld.Ready(b, w, testworld.WithoutLog, keep, func(o *generator.Options) { o.Cluster = testworld.Cluster{World: w} })
			if n := len(s.GetParams(b, testworld.ParamsBody).Rows(b)); n != environments {
				b.Fatalf("%d environments are live", n)
			}
			w.TakeRefreshed()
			pushed, before := 0, processorTime(b)
			for b.Loop() {
				pushed++
				push(w, fmt.Sprintf("acme/service-%03d", pushed%repositories), pushed*7%(environments/repositories), testworld.SHA(environments+pushed))
				s.Refresh(b.Context())
			}
			b.ReportMetric((processorTime(b)-before).Seconds()*1000/float64(b.N), "cpu-ms/op")
			if refreshed := len(w.TakeRefreshed()); refreshed != pushed {
				b.Errorf("%d refreshes of the ApplicationSet after %d changes", refreshed, pushed)
			}
			b.ReportMetric(float64(len(compressed(b, s)))/1024, "KiB/answer")
			b.ReportMetric(heap(), "heap-MiB")
			runtime.KeepAlive(s)
		})
	}
}

// organisationOf has several repositories, each with labelled pull requests and one service.
func organisationOf(repositories, pullRequests int) *testworld.World {
	w := testworld.New()
	w.Repositories = map[string]preview.Repository{}
	var services strings.Builder
	for i := range repositories {
		name := fmt.Sprintf("service-%03d", i)
		fmt.Fprintf(
			&services,
			"  %s: {repository: acme/%[1]s, paths: [\"src/**\"], image: ghcr.io/acme/%[1]s, tag: \"{{ .SHA }}\", public: true}\n",
			name,
		)
		prs := make([]preview.PullRequest, pullRequests)
		for n := range prs {
			prs[n] = testworld.WithPaths(testworld.PullRequest(n+1, fmt.Sprintf("author%d", (i*pullRequests+n)%200)), "src/main.go")
			prs[n].HeadSHA = testworld.SHA(i*pullRequests + n)
		}
		w.Repositories["acme/"+name] = testworld.Repository("acme/"+name, prs...)
	}
	w.Tree = testworld.Tree(
		1,
		"apiVersion: previewset.dev/v1alpha1\nkind: PreviewConfig\ndomain: preview.example.dev\nservices:\n"+
			services.String()+"profiles: {changed: {run: changed}}\n",
	)
	for i := range repositories {
		for _, kind := range []string{"run", "link"} {
			w.Tree.Kustomizations[fmt.Sprintf("kustomize-base/services/service-%03d/%s", i, kind)] = true
		}
	}
	return w
}

// push changes the head of a pull request.
func push(w *testworld.World, repository string, i int, head string) {
	w.Change(func() {
		r := w.Repositories[repository]
		r.PullRequests = append([]preview.PullRequest{}, r.PullRequests...) // facts are never changed
		r.PullRequests[i].HeadSHA = head
		w.Repositories[repository] = r
	})
}

// processorTime returns the processor time of this process.
func processorTime(b *testing.B) time.Duration {
	b.Helper()
	var u syscall.Rusage
	if err := syscall.Getrusage(syscall.RUSAGE_SELF, &u); err != nil {
		b.Fatal(err)
	}
	return time.Duration(u.Utime.Nano() + u.Stime.Nano())
}
