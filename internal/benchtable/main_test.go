package main

import (
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
)

func TestOneTableAtTheEnd(t *testing.T) {
	t.Parallel()
	const in = `goos: linux
BenchmarkAnswer/rows=100/callers=16-2         	   89436	     27312 ns/op	        17.21 KiB/answer	         2.184 p99-ms
BenchmarkInit-2  	      10	 1000 ns/op
ok  	github.com/previewset/previewset/generator	28.584s
BenchmarkMemory/open=10000 	       1	9796555359 ns/op	        66.29 peak-RSS-MiB
`
	const want = in + `
measure                     value
Answer/rows=100/callers=16  17.21 KiB/answer  2.184 p99-ms
Init                        1000 ns/op
Memory/open=10000           66.29 peak-RSS-MiB
`
	var out strings.Builder
	if err := run(strings.NewReader(in), &out); err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff(want, out.String()); diff != "" {
		t.Error(diff)
	}
	if err := run(strings.NewReader("FAIL\n"), &out); err == nil {
		t.Error("nothing was measured, and it isn't an error")
	}
}
