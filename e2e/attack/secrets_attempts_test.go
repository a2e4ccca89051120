package attack

import (
	_ "embed" // for the schema
	"os"
	"regexp"
	"strings"
	"testing"

	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/types"
)

// externalSecrets is the CustomResourceDefinition of ExternalSecret, with its schema.
//
//go:embed testdata/externalsecrets.yaml
var externalSecrets string

const externalSecret = `{apiVersion: external-secrets.io/v1, kind: ExternalSecret, metadata: {name: a}, spec: {
  secretStoreRef: {kind: ClusterSecretStore, name: previews}, target: {name: b, template: {type: Opaque, data: {c: d}}},
  data: [{secretKey: e, remoteRef: {key: previews/one}}],
  dataFrom: [{sourceRef: {storeRef: {kind: ClusterSecretStore, name: previews}}, extract: {key: previews/f}}]}}`

func secretAttempts() []attempt {
	const store = "{kind: ClusterSecretStore, name: previews}, target"
	return family("previewset-secrets", "ExternalSecret a", externalSecret,
		change{"another secret store", store, "{kind: ClusterSecretStore, name: prod}, target", `secret store "prod"`},
		change{"a secret store of the namespace", store, "{kind: SecretStore, name: previews}, target", `secret store "previews"`},
		change{
			"another secret store of an entry", "{kind: ClusterSecretStore, name: previews}}", "{kind: ClusterSecretStore, name: prod}}",
			`secret store "prod"`,
		},
		change{
			"a generator of secrets", "{storeRef: {kind: ClusterSecretStore, name: previews}}",
			"{generatorRef: {apiVersion: generators.external-secrets.io/v1alpha1, kind: Password, name: a}}", `secret store ""`,
		},
		change{"a key of production", "previews/one", "prod/one", `key "prod/one"`},
		change{"all values of a key of production", "previews/f", "prod", `key "prod"`},
		change{"a search for keys", "extract: {key: previews/f}", "find: {name: {regexp: .*}}", `key ""`},
		change{"a Secret that stays", "name: b", "name: b, creationPolicy: Orphan", "target.creationPolicy"},
		change{"labels of the Secret", "type: Opaque", "metadata: {labels: {grafana_dashboard: x}}", "target.template.metadata"},
		change{"parts of other objects", "type: Opaque", "templateFrom: [{literal: a}]", "target.template.templateFrom"},
		change{"a service account's token by a secret store", "Opaque", "kubernetes.io/service-account-token", "target.template.type"})
}

// An environment that isn't marked as one with secrets has none, and its mark stays.
func TestAdmissionKeepsTheMarkOfSecrets(t *testing.T) {
	t.Parallel()
	for _, mark := range []string{"", "never", "allowed"} {
		namespace := "preview-marked-" + mark
		if mark == "" {
			namespace = "preview-unmarked"
		}
		text := namespaceText(namespace)
		if mark != "" {
			text = strings.Replace(text, "labels: {", "labels: {previewset.dev/secrets: "+mark+", ", 1)
		}
		if err := api.create(t.Context(), namespace, text); err != nil {
			t.Fatal(err)
		}
		t.Run(namespace, func(t *testing.T) {
			t.Parallel()
			relabel := func(label string) error {
				patch := []byte(`{"metadata":{"labels":{"previewset.dev/secrets":` + label + `}}}`)
				options := metav1.PatchOptions{DryRun: []string{metav1.DryRunAll}}
				_, err := api.Client.CoreV1().Namespaces().Patch(t.Context(), namespace, types.MergePatchType, patch, options)
				return err
			}
			kept := "has label previewset.dev/secrets: " + mark + " for its whole life"
			switch mark {
			case "allowed":
				eventually(t, func() error { return api.tryCreate(t.Context(), namespace, externalSecret) })
				wantRefused(t, relabel(`"never"`), kept)
				wantRefused(t, relabel("null"))
			case "never":
				wantRefused(t, api.tryCreate(t.Context(), namespace, externalSecret), "gets no secrets", "code from a fork")
				wantRefused(t, relabel(`"allowed"`), kept)
				wantRefused(t, relabel("null"), kept)
			default:
				wantRefused(t, api.tryCreate(t.Context(), namespace, externalSecret), "gets no secrets")
				wantRefused(t, relabel(`"never"`))
				wantRefused(t, relabel(`"allowed"`))
			}
		})
	}
}

// The ExternalSecrets of the guide fit the operator's schema and the policies.
func TestGuideOfSecretsIsAdmitted(t *testing.T) {
	t.Parallel()
	guide, err := os.ReadFile("../../docs/guides/secrets.md")
	if err != nil {
		t.Fatal(err)
	}
	found := regexp.MustCompile("(?ms)^# kustomize-base/\\S+\n(apiVersion: external-secrets.*?)^```$").FindAllSubmatch(guide, -1)
	if len(found) != 2 {
		t.Errorf("the guide has %d ExternalSecrets", len(found))
	}
	for _, m := range found {
		wantRefused(t, api.tryCreate(t.Context(), direct, string(m[1])))
	}
}
