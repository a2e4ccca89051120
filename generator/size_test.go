package generator_test

import (
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"os"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/previewset/previewset/generator/testworld"
	"github.com/previewset/previewset/internal/preview"
)

// configMapState is what package cluster keeps at most in a ConfigMap, which has 1 MiB.
const configMapState = 700 << 10

// As many environments as the format allows, with the memory of each, fit into a ConfigMap.
func TestMemoryFitsIntoAConfigMap(t *testing.T) {
	t.Parallel()
	for _, n := range []int{1000, 5000} {
		w := testworld.New()
		w.Repositories = map[string]preview.Repository{"acme/gateway": manyPullRequests("acme/Gateway", 12, n/2), "acme/shop": manyPullRequests("acme/shop", 11, n/2)}
		file, keep := testworld.NewStore(t)
		s := testworld.Ready(t, w, keep, testworld.WithClock)
		for i, name := range s.GetParams(t, testworld.ParamsBody).Names(t) { // somebody has asked something of each of them
			w.Change(func() { w.Now = w.Now.Add(time.Duration(i*7919%1009) * time.Millisecond) })
			s.Request(t, name, []string{"sleep", "wake", "extend"}[i%3], fmt.Sprintf(`{"caller":"developer-%d"}`, i*7919%251))
		}
		s.ApplyWork(t.Context())
		want := s.GetParams(t, testworld.ParamsBody)
		info, err := os.Stat(string(file))
		if err != nil {
			t.Fatal(err)
		}
		t.Logf("%d environments: %d KiB, %d bytes each", n, info.Size()>>10, info.Size()/int64(n))
		if rows := len(want.Rows(t)); rows != n || info.Size() > configMapState || info.Size()/int64(n) > 1<<10 {
			t.Errorf("%d environments have %d bytes", rows, info.Size())
		}
		w.RepositoryErrs["acme/gateway"], w.RepositoryErrs["acme/shop"] = testworld.ErrOutage, testworld.ErrOutage
		if diff := cmp.Diff(want.Body, testworld.Ready(t, w, keep).GetParams(t, testworld.ParamsBody).Body); diff != "" {
			t.Error("the rows of memory are others")
		}
	}
}

// manyPullRequests have what sets real ones apart: authors, titles, branches and commits of their own.
func manyPullRequests(name string, id int64, n int) preview.Repository {
	r := testworld.Repository(name)
	r.ID = id
	for i := range n {
		sum := sha256.Sum256(fmt.Append(nil, name, i))
		random := hex.EncodeToString(sum[:])
		words := strings.Fields("checkout payment login cart search invoice order stock price delivery refund voucher address session report export")
		pr := testworld.WithPaths(testworld.PullRequest(1000+3*i, fmt.Sprintf("developer-%d", sum[0]), "preview", "size/M"), "orders/main.go", "web/index.html")
		pr.HeadSHA = random[:40]
		pr.Title = fmt.Sprintf("SHOP-%d Let the %s know of every %s in %s", 5*i, words[sum[1]%16], words[sum[2]%16], random[40:46])
		pr.Branch = fmt.Sprintf("feature/SHOP-%d-%s-%s", 5*i, words[sum[1]%16], random[40:46])
		r.PullRequests = append(r.PullRequests, pr)
	}
	return r
}

// Values that look like what stands around them, or like marks, are only values.
func TestMemoryOfOddValuesIsTheSame(t *testing.T) {
	t.Parallel()
	for _, odd := range []string{"", "a", "0", "1", "s", "name", "\u0000a", "\\u0000a", `"`, `\`, "{}", "null", "Row", "preview", "ü€", "a b", "-", "acme", "7"} {
		t.Run(fmt.Sprintf("%q", odd), func(t *testing.T) {
			t.Parallel()
			w := testworld.New()
			pr := testworld.PullRequest(1, odd)
			pr.Title, pr.Branch, pr.Labels = odd, odd, []string{"preview", odd}
			one := testworld.PullRequest(7, "name")
			one.Title, one.HeadSHA = "gateway-pr-1", strings.Repeat("7", 40)
			w.Repositories["acme/gateway"] = testworld.Repository("acme/Gateway", pr, one)
			_, keep := testworld.NewStore(t)
			want := testworld.Ready(t, w, keep).GetParams(t, testworld.ParamsBody)
			w.RepositoryErrs["acme/gateway"] = testworld.ErrOutage
			got := testworld.Ready(t, w, keep).GetParams(t, testworld.ParamsBody)
			if diff := cmp.Diff(want.Body, got.Body); diff != "" || len(got.Names(t)) != 3 {
				t.Errorf("%v (-before +remembered):\n%s", got.Names(t), diff)
			}
		})
	}
}
