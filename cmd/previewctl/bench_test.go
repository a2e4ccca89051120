package main

import (
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"testing"
)

// BenchmarkCheck runs the program itself on the example, as a person or CI would. The claim (issue 2) is less than 2 s.
func BenchmarkCheck(b *testing.B) {
	program, dir := newExample(b)
	for b.Loop() {
		run(b, program, "check", dir)
	}
	b.ReportMetric(b.Elapsed().Seconds()/float64(b.N), "s/check")
}

// BenchmarkCheckThousand checks the example with a thousand environments. Each has a folder with content of its own, so
// no two builds are the same. The claim (issue 12) is at most 20 s on 2 processors.
func BenchmarkCheckThousand(b *testing.B) {
	program, dir := newExample(b)
	for i := range 1000 {
		addEnvironment(b, dir, i)
	}
	processors := 0.0
	for b.Loop() {
		processors += run(b, program, "check", dir)
	}
	b.ReportMetric(b.Elapsed().Seconds()/float64(b.N), "s/check")
	b.ReportMetric(processors/float64(b.N), "cpu-s/check")
}

// addEnvironment adds an environment with an own object, an own patch, and one of several choices of services.
func addEnvironment(b *testing.B, dir string, i int) {
	b.Helper()
	profile := []string{"full", "changed", "checkout"}[i%3]
	folder := filepath.Join(dir, "overlays", fmt.Sprintf("team-%d", i))
	for name, content := range map[string]string{
		"environment.yaml": fmt.Sprintf("apiVersion: previewset.dev/v1alpha1\nkind: Environment\nowner: octocat\nprofile: %s\n", profile),
		"kustomization.yaml": "apiVersion: kustomize.config.k8s.io/v1beta1\nkind: Kustomization\n" +
			"resources: [../preview, own.yaml]\npatches: [{path: patch.yaml, target: {kind: Deployment, name: gateway}}]\n",
		"own.yaml": fmt.Sprintf("apiVersion: v1\nkind: ConfigMap\nmetadata: {name: own}\ndata: {number: \"%d\"}\n", i),
		"patch.yaml": fmt.Sprintf("apiVersion: apps/v1\nkind: Deployment\nmetadata: {name: gateway}\n"+
			"spec: {template: {metadata: {annotations: {number: \"%d\"}}}}\n", i),
	} {
		if err := os.MkdirAll(folder, 0o755); err != nil {
			b.Fatal(err)
		}
		if err := os.WriteFile(filepath.Join(folder, name), []byte(content), 0o600); err != nil {
			b.Fatal(err)
		}
	}
}

// newExample builds the program, and writes a repository with the example. It returns the paths of both.
func newExample(b *testing.B) (program, dir string) {
	b.Helper()
	program, dir = filepath.Join(b.TempDir(), "previewctl"), filepath.Join(b.TempDir(), "previews")
	run(b, "go", "build", "-o", program, ".")
	run(b, program, "init", dir, "--repo-url", "https://github.com/acme/previews.git", "--domain", "preview.example.dev",
		"--example", "--example-repository", "acme/shop", "--example-repository", "acme/gateway")
	return program, dir
}

// run runs a program and returns the seconds of processors that it used.
func run(b *testing.B, name string, args ...string) float64 {
	b.Helper()
	cmd := exec.CommandContext(b.Context(), name, args...)
	if out, err := cmd.CombinedOutput(); err != nil {
		b.Fatalf("%s: %v\n%s", name, err, out)
	}
	return (cmd.ProcessState.UserTime() + cmd.ProcessState.SystemTime()).Seconds()
}
