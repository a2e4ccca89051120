// Package helmchart renders Helm charts into the manifests of a service, in the process and without a cluster.
//
// It knows Helm's charts, values and hooks. It doesn't know where a chart comes from, or how previews adapt the result.
// It imports only the parts of Helm's SDK that read and render charts: the others link a Kubernetes client and kubectl.
package helmchart

import (
	"bytes"
	"errors"
	"fmt"
	"maps"
	"path"
	"regexp"
	"slices"
	"strings"

	"helm.sh/helm/v3/pkg/chart"
	"helm.sh/helm/v3/pkg/chartutil"
	"helm.sh/helm/v3/pkg/engine"

	"github.com/previewset/previewset/internal/overlay/source"
)

// kubeVersion is the version of Kubernetes that charts see. Previews run on newer ones too.
var kubeVersion = chartutil.KubeVersion{Version: "v1.34.0", Major: "1", Minor: "34"}

// namespace is the namespace that charts see. Environments have namespaces of their own, so it must not stay in the
// manifests.
const namespace = "previewset-namespace"

var (
	namespaceField = regexp.MustCompile(`(?m)^ +namespace: ["']?` + namespace + `["']?[ \t]*\n`)
	namespaceHost  = regexp.MustCompile(`\.` + namespace + `(\.svc(\.cluster\.local\.?)?)?\b`)
)

// fullName is the value with the name of a chart's objects, by a convention of Helm's starter chart.
const fullName = "fullnameOverride"

// Render renders a chart with a user's values. The name of the release is the service's name. A chart with the value
// fullnameOverride gets this name for its objects too, unless the user chose another one.
//
// Some charts name no object like the release, but only like <release>-web. Then the release has the chart's name, and
// the service can have the name of one of the objects.
func Render(c *chart.Chart, service string, values map[string]any) (*source.Manifests, error) {
	if err := checkChart(c); err != nil {
		return nil, err
	}
	named := map[string]any{}
	maps.Copy(named, values)
	if named[fullName] == nil && takesFullName(c) {
		named[fullName] = service
	}
	m, err := renderRelease(c, service, named)
	if err != nil || m.Has(service) || service == c.Name() {
		return m, err
	}
	return renderRelease(c, c.Name(), values)
}

// renderRelease renders a chart as a release, without the tests of the chart.
func renderRelease(c *chart.Chart, release string, values map[string]any) (*source.Manifests, error) {
	files, notes, err := renderTwice(c, release, values)
	if err != nil {
		return nil, err
	}
	m, err := source.FromFiles(files)
	if err != nil {
		return nil, fmt.Errorf("render chart %s %s: %w", c.Name(), c.Metadata.Version, err)
	}
	m.IsOneService = true
	m.Notes = append(notes, m.Notes...)
	m.Objects = slices.DeleteFunc(m.Objects, func(o source.Object) bool {
		if !isTest(o) {
			return false
		}
		m.Notes = append(m.Notes, o.String()+": left out, because it is a test of the chart; run it by hand")
		return true
	})
	return m, nil
}

// takesFullName reports whether a chart uses the value fullnameOverride, and has no own one. Many charts use it without
// an entry in values.yaml.
func takesFullName(c *chart.Chart) bool {
	if value, hasValue := c.Values[fullName]; hasValue {
		return value == "" || value == nil
	}
	isKnown := len(c.Schema) == 0 || bytes.Contains(c.Schema, []byte(fullName)) // a schema may refuse other values
	return isKnown && slices.ContainsFunc(c.Templates, func(f *chart.File) bool {
		return bytes.Contains(f.Data, []byte(".Values."+fullName))
	})
}

func isTest(o source.Object) bool {
	hooks := strings.Split(o.Annotations()["helm.sh/hook"], ",")
	return slices.ContainsFunc(hooks, func(h string) bool { return strings.HasPrefix(strings.TrimSpace(h), "test") })
}

// checkChart refuses charts that can't be rendered alone.
func checkChart(c *chart.Chart) error {
	if c.Metadata.Type == "library" {
		return fmt.Errorf("chart %s is a library, which has no manifests of its own\nname an application chart", c.Name())
	}
	if v := c.Metadata.KubeVersion; v != "" && !chartutil.IsCompatibleRange(v, kubeVersion.Version) {
		return fmt.Errorf("chart %s needs Kubernetes %s, which doesn't include %s\nchoose another version of the chart",
			c.Name(), v, kubeVersion.Version)
	}
	return checkDependencies(c)
}

// checkDependencies requires that all subcharts are in the chart.
func checkDependencies(c *chart.Chart) error {
	var missing []string
	for _, d := range c.Metadata.Dependencies {
		if !slices.ContainsFunc(c.Dependencies(), func(sub *chart.Chart) bool { return sub.Name() == d.Name }) {
			missing = append(missing, d.Name)
		}
	}
	if len(missing) > 0 {
		return fmt.Errorf("chart %s depends on charts that its folder charts doesn't have: %s\n"+
			"download the dependencies: run helm dependency build in the chart's folder", c.Name(), strings.Join(missing, ", "))
	}
	return nil
}

// renderTwice renders a chart twice, and returns the first result. Its notes name the files that differ between the
// two, such as those with a random password.
func renderTwice(c *chart.Chart, release string, values map[string]any) ([]source.File, []string, error) {
	first, err := renderOnce(c, release, values)
	if err != nil {
		return nil, nil, err
	}
	second, err := renderOnce(c, release, values)
	if err != nil {
		return nil, nil, err
	}
	return first, notesAbout(first, second), nil
}

// notesAbout returns notes about the files of the first rendering.
func notesAbout(first, second []source.File) []string {
	var notes []string
	for _, f := range first {
		isSame := func(g source.File) bool { return g.Name == f.Name && string(g.Content) == string(f.Content) }
		if !slices.ContainsFunc(second, isSame) {
			notes = append(notes, f.Name+": it differs in each rendering, for example by a random password; "+
				"set this value with --values")
		}
		if strings.Contains(string(f.Content), namespace) {
			notes = append(notes, f.Name+": it has the namespace "+namespace+", which doesn't exist; "+
				"set the value that this text comes from with --values")
		}
	}
	return notes
}

func renderOnce(c *chart.Chart, release string, user map[string]any) ([]source.File, error) {
	c, err := copyOf(c)
	if err != nil {
		return nil, err
	}
	values := map[string]any{} // a copy, because rendering changes it
	maps.Copy(values, user)
	if err = chartutil.ProcessDependenciesWithMerge(c, values); err != nil {
		return nil, fmt.Errorf("apply the values to the dependencies of chart %s: %w", c.Name(), err)
	}
	capabilities := chartutil.DefaultCapabilities.Copy()
	capabilities.KubeVersion = kubeVersion
	options := chartutil.ReleaseOptions{Name: release, Namespace: namespace, Revision: 1, IsInstall: true}
	rendered, err := chartutil.ToRenderValuesWithSchemaValidation(c, values, options, capabilities, hasRemoteSchema(c))
	if err != nil {
		return nil, fmt.Errorf("check the values of chart %s: %w\ncorrect them with --values", c.Name(), err)
	}
	texts, err := engine.Render(c, rendered)
	if err != nil {
		return nil, fmt.Errorf("render chart %s %s: %w\nset the values that it needs with --values",
			c.Name(), c.Metadata.Version, err)
	}
	for _, crd := range c.CRDObjects() {
		texts[path.Join(c.Name(), crd.Name)] = string(crd.File.Data)
	}
	return filesOf(c, texts), nil
}

// copyOf copies a chart, because rendering changes it: it removes the subcharts that the values disable.
func copyOf(c *chart.Chart) (*chart.Chart, error) {
	copied := *c
	if c.Metadata == nil {
		return nil, errors.New("the chart has no metadata")
	}
	metadata := *c.Metadata
	metadata.Dependencies = nil
	for _, d := range c.Metadata.Dependencies {
		dependency := *d
		metadata.Dependencies = append(metadata.Dependencies, &dependency)
	}
	copied.Metadata = &metadata
	copied.Values = maps.Clone(c.Values)
	var subcharts []*chart.Chart
	for _, sub := range c.Dependencies() {
		s, err := copyOf(sub)
		if err != nil {
			return nil, err
		}
		subcharts = append(subcharts, s)
	}
	copied.SetDependencies(subcharts...)
	return &copied, nil
}

// filesOf returns the rendered manifests in the order of their names, without the namespace. Files of subcharts begin
// with the subchart's name.
func filesOf(c *chart.Chart, texts map[string]string) []source.File {
	var files []source.File
	for _, name := range slices.Sorted(maps.Keys(texts)) {
		text := texts[name]
		if !slices.Contains([]string{".yaml", ".yml", ".json"}, path.Ext(name)) || strings.TrimSpace(text) == "" {
			continue
		}
		text = namespaceHost.ReplaceAllString(namespaceField.ReplaceAllString(text+"\n", ""), "")
		files = append(files, source.File{Name: fileName(c, name), Content: []byte(text)})
	}
	return files
}

// fileName turns web/charts/redis/templates/master/service.yaml into redis-master-service.yaml.
func fileName(c *chart.Chart, name string) string {
	var parts []string
	for part := range strings.SplitSeq(strings.TrimPrefix(name, c.Name()+"/"), "/") {
		if part != "charts" && part != "templates" {
			parts = append(parts, part)
		}
	}
	return strings.Join(parts, "-")
}
