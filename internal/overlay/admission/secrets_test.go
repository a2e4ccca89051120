package admission

import (
	"strings"
	"testing"

	"github.com/previewset/previewset/internal/overlay/manifest"
)

const externalSecret = `{apiVersion: external-secrets.io/v1, kind: ExternalSecret, metadata: {name: a}, spec: {
  secretStoreRef: {kind: ClusterSecretStore, name: previews}, target: {name: b, template: {type: Opaque, data: {c: d}}},
  data: [{secretKey: e, remoteRef: {key: one}}],
  dataFrom: [{sourceRef: {storeRef: {kind: ClusterSecretStore, name: other}}, extract: {key: previews/f}}]}}`

func TestExternalSecrets(t *testing.T) {
	t.Parallel()
	const (
		store = "ExternalSecret a names secret store "
		key   = "ExternalSecret a reads key "
		field = "ExternalSecret a has "
	)
	wantRefused(t, []refusedChange{
		{"another store", externalSecret, "name: previews", "name: prod", store + `"prod"; name a ClusterSecretStore of secretStores, or ask`},
		{"a store without a name", externalSecret, ", name: previews}", "}", store + `""`},
		{"a store of the namespace", externalSecret, "{kind: ClusterSecretStore, name: previews}", "{name: previews}", store + `"previews"`},
		{"another store of an entry", externalSecret, "name: other", "name: prod", store + `"prod"`},
		{"a generator", externalSecret, "{storeRef: {kind: ClusterSecretStore, name: other}}", "{generatorRef: {kind: Password}}", store + `""`},
		{"another key", externalSecret, "key: one", "key: prod/db", key + `"prod/db"; name one key of secretKeys in each entry, or ask`},
		{"a key that begins like an allowed one", externalSecret, "key: one", "key: one2", key + `"one2"`},
		{"another key of all values", externalSecret, "key: previews/f", "key: prod", key + `"prod"`},
		{"a search", externalSecret, "extract: {key: previews/f}", "find: {name: {regexp: .*}}", key + `""`},
		{"a Secret that stays", externalSecret, "name: b", "name: b, creationPolicy: Orphan", field + "target.creationPolicy, or a value of it"},
		{"another kind of object", externalSecret, "name: b", "name: b, manifest: {kind: Role}", field + "target.manifest"},
		{"labels of the Secret", externalSecret, "type: Opaque", "metadata: {labels: {grafana_dashboard: " +
			"x}}", field + "target.template.metadata"},
		{"parts from elsewhere", externalSecret, "type: Opaque", "templateFrom: []", field + "target.template.templateFrom"},
		{"a service account's token", externalSecret, "Opaque", "kubernetes.io/service-account-token", field + "target.template.type"},
		{"another kind of the operator", externalSecret, "kind: ExternalSecret", "kind: PushSecret", "PushSecret a isn't " +
			"an ExternalSecret; remove it"},
	})
}

func TestUnmarkedSecrets(t *testing.T) {
	t.Parallel()
	var settings, older Settings
	settings.AddConfigMap("appsets/settings.yaml", objectFrom(t, settingsManifest))
	older.AddConfigMap("appsets/settings.yaml", objectFrom(t, "{metadata: {name: previewset-admission}}"))
	secret := objectFrom(t, externalSecret)
	sealed := objectFrom(t, "{apiVersion: bitnami.com/v1alpha1, kind: SealedSecret, metadata: {name: a}}")
	namespace := func(mark string) manifest.Object {
		return objectFrom(t, "{kind: Namespace, metadata: {name: a, labels: {previewset.dev/secrets: "+mark+"}}}")
	}
	for mark, want := range map[string]int{"allowed": 0, "never": 2, "''": 2} {
		objects := []manifest.Object{namespace(mark), secret, sealed}
		found := UnmarkedSecrets(NewRules(&settings, "preview-"), objects)
		if len(found) != want || want > 0 && !strings.Contains(found[1].Message, "gets no secrets") {
			t.Errorf("marked %s: %v", mark, found)
		}
		if found := UnmarkedSecrets(NewRules(&older, "preview-"), objects); len(found) > 0 {
			t.Errorf("older policies: %v", found)
		}
	}
}
