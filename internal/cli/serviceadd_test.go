package cli

import (
	"fmt"
	"io/fs"
	"os"
	"slices"
	"strings"
	"testing"
	"testing/fstest"

	"sigs.k8s.io/yaml"

	"github.com/previewset/previewset"
	"github.com/previewset/previewset/internal/cli/scaffold"
	"github.com/previewset/previewset/internal/overlay/newservice"
	"github.com/previewset/previewset/internal/overlay/source"
)

// manifestForm writes objects as files. It returns the path for --from.
type manifestForm struct {
	name  string
	write func(t *testing.T, files fstest.MapFS, docs []string) string
}

func put(files fstest.MapFS, name, content string) {
	files[name] = &fstest.MapFile{Data: []byte(content)}
}

func toJSON(t *testing.T, doc string) string {
	t.Helper()
	text, err := yaml.YAMLToJSON([]byte(doc))
	if err != nil {
		t.Fatal(err)
	}
	return string(text)
}

// putEach writes each object into a file of its own.
func putEach(files fstest.MapFS, dir string, docs []string) []string {
	var names []string
	for i, doc := range docs {
		name := fmt.Sprintf("%02d.yaml", i)
		put(files, dir+"/"+name, doc)
		names = append(names, name)
	}
	return names
}

var manifestForms = []manifestForm{
	{"one file", func(_ *testing.T, files fstest.MapFS, docs []string) string {
		put(files, "deploy/all.yaml", "# comment\n---\n"+strings.Join(docs, "\n---\n")+"\n---\n")
		return "deploy/all.yaml"
	}},
	{"a folder", func(_ *testing.T, files fstest.MapFS, docs []string) string {
		putEach(files, "deploy", docs)
		put(files, "deploy/values.yaml", "replicas: 3\n")
		put(files, "deploy/README.md", "text")
		return "deploy"
	}},
	{"a List", func(_ *testing.T, files fstest.MapFS, docs []string) string {
		text := "apiVersion: v1\nkind: List\nitems:\n"
		for _, doc := range docs {
			text += "  - " + strings.ReplaceAll(strings.TrimSpace(doc), "\n", "\n    ") + "\n"
		}
		put(files, "list.yml", text)
		return "list.yml"
	}},
	{"JSON", func(t *testing.T, files fstest.MapFS, docs []string) string {
		t.Helper()
		for i, doc := range docs {
			put(files, fmt.Sprintf("deploy/%02d.json", i), toJSON(t, doc))
		}
		return "deploy"
	}},
	{"a Kustomization", func(_ *testing.T, files fstest.MapFS, docs []string) string {
		names := putEach(files, "deploy", docs)
		put(files, "deploy/settings.env", "A=1\n")
		put(files, "deploy/kustomization.yaml", "namespace: shop\nresources: ["+strings.Join(names, ", ")+"]\n"+
			"commonAnnotations: {team: shop}\nconfigMapGenerator: [{name: settings, envs: [settings.env]}]\n")
		return "deploy"
	}},
	{"a Kustomization with a base beside it", func(_ *testing.T, files fstest.MapFS, docs []string) string {
		names := putEach(files, "base", docs)
		put(files, "base/kustomization.yml", "resources: ["+strings.Join(names, ", ")+"]\n")
		put(files, "overlays/dev/kustomization.yaml", "resources: [../../base]\nlabels: [{pairs: {stage: dev}}]\n")
		return "overlays/dev/kustomization.yaml"
	}},
	{"a Component", func(_ *testing.T, files fstest.MapFS, docs []string) string {
		names := putEach(files, "part", docs)
		put(files, "part/kustomization.yaml", "apiVersion: kustomize.config.k8s.io/v1alpha1\nkind: Component\nresources: ["+
			strings.Join(names, ", ")+"]\n")
		return "part"
	}},
}

func deployment(name, image, container string) string {
	return fmt.Sprintf(`apiVersion: apps/v1
kind: Deployment
metadata: {name: %s}
spec:
  selector: {matchLabels: {app: %s}}
  template:
    metadata: {labels: {app: %s}}
    spec: {containers: [{name: main, image: "%s:1"%s}]}
`, name, name, name, image, container)
}

func kubeService(name, spec string) string {
	return fmt.Sprintf("apiVersion: v1\nkind: Service\nmetadata: {name: %s}\nspec: {selector: {app: %s}, %s}\n", name, name, spec)
}

func object(apiVersion, kind, name, rest string) string {
	return fmt.Sprintf("apiVersion: %s\nkind: %s\nmetadata: {name: %s}\n%s", apiVersion, kind, name, rest)
}

// addFeature is a property of manifests. want are texts in the written files, notes in the notes; wantErr is in the error.
type addFeature struct {
	name    string
	docs    []string
	edit    func(*newservice.Service)
	want    []string
	notes   []string
	wantErr string
}

const (
	webImage = "ghcr.io/acme/web"
	aPort    = "ports: [{port: 80, targetPort: 8080}]"
)

var addFeatures = []addFeature{
	{
		name: "a port by number", docs: []string{deployment("web", webImage, ""), kubeService("web", aPort)},
		want: []string{"image: " + webImage + "\n    container: main\n", "port: 8080", `app: "web"`, "name: link-from-web"},
	},
	{
		name: "a port by name",
		docs: []string{deployment("web", webImage, ", ports: [{name: app, containerPort: "+
			"3000}]"), kubeService("web", "ports: [{port: 80, targetPort: app}]")},
		want: []string{"port: 3000"},
	},
	{
		name: "a database before it",
		docs: []string{
			deployment("db", "postgres", ", ports: [{containerPort: 5432}]"), kubeService("db", "ports: [{port: 5432}]"),
			kubeService("web", aPort), deployment("web", webImage, ""),
		},
		want: []string{"image: " + webImage + "\n"},
	},
	{
		name: "a worker of its image",
		docs: []string{kubeService("web", aPort), deployment("web", webImage, ""), deployment("beat", webImage, "")},
		want: []string{"name: beat", "image: " + webImage + "\n"},
	},
	{
		name: "a worker without a Service", docs: []string{deployment("web", webImage, "")},
		want: []string{"image: " + webImage + "\n"},
	},
	{
		name: "two Services with two protocols",
		docs: []string{
			deployment("web", webImage, ""), kubeService("web", "ports: [{name: a, port: 53}, {name: b, port: 53, protocol: UDP}]"),
			strings.Replace(kubeService("web", "ports: [{port: 9000}]"), "name: web", "name: web-admin", 1),
		},
		want: []string{"protocol: UDP\n          port: 53", "port: 9000", "alsoNamed: [web-admin]", "externalName: web-admin.staging.svc"},
	},
	{
		name: "a load balancer",
		docs: []string{
			deployment("web", webImage, ""), kubeService("web", "type: LoadBalancer, ports: [{port: 80, targetPort: 8080, nodePort: 30001}]"),
		},
		want: []string{"type: ClusterIP"},
	},
	{
		name: "Pods with privileges",
		docs: []string{kubeService("web", aPort), deployment("web", webImage,
			`, securityContext: {privileged: true, runAsUser: 0, capabilities: {add: [SYS_ADMIN], drop: [all]}}`+
				`, ports: [{containerPort: 8080, hostPort: 80}]`)},
		want: []string{"runAsUser: 10001", "- ALL", "privileged: null"},
	},
	{
		name: "annotations of other programs",
		docs: []string{
			strings.Replace(kubeService("web", aPort), "name: web", `name: web, annotations: {prometheus.io/scrape: "true"}`, 1),
			strings.Replace(deployment("web", webImage, ""), "labels:", "annotations: {sidecar.istio.io/inject: \"true\"}, labels:", 1),
		},
		want: []string{"path: /metadata/annotations/prometheus.io~1scrape", "sidecar.istio.io/inject: null"},
	},
	{
		name: "objects that previews must not have",
		docs: []string{
			object("v1", "Namespace", "shop", ""), object("rbac.authorization.k8s.io/v1", "Role", "web", "rules: []\n"),
			object("apps/v1", "DaemonSet", "agent",
				"spec: {selector: {matchLabels: {a: b}}, template: {metadata: {labels: {a: b}}, spec: {containers: [{name: a, "+
					"image: \""+webImage+":1\"}]}}}\n"),
			object("example.dev/v1", "Bucket", "files", "spec: {}\n"), kubeService("web", aPort), deployment("web", webImage, ""),
		},
		want: []string{"port: 8080"},
	},
	{
		name: "a public service without a route", edit: public,
		docs: []string{deployment("web", webImage, ", ports: [{name: app, containerPort: 8080}], readinessProbe: {httpGet: "+
			"{path: /, port: app}}"), kubeService("web", "ports: [{port: 3000, targetPort: app}]")},
		want: []string{"number: 3000", "name: http", "targetPort: http", "previewset.dev/public: web", "web-staging.preview.example.dev"},
	},
	{
		name: "a public service with an Ingress", edit: public,
		docs: []string{
			deployment("web", webImage, ""), kubeService("web", aPort),
			object("networking.k8s.io/v1", "Ingress", "site", "spec: {tls: [{hosts: [a.test]}], rules: [{host: a.test, http: "+
				"{paths: [{path: /, pathType: Prefix, backend: {service: {name: web, port: {number: 80}}}}]}}]}\n"),
		},
		want: []string{"host: web.invalid", "tls: null"},
	},
	{
		name: "a sidecar", docs: []string{kubeService("web", aPort), withSidecar(", ports: [{containerPort: 8080}]")},
		want: []string{"image: " + webImage + "\n"},
	},
	{
		name: "an image that isn't clear", docs: []string{kubeService("web", aPort), withSidecar("")}, wantErr: "choose one with --image",
	},
	{
		name: "an image by flag", docs: []string{kubeService("web", aPort), withSidecar("")},
		edit: func(s *newservice.Service) { s.Image = webImage }, want: []string{"image: " + webImage + "\n"},
	},
	{
		name: "a port that no container has", docs: []string{deployment("web", webImage, ""), kubeService("web", "ports: "+
			"[{port: 80, targetPort: app}]")},
		wantErr: `port "app", which no container declares`,
	},
	{
		name: "a port by flag", docs: []string{deployment("web", webImage, ""), kubeService("web", "ports: [{port: 80, targetPort: app}]")},
		edit: func(s *newservice.Service) { s.Port = 3000 }, want: []string{"port: 3000"},
	},
	{name: "another name", docs: []string{deployment("api", webImage, ""), kubeService("api", aPort)}, wantErr: "they have api"},
	{name: "a Service without Pods", docs: []string{kubeService("web", aPort)}, wantErr: "Service web selects no workload"},
	{
		name: "volumes and claims",
		docs: []string{
			kubeService("web", aPort),
			strings.Replace(deployment("web", webImage, ""), "spec: {containers", "spec: {volumes: [{name: a, hostPath: "+
				"{path: /}}, {name: b, persistentVolumeClaim: {claimName: data}}], containers", 1),
			object("v1", "PersistentVolumeClaim", "data", "spec: {storageClassName: fast, accessModes: [ReadWriteOnce], "+
				"resources: {requests: {storage: 50Gi}}}\n"),
		},
		want: []string{"hostPath: null", "storageClassName: null", "storage: 1Gi"},
	},
	{
		name: "a data store", edit: func(s *newservice.Service) { s.Data = []string{"postgres"} },
		docs: []string{kubeService("web", aPort), deployment("web", webImage, "")},
		want: []string{
			"DATABASE_URL", "name: wait-for-postgres", "data: [postgres]",
			"  - ../../kustomize-base/data/postgres\n  - ../../kustomize-base/data/postgres/datasets/empty\n  - ../../kustomize-base/components",
		},
	},
	{
		name: "a data store in place of another database", edit: func(s *newservice.Service) { s.Data = []string{"postgres"} },
		docs: []string{kubeService("web", aPort), deployment("web", webImage,
			", env: [{name: A, value: b}, {name: DATABASE_URL, valueFrom: {secretKeyRef: {name: db, key: url}}}]")},
		want:  []string{"valueFrom: null"},
		notes: []string{"Deployment web: DATABASE_URL now leads to store postgres"},
	},
	{
		name: "a StatefulSet with claims",
		docs: []string{kubeService("web", aPort), strings.NewReplacer("kind: Deployment", "kind: StatefulSet", "spec:\n  selector", `spec:
  serviceName: web
  volumeClaimTemplates: [{metadata: {name: a}, spec: {accessModes: [ReadWriteOnce], resources: {requests: {storage: 5Gi}}}}]
  selector`).Replace(deployment("web", webImage, ", volumeMounts: [{name: a, mountPath: /a}]"))},
		want:  []string{"fsGroup: 10001"},
		notes: []string{"StatefulSet web: 1Gi of storage in place of 5Gi"},
	},
	{
		name: "a port that needs root",
		docs: []string{kubeService("web", "ports: [{port: 80}]"), deployment("web", webImage, ", ports: [{containerPort: 80}]")},
		notes: []string{
			"Deployment web: runs as user 10001, because previews run nothing as root and the manifests name no user",
			"Deployment web: container main listens on port 80 without root: containerd 2 and CRI-O allow that, " +
				"older container runtimes may not",
		},
	},
	{
		name: "an image that needs root", edit: func(s *newservice.Service) { s.Image = webImage },
		docs: []string{
			kubeService("web", aPort),
			strings.Replace(deployment("web", webImage, ""), "{containers: [", "{containers: [{name: proxy, image: nginx}, ", 1),
		},
		notes: []string{
			"Deployment web: image nginx can't start without root; use docker.io/nginxinc/nginx-unprivileged, which listens on port 8080",
		},
	},
	{
		name: "a caller that isn't there", edit: func(s *newservice.Service) { s.CalledBy = []string{"shop"} },
		docs:    []string{kubeService("web", aPort), deployment("web", webImage, "")},
		wantErr: `--called-by "shop": there is no service of that name`,
	},
	{
		name: "Secrets with values",
		docs: []string{
			object("v1", "Secret", "notes-db", "stringData: {password: a}\n"), object("v1", "Secret", "notes-key", "data: {key: YQ==}\n"),
			kubeService("web", aPort), deployment("web", webImage, ", envFrom: [{secretRef: {name: notes-db}}, {secretRef: {name: notes-key}}]"),
		},
		notes: []string{
			"Secret notes-db: its values are now in Git; use values for previews only",
			"Secret notes-key: its values are now in Git; use values for previews only",
		},
	},
	{
		name: "a Secret for images that isn't there",
		docs: []string{
			kubeService("web", aPort), strings.Replace(deployment("web", webImage, ", ports: [{containerPort: 8080}]"),
				"containers: [", "imagePullSecrets: [{name: registry}], containers: [", 1),
		},
		edit: public,
		notes: []string{
			"Deployment web: its images are pulled with Secret registry, which isn't in the manifests: bring it as " +
				"docs/guides/secrets.md says, unless the images are public",
			"Deployment web: port 8080 is called http",
		},
	},
	{
		name: "an address with a namespace",
		docs: []string{kubeService("web", aPort), deployment("web", webImage, `, env: [{name: API, value: "http://api.shop.svc:80"}]`)},
		notes: []string{"Deployment web: container main: env API: address api.shop.svc:80 leaves the preview, because it names " +
			"namespace shop; write api:80, which leads to the preview's own service or to its link"},
	},
	{
		name: "values that are too large",
		docs: []string{
			kubeService("web", aPort), strings.Replace(deployment("web", webImage,
				`, resources: {requests: {cpu: "1", memory: 64Mi}, limits: {cpu: "2", memory: 4Gi}}`), "spec:\n", "spec:\n  replicas: 3\n", 1),
		},
		notes: []string{
			"Deployment web: 1 replica in place of 3", "Deployment web: container main requests 50m of cpu in place of 1",
			"Deployment web: container main is limited to 500m of cpu in place of 2",
			"Deployment web: container main is limited to 512Mi of memory in place of 4Gi",
		},
	},
	{
		name: "a route and a port with other names", edit: public,
		docs: []string{
			kubeService("web", "ports: [{port: 80, targetPort: app}]"), deployment("web", webImage, ", ports: [{name: app, containerPort: 3000}]"),
			object("networking.k8s.io/v1", "Ingress", "site", "spec: {tls: [{hosts: [a.test]}], rules: [{host: a.test, http: "+
				"{paths: [{path: /, pathType: Prefix, backend: {service: {name: web, port: {number: 80}}}}]}}]}\n"),
		},
		notes: []string{
			"Deployment web: port 3000 is called http in place of app", "Ingress site: the environment's host in place of a.test",
			"Ingress site: without tls",
		},
	},
	{
		name: "an Ingress with a class and paths", edit: public,
		docs: []string{
			kubeService("web", aPort), deployment("web", webImage, ""), kubeService("api", aPort), deployment("api", webImage, ""),
			object("networking.k8s.io/v1", "Ingress", "site", "spec: {ingressClassName: traefik, rules: [{host: a.test, http: "+
				"{paths: ["+pathTo("/app", "web")+", "+pathTo("/api", "api")+"]}}]}\n"),
		},
		want: []string{"ingressClassName: nginx"},
		notes: []string{
			"Ingress site: class nginx in place of traefik, as the other Ingresses of the repository; if previews need the class " +
				"traefik, write it into all of them, and the namespace of its controller into `ingress` of " +
				"appsets/admission/settings.yaml",
			"Ingress site: path / in place of /app, because the service gets a host of its own",
			"Ingress site: without /api to api: a host of a preview leads to one service; let web pass these requests on to " +
				"http://api, or give api an address with --public",
		},
	},
}

// pathTo returns a path of an Ingress.
func pathTo(path, service string) string {
	return "{path: " + path + ", pathType: Prefix, backend: {service: {name: " + service + ", port: {number: 80}}}}"
}

func public(s *newservice.Service) { s.Public = true }

// withSidecar returns a Deployment with two containers.
func withSidecar(ports string) string {
	return strings.Replace(deployment("web", webImage, ports), "containers: [", `containers: [{name: proxy, image: "envoy:1"}, `, 1)
}

// emptyRepository returns the files of an empty start with Ingresses.
func emptyRepository(t *testing.T) fs.FS {
	t.Helper()
	return repositoryOf(t, scaffold.Settings{Ingress: "nginx"})
}

func repositoryOf(t *testing.T, settings scaffold.Settings) fs.FS {
	t.Helper()
	s, err := scaffold.New(previewset.Example, settings)
	if err != nil {
		t.Fatal(err)
	}
	root, err := os.OpenRoot(t.TempDir())
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = root.Close() })
	if _, err := s.Write(root, false); err != nil {
		t.Fatal(err)
	}
	return root.FS()
}

func TestServiceAddFromManifests(t *testing.T) {
	t.Parallel()
	for _, form := range manifestForms {
		for _, feature := range addFeatures {
			t.Run(form.name+": "+feature.name, func(t *testing.T) {
				t.Parallel()
				checkFeature(t, form, feature)
			})
		}
	}
}

func checkFeature(t *testing.T, form manifestForm, feature addFeature) {
	t.Helper()
	input := fstest.MapFS{}
	o := &serviceAddOptions{service: newservice.Service{Name: "web"}, from: form.write(t, input, feature.docs)}
	if feature.edit != nil {
		feature.edit(&o.service)
	}
	var err error
	if o.service.Source, err = source.Read(input, o.from); err != nil {
		t.Fatal(err)
	}
	edits, err := o.newService(emptyRepository(t))
	switch {
	case feature.wantErr != "":
		if err == nil || !strings.Contains(err.Error(), feature.wantErr) || strings.Contains(err.Error(), "kustomize-base") {
			t.Errorf("error is %v, want %q and nothing about files of the command", err, feature.wantErr)
		}
		return
	case err != nil:
		t.Fatal(err)
	}
	var all strings.Builder
	for _, content := range edits.Write {
		all.Write(content)
	}
	for _, text := range feature.want {
		if !strings.Contains(all.String(), text) {
			t.Errorf("no file has %q", text)
		}
	}
	for _, note := range feature.notes {
		if !slices.Contains(slices.Concat(o.added.Notes, o.added.Addresses), note) {
			t.Errorf("the notes lack %q: %q", note, o.added.Notes)
		}
	}
	_, hasLink := edits.Write["kustomize-base/services/web/link/service.yaml"]
	hasService := slices.ContainsFunc(feature.docs, func(doc string) bool { return strings.Contains(doc, "kind: Service\n") })
	if hasLink != hasService {
		t.Errorf("has a link half: %v, has a Service: %v", hasLink, hasService)
	}
	if left := len(o.added.LeftOut); feature.name == "objects that previews must not have" && left != 4 {
		t.Errorf("%d objects are named, want 4", left)
	}
}
