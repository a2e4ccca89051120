package newservice

import (
	"bytes"
	"embed"
	"path"
	"strconv"
	"strings"
	"text/template"

	"sigs.k8s.io/yaml"
)

//go:embed templates
var templates embed.FS

func (a *addition) addTemplates(component string, names ...string) error {
	for _, name := range names {
		text, err := a.fillTemplate(component + "/" + name)
		if err != nil {
			return err
		}
		a.added.Files[path.Join(a.folder(), component, name)] = text
	}
	return nil
}

// Ingress returns the Ingress of a public service, as a new service gets it. class is the Ingress class, and port the
// number of the Service's port.
func Ingress(service, class string, port int) ([]byte, error) {
	a := addition{values: values{Name: service, ServicePort: port, routeForm: routeForm{IngressClass: class}}}
	return a.fillTemplate("run/ingress.yaml")
}

func (a *addition) fillTemplate(name string) ([]byte, error) {
	functions := template.FuncMap{"indent": indentYAML, "quote": strconv.Quote}
	t, err := template.New(path.Base(name)).Funcs(functions).ParseFS(templates, "templates/"+name)
	if err != nil {
		return nil, err
	}
	var b bytes.Buffer
	err = t.Execute(&b, a.values)
	return b.Bytes(), err
}

// indentYAML writes a list as YAML, indented by some spaces.
func indentYAML(spaces int, list []any) (string, error) {
	text, err := yaml.Marshal(list)
	indent := strings.Repeat(" ", spaces)
	return indent + strings.ReplaceAll(strings.TrimSpace(string(text)), "\n", "\n"+indent), err
}
