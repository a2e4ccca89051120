package main

import (
	"os/exec"
	"path/filepath"
	"testing"
)

// BenchmarkCheck runs the program itself on the example, as a person or CI would. The claim (issue 2) is less than 2 s.
func BenchmarkCheck(b *testing.B) {
	program, dir := filepath.Join(b.TempDir(), "previewctl"), filepath.Join(b.TempDir(), "previews")
	run(b, "go", "build", "-o", program, ".")
	run(b, program, "init", dir, "--repo-url", "https://github.com/acme/previews.git", "--domain", "preview.example.dev",
		"--example", "--example-repository", "acme/shop", "--example-repository", "acme/gateway")
	for b.Loop() {
		run(b, program, "check", dir)
	}
	b.ReportMetric(b.Elapsed().Seconds()/float64(b.N), "s/check")
}

func run(b *testing.B, name string, args ...string) {
	b.Helper()
	if out, err := exec.CommandContext(b.Context(), name, args...).CombinedOutput(); err != nil {
		b.Fatalf("%s: %v\n%s", name, err, out)
	}
}
