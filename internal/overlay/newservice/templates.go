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
