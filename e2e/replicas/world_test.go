// Package replicas runs several processes of preview-generator on one saved state, and kills, cuts off and replaces them
// while a client asks all of them as Argo CD does. The Kubernetes API server, Git and the processes are real; GitHub is
// simulated. It has no controllers and no Argo CD.
package replicas

import (
	"context"
	"crypto/rand"
	"flag"
	"fmt"
	"log"
	"net/http/httptest"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

	"github.com/previewset/previewset/e2e/cluster"
	"github.com/previewset/previewset/e2e/gitserver"
	"github.com/previewset/previewset/e2e/process"
	"github.com/previewset/previewset/e2e/toolchain"
	"github.com/previewset/previewset/internal/githubtest"
)

const (
	argoToken = "argo-token-0123456789abcdef"
	apiToken  = "api-token-0123456789abcdef"
	namespace = "argocd"
	state     = "preview-generator-state"
	// patience is the longest time for a change. The machine may be busy.
	patience = time.Minute
	// longestGap is the longest time in which no replica may answer.
	longestGap = 30 * time.Second
)

var kills = flag.Int("kills", 5, "number of times that the leader is killed")

// api is the cluster, programs are the paths of the built programs, and repository is the folder that previewctl init
// wrote.
var (
	api        *cluster.Cluster
	programs   = map[string]string{}
	repository string
)

func TestMain(m *testing.M) {
	flag.Parse()
	os.Exit(run(m))
}

func run(m *testing.M) int {
	ctx, stop := process.OnInterrupt()
	defer stop()
	folder, err := os.MkdirTemp("", "previewset-replicas-")
	if err != nil {
		log.Print(err)
		return 1
	}
	defer func() { _ = os.RemoveAll(folder) }()
	group := process.NewGroup(folder)
	defer group.Close()
	if err := prepare(ctx, group, folder); err != nil {
		log.Print(err)
		group.WriteLogs(os.Stderr, 10)
		return 1
	}
	return process.RunTests(ctx, m)
}

func prepare(ctx context.Context, group *process.Group, folder string) error {
	tools, err := toolchain.Open(ctx)
	if err != nil {
		return err
	}
	if err = tools.Build(ctx, os.Stderr, append(cluster.APIPrograms(), toolchain.Kubectl)...); err != nil {
		return err
	}
	for _, name := range []string{"preview-generator", "previewctl"} {
		if programs[name], err = tools.BuildOwn(ctx, folder, name); err != nil {
			return err
		}
	}
	repository = filepath.Join(folder, "repository")
	_, err = process.Output(ctx, process.Command{
		Path: programs["previewctl"], Dir: folder,
		Args: []string{"init", repository, "--domain=preview.example.dev", "--example", "--example-repository=acme/shop"},
	})
	if err != nil {
		return err
	}
	if api, err = cluster.StartAPI(ctx, tools, group, folder); err != nil {
		return err
	}
	return install(ctx)
}

// install applies the service account, the permissions and the saved state as `previewctl init` wrote them, and the kinds
// of Argo CD that the generator reads.
func install(ctx context.Context) error {
	if _, err := api.Kubectl(ctx, strings.NewReader(kinds()), "apply", "--filename=-"); err != nil {
		return err
	}
	if _, err := api.Kubectl(ctx, nil, "create", "namespace", namespace); err != nil {
		return err
	}
	for _, name := range []string{"serviceaccount", "rbac", "state"} {
		file := filepath.Join(repository, "appsets/generator", name+".yaml")
		if _, err := api.Kubectl(ctx, nil, "apply", "--namespace="+namespace, "--filename="+file); err != nil {
			return err
		}
	}
	return process.Poll(ctx, patience, func(ctx context.Context) error {
		_, err := api.Kubectl(ctx, strings.NewReader(applicationSet), "apply", "--filename=-")
		return err
	})
}

const applicationSet = `{apiVersion: argoproj.io/v1alpha1, kind: ApplicationSet, metadata: {name: previews, namespace: argocd},
spec: {generators: [{plugin: {configMapRef: {name: preview-generator}}}]}}`

func kinds() string {
	var text strings.Builder
	for kind, plural := range map[string]string{"Application": "applications", "ApplicationSet": "applicationsets"} {
		fmt.Fprintf(&text, `---
apiVersion: apiextensions.k8s.io/v1
kind: CustomResourceDefinition
metadata: {name: %s.argoproj.io}
spec:
  group: argoproj.io
  scope: Namespaced
  names: {kind: %s, plural: %[1]s, singular: %[3]s}
  versions:
  - name: v1alpha1
    served: true
    storage: true
    schema: {openAPIV3Schema: {type: object, x-kubernetes-preserve-unknown-fields: true}}
`, plural, kind, strings.ToLower(kind))
	}
	return text.String()
}

// world has the sources of the generator, and its replicas.
type world struct {
	git      *gitserver.Server
	github   *githubtest.Server
	shop     *githubtest.Repo
	url      string // of GitHub
	folder   string
	group    *process.Group
	replicas []*replica
	opened   int // pull requests
}

// replica is one process with a connection of its own to the API server.
type replica struct {
	world           *world
	name            string
	private, public string // host:port
	proxy           *proxy
	args            []string
	process         *process.Process
}

// begin starts two replicas on a new saved state. Both are ready.
func begin(t *testing.T) *world {
	t.Helper()
	if _, err := api.Kubectl(t.Context(), nil, "delete", "lease,configmap", state, "--ignore-not-found", "--namespace="+namespace); err != nil {
		t.Fatal(err)
	}
	if _, err := api.Kubectl(t.Context(), nil, "create", "configmap", state, "--namespace="+namespace); err != nil {
		t.Fatal(err)
	}
	w := &world{github: githubtest.New(), folder: t.TempDir()}
	w.shop = w.github.AddRepository("acme/shop")
	server := httptest.NewServer(w.github)
	t.Cleanup(server.Close)
	w.url = server.URL
	var err error
	if w.git, err = gitserver.Start(t.Context(), t.TempDir()); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(w.git.Close)
	change := gitserver.All(gitserver.Copy(repository), withHighLimits)
	if _, err = w.git.Change(t.Context(), "Add the example", change); err != nil {
		t.Fatal(err)
	}
	w.group = process.NewGroup(w.folder)
	t.Cleanup(w.group.Close)
	t.Cleanup(func() {
		if t.Failed() {
			w.group.WriteLogs(t.Output(), 25)
		}
	})
	for range 3 {
		w.open()
	}
	for i := range 2 {
		w.add(t, fmt.Sprintf("replica-%d", i)).start(t)
	}
	for _, r := range w.replicas {
		r.waitReady(t)
	}
	return w
}

// withHighLimits lets one person have all environments of the test.
func withHighLimits(tree *os.Root) error {
	content, err := tree.ReadFile("previewset.yaml")
	if err != nil {
		return err
	}
	text := strings.Replace(string(content), "perOwner: 20", "perOwner: 200", 1)
	text = strings.Replace(text, "perRepository: 100", "perRepository: 200", 1)
	text = strings.Replace(text, "awake: 100", "awake: 200", 1)
	return tree.WriteFile("previewset.yaml", []byte(text), 0o600)
}

// open opens a pull request that gets an environment, and returns the name of that.
func (w *world) open() string {
	w.opened++
	w.shop.Open(githubtest.PullRequest{
		Author: "alice", Labels: []string{"preview"}, Files: []githubtest.File{{Name: "orders/main.go"}},
	})
	return fmt.Sprintf("shop-pr-%d", w.opened)
}

// add makes a replica that isn't started yet.
func (w *world) add(t *testing.T, name string) *replica {
	t.Helper()
	ports, err := process.FreePorts(2)
	if err != nil {
		t.Fatal(err)
	}
	r := &replica{
		world: w, name: name, proxy: newProxy(t, strings.TrimPrefix(api.Config.Host, "https://")),
		private: fmt.Sprintf("127.0.0.1:%d", ports[0]), public: fmt.Sprintf("127.0.0.1:%d", ports[1]),
	}
	r.args = []string{
		"--listen=" + r.private, "--public-listen=" + r.public, "--config-repo=" + w.git.URL,
		"--config-token-file=" + w.file(t, "git", w.git.Password), "--github-url=" + w.url + "/",
		"--github-token-file=" + w.file(t, "github", rand.Text()), "--token-file=" + w.file(t, "argo", argoToken),
		"--api-token-file=" + w.file(t, "api", apiToken), "--poll-interval=5s", "--report=none",
		"--state=configmap:" + state, "--kubeconfig=" + r.kubeconfig(t),
	}
	w.replicas = append(w.replicas, r)
	return r
}

func (w *world) file(t *testing.T, name, content string) string {
	t.Helper()
	path := filepath.Join(w.folder, name)
	if err := os.WriteFile(path, []byte(content), 0o600); err != nil {
		t.Fatal(err)
	}
	return path
}

// kubeconfig is that of the service account, through the replica's proxy.
func (r *replica) kubeconfig(t *testing.T) string {
	t.Helper()
	path, err := api.ServiceAccountKubeconfig(t.Context(), namespace, "preview-generator")
	if err != nil {
		t.Fatal(err)
	}
	content, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	text := strings.Replace(string(content), api.Config.Host, "https://"+r.proxy.address(), 1)
	return r.world.file(t, r.name+".kubeconfig", text)
}

func (r *replica) start(t *testing.T) {
	t.Helper()
	p, err := r.world.group.Start(process.Command{
		Name: r.name, Path: programs["preview-generator"], Dir: r.world.folder, Args: r.args,
	})
	if err != nil {
		t.Fatal(err)
	}
	r.process = p
}

func (r *replica) waitReady(t *testing.T) {
	t.Helper()
	eventually(t, r.name+" is ready", func(ctx context.Context) error {
		return process.Get(ctx, "http://"+r.private+"/readyz")
	})
}

func eventually(t *testing.T, what string, ask func(context.Context) error) {
	t.Helper()
	if err := process.Poll(t.Context(), patience, ask); err != nil {
		t.Fatalf("%s: %v", what, err)
	}
}

// holder is the holder of the Lease.
func holder(ctx context.Context) (string, error) {
	lease, err := api.Client.CoordinationV1().Leases(namespace).Get(ctx, state, metav1.GetOptions{})
	if err != nil || lease.Spec.HolderIdentity == nil {
		return "", err
	}
	return *lease.Spec.HolderIdentity, nil
}

// leader waits until one of the replicas leads, and returns it with the others.
func (w *world) leader(t *testing.T) (leader *replica, followers []*replica) {
	t.Helper()
	eventually(t, "a replica leads", func(ctx context.Context) error {
		identity, err := holder(ctx)
		leader, followers = nil, nil
		for _, r := range w.replicas {
			if strings.Contains(identity, "/"+r.private+"/") {
				leader = r
			} else {
				followers = append(followers, r)
			}
		}
		if err == nil && leader == nil {
			err = fmt.Errorf("the holder is %q", identity)
		}
		return err
	})
	return leader, followers
}

// leaderOtherThan waits until another replica leads.
func (w *world) leaderOtherThan(t *testing.T, old *replica) {
	t.Helper()
	eventually(t, "another replica leads", func(context.Context) error {
		if leader, _ := w.leader(t); leader == old {
			return fmt.Errorf("%s still holds the Lease", old.name)
		}
		return nil
	})
}
