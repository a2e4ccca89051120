package contract

import (
	"bytes"
	"encoding/json"
	"errors"
	"io"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/argoproj/argo-cd/v2/applicationset/controllers/template"
	"github.com/argoproj/argo-cd/v2/applicationset/generators"
	"github.com/argoproj/argo-cd/v2/applicationset/utils"
	"github.com/argoproj/argo-cd/v2/pkg/apis/application/v1alpha1"
	"github.com/sirupsen/logrus"
	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/runtime"
	"sigs.k8s.io/controller-runtime/pkg/client"
	"sigs.k8s.io/controller-runtime/pkg/client/fake"
	"sigs.k8s.io/yaml"

	"github.com/previewset/previewset/generator"
	"github.com/previewset/previewset/generator/secret"
	"github.com/previewset/previewset/internal/preview"
)

const (
	argoToken = "argo-t0ken"
	apiToken  = "api-t0ken"
)

func newSecret(t *testing.T, value string) *secret.File {
	t.Helper()
	file := filepath.Join(t.TempDir(), "token")
	if err := os.WriteFile(file, []byte(value), 0o600); err != nil {
		t.Fatal(err)
	}
	s, err := secret.Read(file)
	if err != nil {
		t.Fatal(err)
	}
	return s
}

// argoCD is the part of Argo CD that calls a plugin and renders Applications.
type argoCD struct {
	set    v1alpha1.ApplicationSet
	plugin corev1.ConfigMap
	secret corev1.Secret
}

// newArgoCD has the objects of appsets/, with the plugin at a URL.
func newArgoCD(t *testing.T, url string) *argoCD {
	t.Helper()
	a := &argoCD{secret: tokenSecret(t)}
	decode(t, read(t, "appsets/applicationset.yaml"), &a.set)
	decode(t, read(t, "appsets/plugin.yaml"), &a.plugin)
	a.plugin.Data["baseUrl"] = url
	return a
}

// tokenSecret returns the Secret that appsets/kustomization.yaml generates for Argo CD. Its only key has the token.
func tokenSecret(t *testing.T) corev1.Secret {
	t.Helper()
	var k struct{ SecretGenerator []kustomizeSecret }
	if err := yaml.Unmarshal(read(t, "appsets/kustomization.yaml"), &k); err != nil {
		t.Fatal(err)
	}
	for _, s := range k.SecretGenerator {
		if key, file, _ := strings.Cut(s.Files[0], "="); file == "secrets/argocd.token" {
			return corev1.Secret{
				ObjectMeta: metav1.ObjectMeta{Name: s.Name, Namespace: s.Namespace, Labels: s.Options.Labels},
				Data:       map[string][]byte{key: []byte(argoToken)},
			}
		}
	}
	t.Fatal("appsets/kustomization.yaml generates no Secret from secrets/argocd.token")
	return corev1.Secret{}
}

type kustomizeSecret struct {
	Name, Namespace string
	Files           []string
	Options         struct{ Labels map[string]string }
}

// decode refuses unknown fields, because the API server would drop them silently.
func decode(t *testing.T, content []byte, into any) {
	t.Helper()
	if err := yaml.UnmarshalStrict(content, into); err != nil {
		t.Fatal(err)
	}
}

// parameters sets the plugin's input parameters.
func (a *argoCD) parameters(t *testing.T, text string) {
	t.Helper()
	p := &a.set.Spec.Generators[0].Plugin.Input.Parameters
	*p = nil
	if err := json.Unmarshal([]byte(text), p); err != nil {
		t.Fatal(err)
	}
}

// generators are Argo CD's generators. Only the plugin generator is used.
func (a *argoCD) generators(t *testing.T) map[string]generators.Generator {
	t.Helper()
	scheme := runtime.NewScheme()
	if err := errors.Join(corev1.AddToScheme(scheme), v1alpha1.AddToScheme(scheme)); err != nil {
		t.Fatal(err)
	}
	objects := []client.Object{a.plugin.DeepCopy(), a.secret.DeepCopy()}
	c := fake.NewClientBuilder().WithScheme(scheme).WithObjects(objects...).Build()
	return map[string]generators.Generator{"Plugin": generators.NewPluginGenerator(c, t.Context(), nil, a.set.Namespace)}
}

// rows returns the parameters that Argo CD reads from the plugin's answer.
func (a *argoCD) rows(t *testing.T) ([]map[string]any, error) {
	t.Helper()
	return a.generators(t)["Plugin"].GenerateParams(&a.set.Spec.Generators[0], &a.set, nil)
}

// applications returns the Applications that Argo CD would have in the cluster. After an error it changes nothing.
func (a *argoCD) applications(t *testing.T) ([]v1alpha1.Application, error) {
	t.Helper()
	quiet := logrus.New()
	quiet.SetOutput(io.Discard)
	apps, _, err := template.GenerateApplications(logrus.NewEntry(quiet), a.set, a.generators(t), &utils.Render{}, nil)
	return apps, err
}

// mustApplications fails the test if Argo CD would change nothing because of an error.
func (a *argoCD) mustApplications(t *testing.T) []v1alpha1.Application {
	t.Helper()
	apps, err := a.applications(t)
	if err != nil {
		t.Fatal(err)
	}
	return apps
}

// onlyApplication returns the only Application.
func (a *argoCD) onlyApplication(t *testing.T) v1alpha1.Application {
	t.Helper()
	apps := a.mustApplications(t)
	if len(apps) != 1 {
		t.Fatalf("%d Applications, want one", len(apps))
	}
	return apps[0]
}

// serve serves a handler on loopback until the test ends.
func serve(t *testing.T, h http.Handler) string {
	t.Helper()
	s := httptest.NewServer(h)
	t.Cleanup(s.Close)
	return s.URL
}

// answered returns the rows of the generator's API.
func answered(t *testing.T, g *generator.Generator) []preview.Row {
	t.Helper()
	r := httptest.NewRequestWithContext(t.Context(), http.MethodGet, "/api/v1/environments", nil)
	r.Header.Set("Authorization", "Bearer "+apiToken)
	w := httptest.NewRecorder()
	g.Handler().ServeHTTP(w, r)
	var answer struct{ Environments []preview.Row }
	if err := json.Unmarshal(w.Body.Bytes(), &answer); err != nil || w.Code != http.StatusOK {
		t.Fatalf("%d %v: %s", w.Code, err, w.Body)
	}
	return answer.Environments
}

// onlyRow returns the only row.
func onlyRow(t *testing.T, g *generator.Generator) preview.Row {
	t.Helper()
	rows := answered(t, g)
	if len(rows) != 1 {
		t.Fatalf("%d rows, want one", len(rows))
	}
	return rows[0]
}

// jsonOf returns a value after a round trip through JSON.
func jsonOf(t *testing.T, v any) []byte {
	t.Helper()
	var b bytes.Buffer
	e := json.NewEncoder(&b)
	e.SetEscapeHTML(false)
	if err := e.Encode(v); err != nil {
		t.Fatal(err)
	}
	return bytes.TrimSpace(b.Bytes())
}
