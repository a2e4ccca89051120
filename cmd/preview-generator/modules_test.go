package main

import (
	"os/exec"
	"slices"
	"strings"
	"testing"
)

// unneededModules begin the paths of modules that newer versions of our dependencies link, and that the generator doesn't
// need. gin above v1.10 links quic-go and a driver of MongoDB; ghinstallation above v2.11 links another go-github. Only
// previewctl renders charts.
var unneededModules = []string{
	"github.com/quic-go/", "go.mongodb.org/", "github.com/bytedance/sonic", "helm.sh/", "oras.land/",
}

func TestLinkedModules(t *testing.T) {
	t.Parallel()
	out, err := exec.CommandContext(t.Context(), "go", "list", "-deps", "-f", "{{with .Module}}{{.Path}}{{end}}", ".").Output()
	if err != nil {
		t.Fatal(err)
	}
	modules := slices.Compact(slices.Sorted(strings.Lines(string(out))))
	var clients []string
	for _, m := range modules {
		m = strings.TrimSpace(m)
		for _, prefix := range unneededModules {
			if strings.HasPrefix(m, prefix) {
				t.Errorf("the generator links %s", m)
			}
		}
		if strings.HasPrefix(m, "github.com/google/go-github/") {
			clients = append(clients, m)
		}
	}
	if len(clients) != 1 {
		t.Errorf("the generator links %q, want one go-github", clients)
	}
}
