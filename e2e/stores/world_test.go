// Package stores runs real PostgreSQL and Redis servers with what the example's manifests render: their commands, their
// datasets, the migration of a service and the reset of a volume. The cluster of the stories runs no containers.
package stores

import (
	"bytes"
	"context"
	"crypto/rand"
	"errors"
	"fmt"
	"log"
	"maps"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"sync"
	"testing"

	appsv1 "k8s.io/api/apps/v1"
	batchv1 "k8s.io/api/batch/v1"
	corev1 "k8s.io/api/core/v1"
	"sigs.k8s.io/yaml"

	"github.com/previewset/previewset/e2e/process"
	"github.com/previewset/previewset/e2e/toolchain"
)

var (
	repository string   // the folder that previewctl init wrote
	kustomize  string   // the program
	previewctl string   // the program
	serverEnv  []string // the variables with which the servers run
)

func TestMain(m *testing.M) { os.Exit(run(m)) }

func run(m *testing.M) int {
	ctx, stop := process.OnInterrupt()
	defer stop()
	folder, err := os.MkdirTemp("", "previewset-stores-")
	if err != nil {
		log.Print(err)
		return 1
	}
	defer func() { _ = os.RemoveAll(folder) }()
	if err := prepare(ctx, folder); err != nil {
		log.Print(err)
		return 1
	}
	return process.RunTests(ctx, m)
}

func prepare(ctx context.Context, folder string) error {
	tools, err := toolchain.Open(ctx)
	if err != nil {
		return err
	}
	if err = tools.Build(ctx, os.Stderr, toolchain.Kustomize); err != nil {
		return err
	}
	kustomize = tools.Path(toolchain.Kustomize)
	if serverEnv, err = tools.DatabaseServers(ctx, os.Stderr); err != nil {
		return err
	}
	if previewctl, err = tools.BuildOwn(ctx, folder, "previewctl"); err != nil {
		return err
	}
	repository = filepath.Join(folder, "repository")
	_, err = process.Output(ctx, process.Command{
		Path: previewctl, Dir: folder,
		Args: []string{"init", repository, "--domain=preview.example.dev", "--example", "--example-repository=acme/shop"},
	})
	if err != nil {
		return err
	}
	return commitExample(ctx)
}

// commitExample makes a clone of the example, which allows ExternalSecrets.
func commitExample(ctx context.Context) error {
	settings := filepath.Join(repository, "appsets", "admission", "settings.yaml")
	text, err := os.ReadFile(settings)
	if err != nil {
		return err
	}
	text = bytes.Replace(text, []byte(`secretStores: ""`), []byte("secretStores: previews"), 1)
	if err = os.WriteFile(settings, text, 0o600); err != nil {
		return err
	}
	for _, args := range [][]string{
		{"init", "--quiet", "--initial-branch=main"},
		{"config", "user.name", "Ada"},
		{"config", "user.email", "ada@example.dev"},
		{"add", "."},
		{"commit", "--quiet", "--message=Begin"},
	} {
		if _, err = process.Output(ctx, process.Command{Path: "/usr/bin/git", Dir: repository, Args: args}); err != nil {
			return err
		}
	}
	return nil
}

// changes makes one change of the repository at a time.
var changes sync.Mutex

// change runs a command that changes the repository.
func change(t *testing.T, args ...string) {
	t.Helper()
	changes.Lock()
	defer changes.Unlock()
	output(t, process.Command{Path: previewctl, Dir: repository, Args: append(args, "--local")})
}

// environment has the objects of an environment that a test needs, by kind and name.
type environment struct {
	configMaps map[string]corev1.ConfigMap
	secrets    map[string]corev1.Secret
	pods       map[string]corev1.PodSpec // of Deployments, StatefulSets and CronJobs
	folders    map[string]string         // of the volumes that stay, by claim
	image      map[string]string         // folders of the images, by path
	temp       string
}

// build builds folders of kustomize-base as the components of an environment. The volumes are new and empty.
func build(t *testing.T, folders ...string) *environment {
	t.Helper()
	overlay := filepath.Join(repository, "overlays", "test-"+strings.ToLower(rand.Text()))
	if err := os.Mkdir(overlay, 0o700); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = os.RemoveAll(overlay) })
	text := "apiVersion: kustomize.config.k8s.io/v1beta1\nkind: Kustomization\ncomponents:\n"
	for _, folder := range folders {
		text += "  - ../../kustomize-base/" + folder + "\n"
	}
	if err := os.WriteFile(filepath.Join(overlay, "kustomization.yaml"), []byte(text), 0o600); err != nil {
		t.Fatal(err)
	}
	out, err := process.Output(t.Context(), process.Command{Path: kustomize, Args: []string{"build", overlay}, Dir: t.TempDir()})
	if err != nil {
		t.Fatal(err)
	}
	e := &environment{
		configMaps: map[string]corev1.ConfigMap{}, secrets: map[string]corev1.Secret{}, pods: map[string]corev1.PodSpec{},
		folders: map[string]string{}, image: map[string]string{}, temp: t.TempDir(),
	}
	for document := range bytes.SplitSeq([]byte(out), []byte("\n---\n")) {
		e.add(t, document)
	}
	return e
}

func (e *environment) add(t *testing.T, document []byte) {
	t.Helper()
	var kind struct{ Kind string }
	var configMap corev1.ConfigMap
	var secret corev1.Secret
	var cronJob batchv1.CronJob
	var deployment appsv1.Deployment // a StatefulSet has the same template
	err := yaml.Unmarshal(document, &kind)
	switch kind.Kind {
	case "ConfigMap":
		err = errors.Join(err, yaml.Unmarshal(document, &configMap))
		e.configMaps[configMap.Name] = configMap
	case "Secret":
		err = errors.Join(err, yaml.Unmarshal(document, &secret))
		e.secrets[secret.Name] = secret
	case "Deployment", "StatefulSet":
		err = errors.Join(err, yaml.Unmarshal(document, &deployment))
		e.pods[deployment.Name] = deployment.Spec.Template.Spec
	case "CronJob":
		err = errors.Join(err, yaml.Unmarshal(document, &cronJob))
		e.pods[cronJob.Name] = cronJob.Spec.JobTemplate.Spec.Template.Spec
	}
	if err != nil {
		t.Fatalf("%v\n%s", err, document)
	}
}

// container returns a container of a workload.
func (e *environment) container(t *testing.T, workload, name string) corev1.Container {
	t.Helper()
	all := slices.Concat(e.pods[workload].InitContainers, e.pods[workload].Containers)
	i := slices.IndexFunc(all, func(c corev1.Container) bool { return c.Name == name })
	if i < 0 {
		t.Fatalf("%s has no container %s", workload, name)
	}
	return all[i]
}

// volume returns the folder of a workload's volume, with the files of a ConfigMap.
func (e *environment) volume(t *testing.T, workload, name string) string {
	t.Helper()
	i := slices.IndexFunc(e.pods[workload].Volumes, func(v corev1.Volume) bool { return v.Name == name })
	if i < 0 {
		t.Fatalf("%s has no volume %s", workload, name)
	}
	key := workload + "-" + name
	if e.folders[key] == "" {
		e.folders[key] = filepath.Join(e.temp, key)
		if err := os.Mkdir(e.folders[key], 0o700); err != nil {
			t.Fatal(err)
		}
	}
	if source := e.pods[workload].Volumes[i].ConfigMap; source != nil {
		configMap, ok := e.configMaps[source.Name]
		if !ok {
			t.Fatalf("there is no ConfigMap %s", source.Name)
		}
		for file, content := range configMap.Data {
			if err := os.WriteFile(filepath.Join(e.folders[key], file), []byte(content), 0o600); err != nil {
				t.Fatal(err)
			}
		}
	}
	return e.folders[key]
}

// command returns the command of a container as it runs on this machine: its variables have their values, and the paths
// of its volumes are folders. Variables are those of the Pod that Kubernetes would fill in. ReplaceAddress changes the
// addresses of servers.
func (e *environment) command(
	t *testing.T, workload, name string, variables map[string]string, replaceAddress *strings.Replacer,
) process.Command {
	t.Helper()
	c := e.container(t, workload, name)
	expand := []string{}
	run := process.Command{Name: name, Path: "/usr/bin/unshare", Dir: t.TempDir(), Env: slices.Clone(serverEnv)}
	for _, v := range c.Env {
		value := v.Value
		if from := v.ValueFrom; from != nil && from.SecretKeyRef != nil {
			value = string(e.secrets[from.SecretKeyRef.Name].Data[from.SecretKeyRef.Key])
		} else if from != nil {
			value = variables[v.Name]
		}
		value = replaceAddress.Replace(strings.NewReplacer(expand...).Replace(value))
		expand = append(expand, "$("+v.Name+")", value)
		run.Env = append(run.Env, v.Name+"="+value)
	}
	user := int64(70)
	if context := e.pods[workload].SecurityContext; context != nil && context.RunAsUser != nil {
		user = *context.RunAsUser
	}
	run.Args = []string{fmt.Sprintf("--map-user=%d", user), fmt.Sprintf("--map-group=%d", user)}
	folders := e.mounts(t, workload, c)
	for _, text := range slices.Concat(c.Command, c.Args) {
		run.Args = append(run.Args, replacePaths(strings.NewReplacer(expand...).Replace(text), folders))
	}
	return run
}

// mounts returns the folders of a container, by path.
func (e *environment) mounts(t *testing.T, workload string, c corev1.Container) map[string]string {
	t.Helper()
	folders := maps.Clone(e.image)
	for _, mount := range c.VolumeMounts {
		folders[mount.MountPath] = e.volume(t, workload, mount.Name)
	}
	return folders
}

// restart makes a new Pod of a workload: its volumes of kind emptyDir are empty.
func (e *environment) restart(t *testing.T, workload string) {
	t.Helper()
	for _, v := range e.pods[workload].Volumes {
		if v.EmptyDir != nil && e.folders[workload+"-"+v.Name] != "" {
			if err := os.RemoveAll(e.folders[workload+"-"+v.Name]); err != nil {
				t.Fatal(err)
			}
			delete(e.folders, workload+"-"+v.Name)
		}
	}
}

// replacePaths replaces the paths of mounted volumes in a text.
func replacePaths(text string, folders map[string]string) string {
	var paths []string
	for path := range folders {
		paths = append(paths, regexp.QuoteMeta(path))
	}
	if len(paths) == 0 {
		return text
	}
	pattern := regexp.MustCompile(`(^|[\s"'=<>])(` + strings.Join(paths, "|") + `)(/|\s|"|$)`)
	return pattern.ReplaceAllStringFunc(text, func(found string) string {
		part := pattern.FindStringSubmatch(found)
		return part[1] + folders[part[2]] + part[3]
	})
}

// as returns a command of a server's program. PostgreSQL refuses to run as root, and needs a user that exists.
func (e *environment) as(t *testing.T, args ...string) process.Command {
	t.Helper()
	return process.Command{
		Name: args[0], Path: "/usr/bin/unshare", Dir: t.TempDir(), Env: serverEnv,
		Args: append([]string{"--map-user=65534", "--map-group=65534"}, args...),
	}
}

// output runs a command to its end and returns its trimmed output.
func output(t *testing.T, c process.Command) string {
	t.Helper()
	out, err := process.Output(t.Context(), c)
	if err != nil {
		t.Fatalf("%v: %v\n%s", c.Args, err, out)
	}
	return strings.TrimSpace(out)
}
