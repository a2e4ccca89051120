// Package toolchain builds the programs that the end-to-end tests start (Kubernetes, Argo CD, kustomize, kwok) from Go
// modules. Each is built once, into the user's cache folder. The folder's name is a hash of everything that the program
// is built from, so that only a changed go.mod builds it again. Prometheus and the browser are Debian packages.
//
// It doesn't know the purpose of the programs or their flags.
package toolchain

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"runtime"
	"strings"
	"time"
)

// Program is a main package and the module that pins its version.
type Program struct {
	Name    string
	module  string // folder below e2e with the go.mod to build in
	source  string // the Go module that the program comes from; its files hold manifests
	pkg     string // the main package's path inside source
	ldflags string
}

const kubernetes = "k8s.io/kubernetes"

// The version is set because clients refuse a Kubernetes version that they can't parse.
const kubernetesVersion = "-X k8s.io/component-base/version.gitVersion=v1.34.4" +
	" -X k8s.io/component-base/version.gitMajor=1 -X k8s.io/component-base/version.gitMinor=34"

// The programs, in the order in which they share most of their compilation.
var (
	APIServer         = kubernetesProgram("kube-apiserver")
	ControllerManager = kubernetesProgram("kube-controller-manager")
	Scheduler         = kubernetesProgram("kube-scheduler")
	Kubectl           = kubernetesProgram("kubectl")
	Etcd              = Program{Name: "etcd", module: "tools", source: "go.etcd.io/etcd/server/v3"}
	Kustomize         = Program{Name: "kustomize", module: "tools", source: "sigs.k8s.io/kustomize/kustomize/v5"}
	ArgoCD3           = argoCD("v3", "3.2.11", "tools")
	Kwok              = Program{Name: "kwok", module: "tools/kwok", source: "sigs.k8s.io/kwok", pkg: "cmd/kwok"}
	// GatewayAPI isn't built: tests use the manifests of its module.
	GatewayAPI = Program{Name: "gateway-api", module: "tools/gatewayapi", source: "sigs.k8s.io/gateway-api"}
	// ArgoCD2 is built in the tests' module, because the contract tests import its code.
	ArgoCD2 = argoCD("v2", "2.14.21", ".")
)

// All returns every program.
func All() []Program {
	return []Program{APIServer, ControllerManager, Scheduler, Kubectl, Etcd, Kustomize, ArgoCD3, Kwok, ArgoCD2}
}

func kubernetesProgram(name string) Program {
	return Program{Name: name, module: "tools", source: kubernetes, pkg: "cmd/" + name, ldflags: kubernetesVersion}
}

func argoCD(major, version, module string) Program {
	source := "github.com/argoproj/argo-cd/" + major
	return Program{
		Name: "argocd-" + version, module: module, source: source, pkg: "cmd",
		ldflags: "-X " + source + "/common.version=" + version,
	}
}

// Toolbox has the built programs.
type Toolbox struct {
	root  string
	cache string
}

// Open returns the toolbox of the e2e module in which the process runs. Its programs may still have to be built.
func Open(ctx context.Context) (*Toolbox, error) {
	gomod, err := run(ctx, ".", "env", "GOMOD")
	if err != nil {
		return nil, err
	}
	root := filepath.Dir(gomod)
	if _, err = os.Stat(filepath.Join(root, "tools", "go.mod")); err != nil {
		return nil, fmt.Errorf("%s is not the e2e module: %w", root, err)
	}
	cache, err := os.UserCacheDir()
	if err != nil {
		return nil, fmt.Errorf("find cache folder: %w", err)
	}
	return &Toolbox{root: root, cache: filepath.Join(cache, "previewset", "tools")}, nil
}

// Build builds those programs that aren't built yet, and writes a line for each to progress.
func (b *Toolbox) Build(ctx context.Context, progress io.Writer, programs ...Program) error {
	for _, p := range programs {
		if err := b.build(ctx, progress, p); err != nil {
			return fmt.Errorf("build %s: %w", p.Name, err)
		}
	}
	return nil
}

func (b *Toolbox) build(ctx context.Context, progress io.Writer, p Program) error {
	to := b.Path(p)
	if _, err := os.Stat(to); err == nil {
		return nil
	}
	start := time.Now()
	_, _ = fmt.Fprintf(progress, "building %s, once, into %s\n", p.Name, filepath.Dir(to))
	if err := compile(ctx, filepath.Join(b.root, p.module), to, p.importPath(), p.ldflags); err != nil {
		return err
	}
	_, _ = fmt.Fprintf(progress, "built %s in %s\n", p.Name, time.Since(start).Round(time.Second))
	return nil
}

// Path returns the path of the built program.
func (b *Toolbox) Path(p Program) string {
	return filepath.Join(b.cache, b.key(p), p.Name)
}

// key returns a hash of everything that the program is built from.
func (b *Toolbox) key(p Program) string {
	h := sha256.New()
	_, _ = fmt.Fprintln(h, runtime.Version(), runtime.GOOS, runtime.GOARCH, p)
	for _, name := range []string{"go.mod", "go.sum"} {
		// The build reports an unreadable file.
		content, _ := os.ReadFile(filepath.Join(b.root, p.module, name))
		h.Write(content)
	}
	return hex.EncodeToString(h.Sum(nil))[:16]
}

// Source returns the folder of the program's module. It is downloaded if the module cache doesn't have it.
func (b *Toolbox) Source(ctx context.Context, p Program) (string, error) {
	out, err := run(ctx, filepath.Join(b.root, p.module), "mod", "download", "-json", p.source)
	if err != nil {
		return "", err
	}
	var module struct{ Dir string }
	if err := json.Unmarshal([]byte(out), &module); err != nil {
		return "", fmt.Errorf("read go mod download %s: %w", p.source, err)
	}
	return module.Dir, nil
}

// BuildOwn builds the project's program cmd/<name> from the work tree, with build tags, into the folder.
func (b *Toolbox) BuildOwn(ctx context.Context, folder, name string, tags ...string) (string, error) {
	to := filepath.Join(folder, strings.Join(append([]string{name}, tags...), "-"))
	if err := compile(ctx, filepath.Dir(b.root), to, "./cmd/"+name, "", tags...); err != nil {
		return "", fmt.Errorf("build %s: %w", name, err)
	}
	return to, nil
}

func (p Program) importPath() string {
	return strings.TrimSuffix(p.source+"/"+p.pkg, "/")
}

// compile builds into a temporary file and renames it, so that an interrupted build leaves no incomplete program.
func compile(ctx context.Context, module, to, pkg, ldflags string, tags ...string) error {
	if err := os.MkdirAll(filepath.Dir(to), 0o750); err != nil {
		return err
	}
	temp := fmt.Sprintf("%s.%d", to, os.Getpid())
	defer func() { _ = os.Remove(temp) }()
	if _, err := run(
		ctx, module, "build", "-tags", strings.Join(tags, ","), "-ldflags", "-s -w "+ldflags, "-o", temp, pkg,
	); err != nil {
		return err
	}
	return os.Rename(temp, to)
}

// run runs the go command without cgo, so that no C compiler is needed and the programs run on any Linux.
func run(ctx context.Context, folder string, args ...string) (string, error) {
	cmd := exec.CommandContext(ctx, "go", args...)
	cmd.Dir = folder
	cmd.Env = append(os.Environ(), "CGO_ENABLED=0", "GOWORK=off")
	out, err := cmd.Output()
	if exit, ok := errors.AsType[*exec.ExitError](err); ok {
		return "", fmt.Errorf("go %s in %s: %w\n%s", strings.Join(args, " "), folder, err, exit.Stderr)
	}
	return strings.TrimSpace(string(out)), err
}
