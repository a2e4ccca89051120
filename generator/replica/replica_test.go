package replica_test

import (
	"context"
	"fmt"
	"io"
	"log/slog"
	"net"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/previewset/previewset/generator"
	"github.com/previewset/previewset/generator/replica"
	"github.com/previewset/previewset/generator/testworld"
	"github.com/previewset/previewset/internal/cluster"
	"github.com/previewset/previewset/internal/cluster/lease"
	"github.com/previewset/previewset/internal/testfixture"
)

// election is a Lease as package replica needs it.
type election struct{ *lease.Lease }

func (e election) Holder() replica.Holder { return replica.Holder(e.Lease.Holder()) }

func (e election) Read(ctx context.Context) (replica.Holder, error) {
	h, err := e.Lease.Read(ctx)
	return replica.Holder(h), err
}

// running is one replica that runs.
type running struct {
	*testworld.Service
	private, public string // addresses
	state           *cluster.ConfigMap
	stopServing     context.CancelFunc // its listeners close; it leads on
	stop            context.CancelFunc
}

// run runs a replica until the test ends.
func run(t *testing.T, w *testworld.World, api string) *running {
	t.Helper()
	kubeconfig := filepath.Join(t.TempDir(), "kubeconfig")
	content := fmt.Appendf(nil, `{apiVersion: v1, kind: Config, current-context: test,
		clusters: [{name: test, cluster: {server: %q}}], contexts: [{name: test, context: {cluster: test}}]}`, api)
	if err := os.WriteFile(kubeconfig, content, 0o600); err != nil {
		t.Fatal(err)
	}
	c, err := cluster.New(kubeconfig, "argocd")
	if err != nil {
		t.Fatal(err)
	}
	l := c.Lease("state", slog.New(slog.DiscardHandler))
	r := &running{state: c.ConfigMap("state")}
	r.Service = testworld.NewService(t, w, testworld.WithClock, testworld.WithRealTime, func(o *generator.Options) {
		o.Store = c.ElectedConfigMap("state", l)
		o.Replica = replica.New(replica.Options{
			Lease: election{l}, State: c.ConfigMap("state"), Token: o.Token, MaxAge: time.Minute, Address: c.OwnAddress,
			Registry: o.Registry, Logger: o.Logger, Now: time.Now,
		})
	})
	private, public := testworld.Listen(t), testworld.Listen(t)
	r.private, r.public = private.Addr().String(), public.Addr().String()
	var ctx, serving context.Context
	ctx, r.stop = context.WithCancel(t.Context())
	serving, r.stopServing = context.WithCancel(ctx)
	ended := make(chan error, 2)
	go func() { ended <- r.Run(ctx) }()
	go func() { ended <- r.Serve(serving, closing{private, serving}, closing{public, serving}) }()
	t.Cleanup(func() {
		r.stop()
		for range 2 {
			<-ended
		}
	})
	return r
}

// closing is a listener that closes at once when ctx ends, as after a kill.
type closing struct {
	net.Listener
	ctx context.Context //nolint:containedctx // of the listener
}

// Accept implements net.Listener.
func (c closing) Accept() (net.Conn, error) {
	defer context.AfterFunc(c.ctx, func() { _ = c.Close() })()
	conn, err := c.Listener.Accept()
	if err == nil {
		context.AfterFunc(c.ctx, func() { _ = conn.Close() })
	}
	return conn, err
}

// send sends a request to an address.
func send(t *testing.T, method, url, token, body string) (int, string) {
	t.Helper()
	request, err := http.NewRequestWithContext(t.Context(), method, url, strings.NewReader(body))
	if err != nil {
		t.Fatal(err)
	}
	request.Header.Set("Authorization", "Bearer "+token)
	response, err := http.DefaultClient.Do(request)
	if err != nil {
		return 0, err.Error()
	}
	defer func() { _ = response.Body.Close() }()
	content, err := io.ReadAll(response.Body)
	if err != nil {
		t.Fatal(err)
	}
	return response.StatusCode, string(content)
}

func (r *running) params(t *testing.T, body string) (int, string) {
	t.Helper()
	return send(t, http.MethodPost, "http://"+r.private+"/api/v1/getparams.execute", testworld.ArgoToken, body)
}

func eventually(t *testing.T, what string, ok func() bool) {
	t.Helper()
	for end := time.Now().Add(30 * time.Second); !ok(); <-time.After(50 * time.Millisecond) {
		if time.Now().After(end) {
			t.Fatalf("%s: not within 30 seconds", what)
		}
	}
}

func (r *running) isReady(t *testing.T) func() bool {
	t.Helper()
	return func() bool {
		code, _ := send(t, http.MethodGet, "http://"+r.private+"/readyz", "", "")
		return code == http.StatusOK
	}
}

// A follower gives the leader's answers. When the leader is away, it gives the same rows from the saved state, and
// refuses all that only the leader may decide.
func TestFollowerAnswersAsTheLeader(t *testing.T) {
	t.Parallel()
	api := httptest.NewServer(testfixture.NewAPIServer())
	t.Cleanup(api.Close)
	w := testworld.New()
	leader := run(t, w, api.URL)
	eventually(t, "the leader is ready", leader.isReady(t))
	follower := run(t, w, api.URL)
	eventually(t, "the follower is ready", follower.isReady(t))
	code, want := leader.params(t, testworld.ParamsBody)
	if code != http.StatusOK || !strings.Contains(want, "shop-pr-7") {
		t.Fatalf("the leader answers %d %s", code, want)
	}
	same := func(when string) {
		t.Helper()
		if code, got := follower.params(t, testworld.ParamsBody); code != http.StatusOK || got != want {
			t.Errorf("%s: %d\n%s", when, code, cmp.Diff(want, got))
		}
	}
	same("with the leader")
	if code, body := send(t, http.MethodGet, "http://"+follower.private+"/api/v1/environments", testworld.APIToken, ""); code != http.StatusOK {
		t.Errorf("the API through the follower: %d %s", code, body)
	}
	if code, _ := follower.params(t, `{"applicationSetName": "previews", "input": {"parameters": {"sauce": "x"}}}`); code != http.StatusBadRequest {
		t.Errorf("a wrong filter through the follower: %d", code)
	}
	for name, value := range map[*running]float64{leader: 1, follower: 0} {
		if got := name.Metrics(t)["previewset_leader"]; got != value {
			t.Errorf("previewset_leader %v, want %v", got, value)
		}
	}
	if _, has := follower.Metrics(t)["previewset_ready"]; has {
		t.Error("the follower says that it isn't ready, as a broken service")
	}
	leader.stopServing()
	eventually(t, "the leader is away", func() bool { code, _ := leader.params(t, testworld.ParamsBody); return code == 0 })
	same("without the leader")
	for what, ask := range map[string]func() (int, string){
		"only the leader": func() (int, string) {
			return follower.params(t, `{"applicationSetName": "previews", "input": {"parameters": {"owner": "bob"}}}`)
		},
		"can't be reached": func() (int, string) {
			return send(t, http.MethodGet, "http://"+follower.private+"/api/v1/decisions", testworld.APIToken, "")
		},
		"the leader of the replicas": func() (int, string) {
			return send(t, http.MethodGet, "http://"+follower.public+"/", "", "")
		},
	} {
		if code, body := ask(); code != http.StatusServiceUnavailable || !strings.Contains(body, what) {
			t.Errorf("%q: %d %s", what, code, body)
		}
	}
	if code, body := send(t, http.MethodPost, "http://"+follower.private+"/api/v1/getparams.execute", "wrong", testworld.ParamsBody); code != http.StatusUnauthorized {
		t.Errorf("a wrong token without the leader: %d %s", code, body)
	}
}

// A leader that was paused finds another saved state than its own. It doesn't answer with its own rows.
func TestLeaderWithAnOldSnapshotAnswersFromTheSavedState(t *testing.T) {
	t.Parallel()
	objects := testfixture.NewAPIServer()
	api := httptest.NewServer(objects)
	t.Cleanup(api.Close)
	leader := run(t, testworld.New(), api.URL)
	eventually(t, "the leader is ready", leader.isReady(t))
	if code, body := leader.params(t, testworld.ParamsBody); code != http.StatusOK {
		t.Fatalf("%d %s", code, body)
	}
	if _, err := leader.state.Load(t.Context()); err != nil {
		t.Fatal(err)
	}
	if err := leader.state.Save(t.Context(), []byte("of another leader")); err != nil {
		t.Fatal(err)
	}
	if code, body := leader.params(t, testworld.ParamsBody); code != http.StatusServiceUnavailable || !strings.Contains(body, "corrupt") {
		t.Errorf("with another saved state: %d %s", code, body)
	}
	eventually(t, "the leader reads the state again, and answers", func() bool {
		code, body := leader.params(t, testworld.ParamsBody)
		return code == http.StatusOK && strings.Contains(body, "shop-pr-7")
	})
	objects.Empty("state")
	eventually(t, "the leader writes a lost state again", func() bool {
		code, body := leader.params(t, testworld.ParamsBody)
		return code == http.StatusOK && strings.Contains(body, "shop-pr-7")
	})
	if content, err := leader.state.Load(t.Context()); err != nil || len(content) == 0 {
		t.Errorf("the saved state has %d bytes, %v", len(content), err)
	}
	objects.SetDown(true)
	if code, body := leader.params(t, testworld.ParamsBody); code != http.StatusServiceUnavailable || !strings.Contains(body, "can't confirm") {
		t.Errorf("without the API server: %d %s", code, body)
	}
}
