package generator_test

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"sync"
	"testing"
	"text/template"

	"sigs.k8s.io/yaml"

	previewset "github.com/previewset/previewset"
	"github.com/previewset/previewset/internal/preview"
)

// argoCD has the Applications that the ApplicationSet in appsets/ creates from the last answer.
type argoCD struct {
	template map[string]any // its texts are parsed templates
	patch    *template.Template

	mu     sync.Mutex
	broken bool
	rows   []map[string]any
}

func newArgoCD(t testing.TB) *argoCD {
	t.Helper()
	content, err := previewset.Example.ReadFile("appsets/applicationset.yaml")
	if err != nil {
		t.Fatal(err)
	}
	var set struct {
		Spec struct {
			Template      map[string]any
			TemplatePatch string
		}
	}
	if err := yaml.Unmarshal(content, &set); err != nil {
		t.Fatal(err)
	}
	parsed, _ := mapTexts(set.Spec.Template, func(text string) (any, error) { return parseTemplate(t, text), nil })
	return &argoCD{template: parsed.(map[string]any), patch: parseTemplate(t, set.Spec.TemplatePatch)}
}

func parseTemplate(t testing.TB, text string) *template.Template {
	t.Helper()
	toJSON := func(v any) (string, error) { b, err := json.Marshal(v); return string(b), err }
	parsed, err := template.New("").Option("missingkey=error").Funcs(template.FuncMap{"toJson": toJSON}).Parse(text)
	if err != nil {
		t.Fatal(err)
	}
	return parsed
}

// mapTexts replaces each text in a document.
func mapTexts[T any](v any, do func(T) (any, error)) (any, error) {
	var problem error
	replaced := func(e any) any {
		out, err := mapTexts(e, do)
		problem = errors.Join(problem, err)
		return out
	}
	if text, ok := v.(T); ok {
		return do(text)
	}
	switch v := v.(type) {
	case map[string]any:
		out := map[string]any{}
		for key, e := range v {
			out[key] = replaced(e)
		}
		return out, problem
	case []any:
		out := make([]any, len(v))
		for i, e := range v {
			out[i] = replaced(e)
		}
		return out, problem
	}
	return v, nil
}

// setRows sets the rows of the last answer.
func (a *argoCD) setRows(rows []map[string]any) { defer a.lock()(); a.rows = rows }

func (a *argoCD) setBroken(broken bool) { defer a.lock()(); a.broken = broken }

func (a *argoCD) lock() (unlock func()) { a.mu.Lock(); return a.mu.Unlock }

// outage returns an error while the API server is broken.
func (a *argoCD) outage() error {
	defer a.lock()()
	if a.broken {
		return errors.New("the API server doesn't answer")
	}
	return nil
}

func (a *argoCD) Read(context.Context) (preview.Cluster, error) {
	return preview.Cluster{Plugins: []preview.Plugin{{ApplicationSet: "previews", ConfigMap: "preview-generator"}}}, a.outage()
}

func (a *argoCD) Refresh(context.Context, string) error { return a.outage() }

func (a *argoCD) Recover(context.Context) (preview.Recovered, error) {
	var found preview.Recovered
	if err := a.outage(); err != nil {
		return found, err
	}
	defer a.lock()()
	for _, row := range a.rows {
		app, err := a.application(row)
		if err != nil {
			return found, err
		}
		found.Add(app)
	}
	return found, nil
}

// application returns the Application that the ApplicationSet controller creates from a row.
func (a *argoCD) application(row map[string]any) (preview.Application, error) {
	rendered, err := mapTexts(any(a.template), func(t *template.Template) (any, error) { return render(t, row) })
	if err != nil {
		return preview.Application{}, err
	}
	patch, err := render(a.patch, row)
	if err != nil {
		return preview.Application{}, err
	}
	var p map[string]any
	if err = json.Unmarshal([]byte(patch), &p); err != nil {
		return preview.Application{}, fmt.Errorf("templatePatch: %w", err)
	}
	made := mergePatch(rendered, p).(map[string]any)
	var app struct {
		Metadata struct {
			Name                string
			Labels, Annotations map[string]string
		}
		Spec json.RawMessage
	}
	content, err := json.Marshal(made)
	if err == nil {
		err = json.Unmarshal(content, &app)
	}
	return preview.Application{
		Name: app.Metadata.Name, Labels: app.Metadata.Labels, Annotations: app.Metadata.Annotations, Spec: app.Spec,
	}, err
}

func render(t *template.Template, row map[string]any) (string, error) {
	var b bytes.Buffer
	err := t.Execute(&b, row)
	return b.String(), err
}

// mergePatch applies a JSON merge patch.
func mergePatch(document, patch any) any {
	d, isObject := document.(map[string]any)
	p, changes := patch.(map[string]any)
	if !isObject || !changes {
		return patch
	}
	for key, v := range p {
		d[key] = mergePatch(d[key], v)
	}
	return d
}
