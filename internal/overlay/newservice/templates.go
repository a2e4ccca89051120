package newservice

import (
	"bytes"
	"embed"
	"path"
	"text/template"
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
	t, err := template.ParseFS(templates, "templates/"+name)
	if err != nil {
		return nil, err
	}
	var b bytes.Buffer
	err = t.Execute(&b, a.values)
	return b.Bytes(), err
}
