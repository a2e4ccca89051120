package main

import (
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
)

func TestTable(t *testing.T) {
	t.Parallel()
	const in = `goos: linux
BenchmarkAnswer/rows=100/callers=16-2 	 89436	 27312 ns/op	 1.500 bare-p99-ms	 17.21 KiB/answer	 2.184 p99-ms	 1.456 x-bare
BenchmarkInit-2  	      10	 1000 ns/op
ok  	github.com/previewset/previewset/generator	28.584s
BenchmarkRace/script-2          	       1	214683805090 ns/op
BenchmarkMemory/open=10000 	       1	9796555359 ns/op	        66.29 peak-RSS-MiB

| measure | Argo CD's generator | PreviewSet | ratio |
| ---     | ---                 | ---        | ---   |
| label   | 300ms               | 120ms      | 0.40  |
| charged |                     | 0          |       |
`
	const want = in + `
| measure                    | PreviewSet                     | compared with              | ratio |
| ---                        | ---                            | ---                        | ---   |
| Answer/rows=100/callers=16 | 17.21 KiB/answer, 2.184 p99-ms | bare: 1.500 p99-ms         | 1.456 |
| Init                       | 1000 ns/op                     |                            |       |
| Memory/open=10000          | 66.29 peak-RSS-MiB             |                            |       |
| label                      | 120ms                          | Argo CD's generator: 300ms | 0.40  |
| charged                    | 0                              |                            |       |
`
	var out strings.Builder
	if err := run(strings.NewReader(in), &out); err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff(want, out.String()); diff != "" {
		t.Error(diff)
	}
	if err := run(strings.NewReader("FAIL\n"), &out); err == nil {
		t.Error("no error without a measurement")
	}
}
