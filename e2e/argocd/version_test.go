package argocd

import (
	"flag"
	"io"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
)

func TestRepoServerTLS(t *testing.T) {
	t.Parallel()
	for version, want := range map[string][]string{
		"":       {"--disable-tls"},
		"2.14.9": {"--disable-tls"},
		"3.4.12": {"--disable-tls"},
		"3.5.0":  {"--disable-tls", "--client-ca-path="},
		"4.0.0":  {"--disable-tls", "--client-ca-path="},
	} {
		if got, err := (Options{Version: version}).repoServerTLS(); err != nil || !slices.Equal(got, want) {
			t.Errorf("version %q: got %q, %v; want %q", version, got, err, want)
		}
	}
}

func TestVersionThatIsNotBuiltHereNeedsASource(t *testing.T) {
	t.Parallel()
	o := Options{Version: "3.5.1"}
	if _, err := o.Programs(); err == nil || !strings.Contains(err.Error(), "-argocd-source") {
		t.Errorf("without a source: got %v", err)
	}
	o.Source = t.TempDir()
	if _, err := o.Programs(); err != nil {
		t.Errorf("with a source: got %v", err)
	}
	if _, err := o.distribution(t.Context(), nil); err == nil || !strings.Contains(err.Error(), "make cli-local") {
		t.Errorf("source without a program: got %v", err)
	}
}

func TestScriptsAreThoseOfTheSource(t *testing.T) {
	t.Parallel()
	d := distribution{source: t.TempDir()}
	if got, err := d.scripts(); err != nil || len(got) != 0 {
		t.Errorf("source without scripts: got %q, %v", got, err)
	}
	script := filepath.Join(d.source, "hack", "git-verify-wrapper.sh")
	if err := os.MkdirAll(filepath.Dir(script), 0o700); err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(script, nil, 0o600); err != nil {
		t.Fatal(err)
	}
	if got, err := d.scripts(); err != nil || !slices.Equal(got, []string{script}) {
		t.Errorf("got %q, %v", got, err)
	}
}

func TestAddFlags(t *testing.T) {
	t.Parallel()
	var o Options
	flags := flag.NewFlagSet("test", flag.ContinueOnError)
	flags.SetOutput(io.Discard)
	o.AddFlags(flags)
	if err := flags.Parse([]string{"-argocd=3.5.1", "-argocd-source=checkout"}); err != nil {
		t.Fatal(err)
	}
	if o.Version != "3.5.1" || o.Source != "checkout" {
		t.Errorf("got %+v", o)
	}
}
