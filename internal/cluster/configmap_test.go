package cluster

import (
	"errors"
	"net/http/httptest"
	"testing"

	"github.com/google/go-cmp/cmp"
	"k8s.io/client-go/dynamic"
	"k8s.io/client-go/rest"

	"github.com/previewset/previewset/internal/testfixture"
)

// newConfigMaps returns the ConfigMap as two clients see it.
func newConfigMaps(t *testing.T) (server *testfixture.ConfigMapServer, first, second *ConfigMap) {
	t.Helper()
	server = testfixture.NewConfigMapServer()
	listening := httptest.NewServer(server)
	t.Cleanup(listening.Close)
	client, err := dynamic.NewForConfig(&rest.Config{Host: listening.URL})
	if err != nil {
		t.Fatal(err)
	}
	c := &Client{namespace: "argocd", dynamic: client}
	return server, c.ConfigMap("state"), c.ConfigMap("state")
}

func TestConfigMapIsReadAgainOnlyAfterConflict(t *testing.T) {
	t.Parallel()
	s, m, _ := newConfigMaps(t)
	for _, step := range []struct {
		name    string
		prepare func()
		want    []string
	}{
		{"first save", func() {}, []string{"GET", "PUT"}},
		{"known object", func() {}, []string{"PUT"}},
		{"edited by another client", s.AddLabel, []string{"PUT", "GET", "PUT"}},
		{"known again", func() {}, []string{"PUT"}},
	} {
		step.prepare()
		if err := m.Save(t.Context(), []byte(step.name)); err != nil {
			t.Fatalf("%s: %v", step.name, err)
		}
		if diff := cmp.Diff(step.want, s.TakeCalls()); diff != "" {
			t.Errorf("%s: (-want +got):\n%s", step.name, diff)
		}
		if content, err := m.Load(t.Context()); err != nil || string(content) != step.name {
			t.Errorf("%s: loaded %q, %v", step.name, content, err)
		}
		s.TakeCalls()
	}
	if labels := s.Labels(); !cmp.Equal(labels, any(map[string]any{"by": "hand"})) {
		t.Errorf("labels of the other client are %v", labels)
	}
}

func TestStateOfOtherWriterIsNotReplaced(t *testing.T) {
	t.Parallel()
	s, first, second := newConfigMaps(t)
	save := func(m *ConfigMap, text string, refused bool) {
		t.Helper()
		err := m.Save(t.Context(), []byte(text))
		if _, isRefused := errors.AsType[*OtherWriterError](err); isRefused != refused || (err != nil) != refused {
			t.Fatalf("save %s: %v", text, err)
		}
	}
	load := func(m *ConfigMap, want string) {
		t.Helper()
		if got, err := m.Load(t.Context()); err != nil || string(got) != want {
			t.Fatalf("loaded %q, %v, want %q", got, err, want)
		}
	}
	load(first, "")
	save(first, "1 of the first", false)
	load(second, "1 of the first")
	s.AddLabel()
	save(second, "2 of the second", false)
	save(first, "3 of the first", true)
	save(first, "4 of the first", true) // until it is loaded
	load(first, "2 of the second")
	save(first, "5 of the first", false)
	save(second, "6 of the second", true)
}

// A write with an error may have happened. It isn't another writer's.
func TestOwnWriteWithErrorIsKnown(t *testing.T) {
	t.Parallel()
	s, m, _ := newConfigMaps(t)
	if err := m.Save(t.Context(), []byte("1")); err != nil {
		t.Fatal(err)
	}
	s.FailNextWrite()
	if err := m.Save(t.Context(), []byte("2")); err == nil {
		t.Fatal("no error")
	}
	if err := m.Save(t.Context(), []byte("3")); err != nil {
		t.Errorf("after an error: %v", err)
	}
	s.DropState()
	if err := m.Save(t.Context(), []byte("4")); err != nil {
		t.Errorf("after a lost state: %v", err)
	}
	if got, err := m.Load(t.Context()); err != nil || string(got) != "4" {
		t.Errorf("loaded %q, %v", got, err)
	}
}
