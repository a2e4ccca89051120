package preview

import (
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/previewset/previewset/internal/config"
	"github.com/previewset/previewset/internal/testfixture"
)

// BenchmarkResolve answers 1,000 live environments again of which one was pushed to. With 50 services each row links
// the 49 others. It is most of what lies between a webhook and the ApplicationSet's annotation, which has 100 ms (issue
// 3).
func BenchmarkResolve(b *testing.B) {
	const environments = 1000
	for _, services := range []int{2, 50} {
		b.Run(fmt.Sprintf("services=%d", services), func(b *testing.B) {
			c, f := organisation(b, services, environments/services)
			s := Resolve(c, f, Memory{}, noon)
			if len(s.Rows) != environments {
				b.Fatalf("%d are live", len(s.Rows))
			}
			b.ReportAllocs()
			pushed := f.Repositories["acme/service-001"].PullRequests
			for i := 0; b.Loop(); i++ {
				pushed[0].HeadSHA = fmt.Sprintf("%040x", i)
				s = Resolve(c, f, s.Memory, noon.Add(time.Minute))
			}
		})
	}
}

// organisation has so many services, each with a repository of its own and so many labelled pull requests.
func organisation(b *testing.B, services, pullRequests int) (*config.Config, Facts) {
	b.Helper()
	tree, facts := testfixture.DemoTree(nil), Facts{Repositories: map[string]Repository{}}
	var policy strings.Builder
	policy.WriteString("apiVersion: previewset.dev/v1alpha1\nkind: PreviewConfig\ndomain: preview.example.dev\nservices:\n")
	for i := range services {
		name := fmt.Sprintf("service-%03d", i)
		fmt.Fprintf(&policy,
			"  %s: {repository: acme/%[1]s, paths: [\"src/**\"], image: ghcr.io/acme/%[1]s, tag: \"{{ .SHA }}\", public: true}\n", name)
		tree.Kustomizations["kustomize-base/services/"+name+"/run"], tree.Kustomizations["kustomize-base/services/"+name+"/link"] = true, true
		r := Repository{ID: int64(100 + i), FullName: "acme/" + name}
		for n := range pullRequests {
			r.PullRequests = append(r.PullRequests, pull(n+1, changing("src/main.go"), func(pr *PullRequest) {
				pr.Author, pr.HeadSHA = fmt.Sprintf("author%d", (i*pullRequests+n)%200), fmt.Sprintf("%040x", 1000*i+n)
			}))
		}
		facts.Repositories["acme/"+name] = r
	}
	tree.Files[config.PolicyFile] = config.File{Content: []byte(policy.String() + "profiles: {changed: {run: changed}}\n")}
	return testfixture.LoadTree(b, tree, nil), facts
}
