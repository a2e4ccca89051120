package replica_test

import (
	"fmt"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"

	"github.com/previewset/previewset/generator/testworld"
	"github.com/previewset/previewset/internal/testfixture"
)

const leases = "/apis/coordination.k8s.io/v1/namespaces/argocd/leases"

// hold lets a process that doesn't exist hold the Lease for an hour, with the addresses of its listeners.
func hold(t *testing.T, objects *testfixture.APIServer, api, private, public string) {
	t.Helper()
	objects.Delete(leases + "/state")
	code, body := send(t, http.MethodPost, api+leases, "", fmt.Sprintf(`{"apiVersion": "coordination.k8s.io/v1", "kind": "Lease",
		"metadata": {"name": "state", "namespace": "argocd"},
		"spec": {"holderIdentity": "ghost/%s/%s", "leaseDurationSeconds": 3600, "renewTime": "2026-11-30T12:00:00.000000Z"}}`,
		private, public))
	if code != http.StatusOK {
		t.Fatalf("%d %s", code, body)
	}
}

// The Lease leads to a replica that doesn't lead. It refuses a forwarded request, and doesn't forward it again.
func TestForwardedRequestIsNotForwardedAgain(t *testing.T) {
	t.Parallel()
	objects := testfixture.NewAPIServer()
	api := httptest.NewServer(objects)
	t.Cleanup(api.Close)
	hold(t, objects, api.URL, "127.0.0.1:1", "127.0.0.1:1")
	first := run(t, testworld.New(), api.URL)
	hold(t, objects, api.URL, first.private, first.public)
	second := run(t, testworld.New(), api.URL)
	code, body := send(t, http.MethodGet, "http://"+second.private+"/api/v1/decisions", testworld.APIToken, "")
	if code != http.StatusServiceUnavailable || !strings.Contains(body, "doesn't lead any more") {
		t.Errorf("%d %s", code, body)
	}
}

// There is a saved state, but the Lease's holder renews it no more. A follower doesn't know how old the state is.
func TestFollowerWithoutRenewalsDoesNotAnswer(t *testing.T) {
	t.Parallel()
	objects := testfixture.NewAPIServer()
	api := httptest.NewServer(objects)
	t.Cleanup(api.Close)
	leader := run(t, testworld.New(), api.URL)
	eventually(t, "the leader is ready", leader.isReady(t))
	leader.stop()
	eventually(t, "the leader has released the Lease", func() bool {
		_, body := send(t, http.MethodGet, api.URL+leases+"/state", "", "")
		return strings.Contains(body, `"holderIdentity":""`)
	})
	hold(t, objects, api.URL, "127.0.0.1:1", "127.0.0.1:1")
	follower := run(t, testworld.New(), api.URL)
	code, body := follower.params(t, testworld.ParamsBody)
	if code != http.StatusServiceUnavailable || !strings.Contains(body, "renewal of lease state") {
		t.Errorf("%d %s", code, body)
	}
}
