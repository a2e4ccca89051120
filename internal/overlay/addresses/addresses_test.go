package addresses

import (
	"encoding/base64"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/previewset/previewset/internal/overlay/manifest"
)

func TestFind(t *testing.T) {
	t.Parallel()
	names := Names{Services: []string{"db", "web"}, Namespaces: []string{"staging"}, Own: "preview-ada"}
	for text, want := range map[string]string{
		"http://api.shop.svc.cluster.local":                "api.shop.svc.cluster.local → api",
		"http://api.shop.svc:8080/v1":                      "api.shop.svc:8080 → api:8080",
		"api.shop.svc":                                     "api.shop.svc → api",
		"postgres://a:b@db.shop:5432/app?x=y":              "db.shop:5432 → db:5432",
		"http://db.shop/x":                                 "db.shop → db",
		"mail.staging:25":                                  "mail.staging:25 → mail:25",
		"db-0.db.shop.svc.cluster.local:5432":              "db-0.db.shop.svc.cluster.local:5432 → db-0.db:5432",
		"{\"a\":\"db.shop:1\",\n\"b\":\"api.shop.svc:2\"}": "db.shop:1 → db:1; api.shop.svc:2 → api:2",
		"http://web:80,http://example.com:80":              "",
		"http://db.preview-ada.svc":                        "",
		"db.$(NAMESPACE).svc:80":                           "",
		"10.0.0.1:5432 1.2:3":                              "",
		"api.github.com:443":                               "",
		"db.conf":                                          "",
		"ghcr.io/acme/web:1.4":                             "",
		"config.svc.example.com":                           "",
		"db.shop_old:5432":                                 "",
		"my_db.shop:5432":                                  "",
		"# see https://db.io/docs and http://web.com":      "",
		"http://db.org:80":                                 "",
	} {
		var got []string
		for _, a := range names.find(text) {
			got = append(got, a.Text+" → "+a.Short)
		}
		if strings.Join(got, "; ") != want {
			t.Errorf("%q has %q, want %q", text, got, want)
		}
	}
}

func TestInNamesThePlace(t *testing.T) {
	t.Parallel()
	const text = "http://api.shop.svc"
	pod := map[string]any{"containers": []any{map[string]any{
		"name": "main", "env": []any{map[string]any{"name": "URL", "value": text}}, "args": []any{"--to=" + text},
	}}}
	template := map[string]any{"template": map[string]any{"spec": pod}}
	for _, tt := range []struct {
		object manifest.Object
		want   []string
	}{
		{manifest.Object{Kind: "ConfigMap", Fields: map[string]any{"data": map[string]any{"a": text}}}, []string{"data.a"}},
		{manifest.Object{Kind: "Secret", Fields: map[string]any{
			"stringData": map[string]any{"a": text},
			"data":       map[string]any{"b": base64.StdEncoding.EncodeToString([]byte(text)), "c": text},
		}}, []string{"stringData.a", "data.b"}},
		{
			manifest.Object{Kind: "Deployment", Group: "apps", Fields: map[string]any{"spec": template}},
			[]string{"container main: env URL", "container main: args"},
		},
		{
			manifest.Object{Kind: "CronJob", Group: "batch", Fields: map[string]any{"spec": map[string]any{
				"jobTemplate": map[string]any{"spec": template},
			}}},
			[]string{"container main: env URL", "container main: args"},
		},
	} {
		var got []string
		for _, a := range In(tt.object, Names{}) {
			got = append(got, a.Key)
		}
		if diff := cmp.Diff(tt.want, got); diff != "" {
			t.Errorf("%s (-want +got):\n%s", tt.object.Kind, diff)
		}
	}
}
