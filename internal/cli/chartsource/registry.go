package chartsource

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"net/url"

	ocispec "github.com/opencontainers/image-spec/specs-go/v1"
	"oras.land/oras-go/v2/content"
	"oras.land/oras-go/v2/errdef"
	"oras.land/oras-go/v2/registry/remote"
	"oras.land/oras-go/v2/registry/remote/auth"
	"oras.land/oras-go/v2/registry/remote/errcode"
	"oras.land/oras-go/v2/registry/remote/retry"
	"sigs.k8s.io/yaml"
)

// chartLayer is the media type of a chart's archive in a registry.
const chartLayer = "application/vnd.cncf.helm.chart.content.v1.tar+gzip"

// getFromRegistry downloads a chart's archive. It uses oras, the library that Helm's registry client uses: Helm's
// client also links containerd and kubectl.
func getFromRegistry(ctx context.Context, u *url.URL, version string, login Login) ([]byte, error) {
	repository, err := remote.NewRepository(u.Host + u.Path)
	if err != nil {
		return nil, fmt.Errorf("%w\nwrite oci://registry/path/chart", err)
	}
	repository.PlainHTTP = isLoopback(u.Hostname())
	repository.Client = &auth.Client{
		Client: retry.DefaultClient, Cache: auth.NewCache(), Credential: login.forRegistry(),
	}
	descriptor, err := repository.Resolve(ctx, tagOf(version))
	if err != nil {
		return nil, explainRegistry(err, u, version)
	}
	encoded, err := fetch(ctx, repository, descriptor)
	if err != nil {
		return nil, err
	}
	var manifest ocispec.Manifest
	if err := yaml.Unmarshal(encoded, &manifest); err != nil {
		return nil, fmt.Errorf("read the manifest of version %s: %w", version, err)
	}
	for _, layer := range manifest.Layers {
		if layer.MediaType == chartLayer {
			return fetch(ctx, repository, layer)
		}
	}
	return nil, errors.New("it is an image, not a chart\ncorrect --chart")
}

func fetch(ctx context.Context, from content.Fetcher, d ocispec.Descriptor) ([]byte, error) {
	if d.Size > maxArchive {
		return nil, fmt.Errorf("it is larger than %d MiB", maxArchive>>20)
	}
	return content.FetchAll(ctx, from, d) // it verifies size and digest
}

func explainRegistry(err error, u *url.URL, version string) error {
	if errors.Is(err, errdef.ErrNotFound) {
		return fmt.Errorf("there is no version %s: %w\ncorrect --chart or --version", version, err)
	}
	if needsLogin(err) {
		return fmt.Errorf("%w\nlog in first: docker login %s; or use --chart-username and --chart-password-file", err, u.Host)
	}
	return err
}

// needsLogin reports whether a registry, or the server that gives its tokens, refuses the credentials or their absence.
func needsLogin(err error) bool {
	if response, ok := errors.AsType[*errcode.ErrorResponse](err); ok {
		return response.StatusCode == http.StatusUnauthorized || response.StatusCode == http.StatusForbidden
	}
	return errors.Is(err, auth.ErrBasicCredentialNotFound)
}
