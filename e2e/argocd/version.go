package argocd

import (
	"cmp"
	"context"
	"errors"
	"flag"
	"fmt"
	"io"
	"maps"
	"os"
	"path/filepath"
	"slices"
	"strings"

	"github.com/previewset/previewset/e2e/toolchain"
)

// Options of an Argo CD. The zero value is the oldest version that is built here, without its API server.
type Options struct {
	// Version is one of Versions, or the version of Source. Default: the first of Versions.
	Version string
	// Source is a checkout of Argo CD's repository in which `make cli-local` has built dist/argocd. It is for versions
	// that can't be built here. The manifests and scripts of the checkout are used too. Default: build Version from its Go
	// module.
	Source string
	// Server runs the API server too.
	Server bool
	// SetsOnly runs only the ApplicationSet controller. Applications are then created, but not synced.
	SetsOnly bool
	// Large gives the controllers the settings for large installations in docs/guides/operating.md.
	Large bool
}

// AddFlags adds the flags that choose the version: -argocd and -argocd-source.
func (o *Options) AddFlags(flags *flag.FlagSet) {
	flags.StringVar(&o.Version, "argocd", Versions()[0],
		"`version` of Argo CD: "+strings.Join(Versions(), ", ")+", or with -argocd-source the version of that source")
	flags.StringVar(&o.Source, "argocd-source", "",
		"`folder` with a checkout of Argo CD and its built dist/argocd (make cli-local); for 3.5 and newer")
}

// Versions returns the versions that are built from Go modules.
//
// Argo CD 3.5 and newer can't be among them: their module requires the nested module gitops-engine at v0.0.0, which
// only a checkout of the repository provides. They run with Options.Source.
func Versions() []string { return slices.Sorted(maps.Keys(programs())) }

func programs() map[string]toolchain.Program {
	return map[string]toolchain.Program{"2.14.21": toolchain.ArgoCD2, "3.2.11": toolchain.ArgoCD3}
}

func (o Options) version() string { return cmp.Or(o.Version, Versions()[0]) }

// WebPages returns the folder with the web pages of this Argo CD, which the API server serves.
func (o Options) WebPages(ctx context.Context, tools *toolchain.Toolbox, progress io.Writer) (string, error) {
	if o.Source != "" {
		return filepath.Join(o.Source, "ui", "dist", "app"), nil
	}
	return tools.WebPages(ctx, progress, programs()[o.version()])
}

// Programs returns the programs to build for this Argo CD.
func (o Options) Programs() ([]toolchain.Program, error) {
	if o.Source != "" {
		return []toolchain.Program{toolchain.Kustomize}, nil
	}
	program, ok := programs()[o.version()]
	if !ok {
		return nil, fmt.Errorf("find Argo CD %q: unknown version; use %s, or give a built checkout with -argocd-source",
			o.Version, strings.Join(Versions(), ", "))
	}
	return []toolchain.Program{program, toolchain.Kustomize}, nil
}

// distribution is where the parts of an Argo CD are: its program, and its repository with manifests and scripts.
type distribution struct{ program, source string }

func (o Options) distribution(ctx context.Context, tools *toolchain.Toolbox) (distribution, error) {
	if o.Source == "" {
		program := programs()[o.version()]
		source, err := tools.Source(ctx, program)
		return distribution{program: tools.Path(program), source: source}, err
	}
	source, err := filepath.Abs(o.Source)
	if err != nil {
		return distribution{}, err
	}
	d := distribution{program: filepath.Join(source, "dist", "argocd"), source: source}
	if _, err := os.Stat(d.program); err != nil {
		return distribution{}, fmt.Errorf("%w; run make cli-local in %s", err, source)
	}
	return d, nil
}

// scripts returns those scripts of the repository that the image has in its PATH and this version calls.
func (d distribution) scripts() (paths []string, err error) {
	const verify = "git-verify-wrapper.sh" // checks signatures of commits
	script := filepath.Join(d.source, "hack", verify)
	if _, err := os.Stat(script); err != nil {
		if errors.Is(err, os.ErrNotExist) {
			return nil, nil
		}
		return nil, err
	}
	return []string{script}, nil
}

// repoServerTLS returns the flags that let the repo-server answer without TLS. Since 3.5 it refuses --disable-tls
// unless the path of the clients' certificate authority, which has a default, is empty.
func (o Options) repoServerTLS() ([]string, error) {
	var major, minor int
	if _, err := fmt.Sscanf(o.version(), "%d.%d", &major, &minor); err != nil {
		return nil, fmt.Errorf("read Argo CD version %q: %w", o.version(), err)
	}
	if major < 3 || major == 3 && minor < 5 {
		return []string{"--disable-tls"}, nil
	}
	return []string{"--disable-tls", "--client-ca-path="}, nil
}
