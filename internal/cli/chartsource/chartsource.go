// Package chartsource gets a Helm chart from a folder, a registry or a repository.
//
// It knows addresses, versions and digests of charts. It doesn't render them: package helmchart does.
package chartsource

import (
	"context"
	"errors"
	"fmt"
	"net/url"
	"strings"
	"time"

	"helm.sh/helm/v3/pkg/chart"

	"github.com/previewset/previewset/internal/cli/configrepo"
	"github.com/previewset/previewset/internal/overlay/helmchart"
)

const (
	// maxArchive is the largest accepted size of each downloaded file in bytes.
	maxArchive = 32 << 20
	timeout    = 2 * time.Minute
)

// Source is where a chart comes from: a folder, oci://registry/chart, or https://repository/chart.
type Source struct {
	Address string
	// Version is the chart's version; a folder needs none.
	Version string
}

// Chart is a chart with the digest of its archive, or of its folder's files.
type Chart struct {
	*chart.Chart
	Digest string
}

// IsRemote reports whether the chart comes from a registry or a repository.
func (s Source) IsRemote() bool { return strings.Contains(s.Address, "://") }

// Check returns an error for an address or a version that can't be used.
func (s Source) Check() error {
	if !s.IsRemote() {
		return nil
	}
	u, err := url.Parse(s.Address)
	if err != nil || u.Host == "" || strings.Trim(u.Path, "/") == "" {
		return fmt.Errorf("--chart %q isn't a chart's address; "+
			"use a folder, oci://registry/chart or https://repository/chart",
			s.Address)
	}
	switch {
	case u.User != nil:
		return errors.New("--chart has a user or password, which would be committed; use --chart-username and " +
			"--chart-password-file")
	case u.Scheme != "oci" && !isSecure(u):
		return fmt.Errorf("--chart %q isn't secure; use https:// or oci://", s.Address)
	case s.Version == "":
		return fmt.Errorf("--chart %q has no version; pin it with --version", s.Address)
	}
	return nil
}

// isSecure reports whether an address has TLS, or stays on this computer.
func isSecure(u *url.URL) bool {
	return u.Scheme == "https" || u.Scheme == "http" && isLoopback(u.Hostname())
}

func isLoopback(host string) bool { return host == "localhost" || host == "127.0.0.1" || host == "::1" }

// Get reads or downloads the chart. It calls Check, because previewctl service update takes the source from a file of
// the GitOps repository.
func (s Source) Get(ctx context.Context, login Login) (*Chart, error) {
	if err := s.Check(); err != nil {
		return nil, err
	}
	ctx, cancel := context.WithTimeout(ctx, timeout)
	defer cancel()
	c, digest, err := s.read(ctx, login)
	if err != nil {
		return nil, fmt.Errorf("get chart %s: %w", s.Address, err)
	}
	if s.Version != "" && c.Metadata.Version != s.Version {
		return nil, fmt.Errorf("get chart %s: it has version %s, not %s\ncorrect --version",
			s.Address, c.Metadata.Version, s.Version)
	}
	return &Chart{Chart: c, Digest: digest}, nil
}

func (s Source) read(ctx context.Context, login Login) (*chart.Chart, string, error) {
	if !s.IsRemote() {
		fsys, closeDir, err := configrepo.OpenFolder(s.Address)
		if err != nil {
			return nil, "", fmt.Errorf("%w\n"+
				"name a folder with a Chart.yaml, oci://registry/chart or https://repository/chart", err)
		}
		defer closeDir()
		return helmchart.ReadFolder(fsys)
	}
	u, err := url.Parse(s.Address)
	if err != nil {
		return nil, "", err
	}
	get := getFromRepository
	if u.Scheme == "oci" {
		get = getFromRegistry
	}
	archive, err := get(ctx, u, s.Version, login)
	if err != nil {
		return nil, "", err
	}
	return helmchart.ReadArchive(archive)
}

// tagOf returns the tag of a version in a registry. A tag can't contain +, so Helm writes _ instead.
func tagOf(version string) string { return strings.ReplaceAll(version, "+", "_") }
