package chartsource

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"path"
	"slices"
	"strings"

	"sigs.k8s.io/yaml"
)

const maxRedirects = 10

// index is the part of a repository's index.yaml that names archives.
type index struct {
	Entries map[string][]entry `json:"entries"`
}

type entry struct {
	Version string   `json:"version"`
	URLs    []string `json:"urls"`
	Digest  string   `json:"digest"`
}

// getFromRepository downloads a chart's archive. The last part of the address is the chart's name. It reads index.yaml
// itself, because Helm's client for repositories also links Helm's registry client.
func getFromRepository(ctx context.Context, u *url.URL, version string, login Login) ([]byte, error) {
	name := path.Base(u.Path)
	base := *u
	base.Path = strings.TrimSuffix(strings.TrimSuffix(u.Path, "/"), name)
	base.RawPath = ""
	credential, err := login.forRepository(ctx, &base)
	if err != nil {
		return nil, err
	}
	client := repositoryClient{base: &base, login: credential}
	content, err := client.download(ctx, base.JoinPath("index.yaml"))
	if err != nil {
		return nil, explainRepository(err,
			"write the repository's address and the chart's name, like https://charts.example.dev/web")
	}
	var parsed index
	if err := yaml.Unmarshal(content, &parsed); err != nil {
		return nil, fmt.Errorf("read index.yaml: %w", err)
	}
	versions, ok := parsed.Entries[name]
	if !ok {
		return nil, fmt.Errorf("the repository has no chart %q\ncorrect the last part of --chart", name)
	}
	i := slices.IndexFunc(versions, func(e entry) bool { return e.Version == version })
	if i < 0 {
		return nil, unknownVersion(version, versions)
	}
	return client.downloadEntry(ctx, versions[i])
}

func unknownVersion(version string, known []entry) error {
	var names []string
	for _, e := range known[:min(len(known), 5)] {
		names = append(names, e.Version)
	}
	return fmt.Errorf("there is no version %s; index.yaml begins with %s\ncorrect --version",
		version, strings.Join(names, ", "))
}

func (c repositoryClient) downloadEntry(ctx context.Context, e entry) ([]byte, error) {
	if len(e.URLs) == 0 {
		return nil, fmt.Errorf("index.yaml has no address of version %s", e.Version)
	}
	address, err := c.base.Parse(e.URLs[0])
	if err != nil {
		return nil, fmt.Errorf("index.yaml has a wrong address of version %s: %w", e.Version, err)
	}
	if !isSecure(address) {
		return nil, fmt.Errorf("index.yaml has the address %s, which isn't secure", address.Redacted())
	}
	archive, err := c.download(ctx, address)
	if err != nil {
		return nil, explainRepository(err, "ask the chart's maintainers")
	}
	sum := sha256.Sum256(archive)
	if got := hex.EncodeToString(sum[:]); e.Digest != "" && strings.TrimPrefix(e.Digest, "sha256:") != got {
		return nil, fmt.Errorf("the archive of version %s has digest %s, but index.yaml has %s\nask the chart's maintainers",
			e.Version, got, e.Digest)
	}
	return archive, nil
}

func checkRedirect(r *http.Request, via []*http.Request) error {
	switch {
	case !isSecure(r.URL):
		return fmt.Errorf("it redirects to %s, which isn't secure", r.URL.Redacted())
	case len(via) >= maxRedirects:
		return fmt.Errorf("it redirects more than %d times", maxRedirects)
	}
	return nil
}

func (c repositoryClient) download(ctx context.Context, u *url.URL) ([]byte, error) {
	r, err := http.NewRequestWithContext(ctx, http.MethodGet, u.String(), nil)
	if err != nil {
		return nil, err
	}
	c.authorize(r)
	response, err := (&http.Client{CheckRedirect: checkRedirect}).Do(r)
	if err != nil {
		return nil, err
	}
	defer func() { _ = response.Body.Close() }()
	if response.StatusCode != http.StatusOK {
		return nil, &statusError{address: u.Redacted(), status: response.Status, code: response.StatusCode}
	}
	body, err := io.ReadAll(io.LimitReader(response.Body, maxArchive+1))
	if err == nil && len(body) > maxArchive {
		err = fmt.Errorf("get %s: it is larger than %d MiB", u.Redacted(), maxArchive>>20)
	}
	return body, err
}
