package newservice

import (
	"errors"
	"fmt"
	"io/fs"
	"path"

	"sigs.k8s.io/yaml"

	"github.com/previewset/previewset/internal/overlay/filetree"
)

// chartFile names the chart of a service, in its run folder.
const chartFile = "chart.yaml"

// Chart is the Helm chart from which a service's manifests were rendered.
type Chart struct {
	// Source is a folder, oci://registry/chart or https://repository/chart.
	Source string `json:"source"`
	// Version is the chart's version. Digest is that of its archive, or of its folder's files.
	Version string `json:"version"`
	Digest  string `json:"digest"`
	// Values are the user's values.
	Values map[string]any `json:"values,omitempty"`
	// Image and Port are the choices of the user where the manifests are ambiguous.
	Image string `json:"image,omitempty"`
	Port  int    `json:"port,omitempty"`
	// Migrate is the command for migrations.
	Migrate []string `json:"migrate,omitempty"`
}

func chartPath(service string) string {
	return path.Join("kustomize-base", "services", service, "run", chartFile)
}

// ReadChart returns the chart of a service.
func ReadChart(tree *filetree.Tree, service string) (*Chart, error) {
	file := chartPath(service)
	text, err := tree.Read(file)
	if errors.Is(err, fs.ErrNotExist) {
		return nil, fmt.Errorf("service %s isn't from a chart: there is no %s\n"+
			"change its manifests by hand, or remove it and add it with --chart", service, file)
	}
	if err != nil {
		return nil, fmt.Errorf("%s: %w", file, err)
	}
	c := &Chart{}
	if err := yaml.UnmarshalStrict(text, c); err != nil {
		return nil, fmt.Errorf("read %s: %w\ncorrect the file", file, err)
	}
	return c, nil
}

// addChart writes which chart the manifests in source are from.
func (a *addition) addChart() error {
	if a.service.Chart == nil {
		return nil
	}
	text, err := yaml.Marshal(a.service.Chart)
	if err != nil {
		return err
	}
	const comment = "# The Helm chart from which source was rendered. " +
		"To change the version or the values: previewctl service update.\n"
	a.added.Files[chartPath(a.service.Name)] = append([]byte(comment), text...)
	return nil
}
