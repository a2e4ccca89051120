package signin_test

import (
	"net/http"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/previewset/previewset/generator/signin"
	"github.com/previewset/previewset/generator/testworld"
	"github.com/previewset/previewset/internal/config"
)

// Headers that a client adds to those of the proxy give it nothing.
func TestHeadersOfTheProxy(t *testing.T) {
	t.Parallel()
	p := signin.Proxy{Secret: testworld.NewSecret(t, "secret"), LoginHeader: "X-Login"}
	for name, tt := range map[string]struct {
		header http.Header
		want   *config.Person
	}{
		"one family": {
			http.Header{"X-Forwarded-User": {"bob"}, "X-Forwarded-Email": {"b@example.dev"}, "X-Forwarded-Groups": {"a, b"}},
			&config.Person{Email: "b@example.dev", Groups: []string{"a", "b"}},
		},
		"the other family": {
			http.Header{"X-Auth-Request-User": {"bob"}, "X-Auth-Request-Groups": {"a"}, "X-Login": {"bob"}},
			&config.Person{Login: "bob", Groups: []string{"a"}},
		},
		"groups of the other family": {
			http.Header{"X-Forwarded-User": {"bob"}, "X-Auth-Request-Groups": {"platform"}}, nil,
		},
		"an address of the other family": {
			http.Header{"X-Auth-Request-User": {"bob"}, "X-Forwarded-Email": {"root@example.dev"}}, nil,
		},
		"groups twice": {
			http.Header{"X-Forwarded-User": {"bob"}, "X-Forwarded-Groups": {"platform", "a"}}, &config.Person{},
		},
		"a login twice": {http.Header{"X-Forwarded-User": {"bob"}, "X-Login": {"root", "bob"}}, &config.Person{}},
		"only groups":   {http.Header{"X-Forwarded-Groups": {"platform"}}, nil},
	} {
		tt.header.Set(signin.ProxySecretHeader, "secret")
		got, ok := p.Person(tt.header)
		if ok != (tt.want != nil) {
			t.Errorf("%s: named %v", name, ok)
		} else if ok {
			if diff := cmp.Diff(*tt.want, got.Person); diff != "" {
				t.Errorf("%s (-want +got):\n%s", name, diff)
			}
		}
		p.RemoveHeaders(tt.header)
		if len(tt.header) > 0 {
			t.Errorf("%s: headers are left: %v", name, tt.header)
		}
	}
}
