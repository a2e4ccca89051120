package previewspage_test

import (
	"fmt"
	"net/http"
	"testing"

	"github.com/previewset/previewset/generator/testworld"
	"github.com/previewset/previewset/internal/config"
)

// BenchmarkList asks for the list of all previews. Goals for 1,000 previews: less than 100 ms, and at most 200 KiB
// compressed.
func BenchmarkList(b *testing.B) {
	for _, rows := range []int{100, 1000} {
		w := testworld.NewLarge(rows, rows)
		w.Tree.Files[config.AccessFile] = config.File{Content: []byte(access)}
		s := newSite(b, w, testworld.WithoutLog)
		person := someone("alice", "everybody")
		person["Accept-Encoding"] = "gzip"
		b.Run(fmt.Sprintf("rows=%d", rows), func(b *testing.B) {
			size := 0
			for b.Loop() {
				size = s.do(b, http.MethodGet, "/", "", person).Size
			}
			b.ReportMetric(float64(size)/1024, "KiB/page")
		})
	}
}
