package source

import (
	"fmt"
	"strings"
	"testing"
)

// withContainers returns a Deployment of these containers, and its Service, which leads to port http.
func withContainers(name, containers string) string {
	return fmt.Sprintf(`---
apiVersion: v1
kind: Service
metadata: {name: %[1]s}
spec: {selector: {app: %[1]s}, ports: [{port: 80, targetPort: http}]}
---
apiVersion: apps/v1
kind: Deployment
metadata: {name: %[1]s}
spec:
  selector: {matchLabels: {app: %[1]s}}
  template: {metadata: {labels: {app: %[1]s}}, spec: {containers: [%[2]s]}}
`, name, containers)
}

// worker is a Deployment without a Service.
func worker(name, image string) string {
	return fmt.Sprintf("---\napiVersion: apps/v1\nkind: Deployment\nmetadata: {name: %[1]s}\n"+
		"spec: {template: {metadata: {labels: {app: %[1]s}}, spec: {containers: [{name: a, image: %[2]q}]}}}\n", name, image)
}

func readManifests(t *testing.T, text string) *Manifests {
	t.Helper()
	m, err := Read(folder(map[string]string{"all.yaml": text}), "manifests")
	if err != nil {
		t.Fatal(err)
	}
	return m
}

func TestPickFindsTheImage(t *testing.T) {
	t.Parallel()
	const web, proxy = "{name: web, image: 'a.test/web:1'}", "{name: proxy, image: 'a.test/proxy:1'}"
	for _, tt := range []struct {
		name, manifests, image string
		want                   string // the image, or words of the error
	}{
		{"the only container", withContainers("web", "{name: a, image: 'a.test/one:1'}"), "", "a.test/one"},
		{
			"the container with the Service's port",
			withContainers("web", web+", {name: b, image: 'a.test/b:1', ports: [{name: http, containerPort: 8080}]}"), "", "a.test/b",
		},
		{"the container with the service's name", withContainers("web", proxy+", "+web), "", "a.test/web"},
		{"the image that the user names", withContainers("web", proxy+", "+web), "a.test/proxy", "a.test/proxy"},
		{
			"an image that no container has", withContainers("web", web), "a.test/other",
			"--image a.test/other: no workload of the service has this image; they have a.test/web",
		},
		{
			"several images", withContainers("web", proxy+", {name: b, image: 'a.test/b:1'}"), "",
			"the image of service web is ambiguous: its containers have",
		},
		{"a container without an image", withContainers("web", "{name: web}"), "", "service web has no workload with an image"},
	} {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			s, err := readManifests(t, tt.manifests).Pick(Choice{Name: "web", Image: tt.image})
			if err != nil {
				if !strings.HasPrefix(err.Error(), tt.want) {
					t.Errorf("error is %v, want %s", err, tt.want)
				}
				return
			}
			if s.Image != tt.want {
				t.Errorf("the image is %q, want %q", s.Image, tt.want)
			}
		})
	}
}

func TestPickFindsTheWorkloadsOfAnImage(t *testing.T) {
	t.Parallel()
	const image = "{name: web, image: 'a.test/web:1'}"
	text := withContainers("web", image) + withContainers("admin", image) +
		worker("mails", "a.test/web:2") + worker("other", "a.test/other:1")
	for _, tt := range []struct {
		name       string
		hasCommits bool
		want, left string
	}{
		{
			"without commits, a workload with its own Service is another service", false,
			"Service web, Deployment web, Deployment mails", "admin, other",
		},
		{
			"with commits, all workloads of the image belong to the service", true,
			"Service web, Deployment web, Service admin, Deployment admin, Deployment mails", "other",
		},
	} {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			s, err := readManifests(t, text).Pick(Choice{Name: "web", HasCommits: tt.hasCommits})
			if err != nil {
				t.Fatal(err)
			}
			if got := objectNames(s.Objects); got != tt.want {
				t.Errorf("the objects are %s, want %s", got, tt.want)
			}
			if got := strings.Join(s.LeftNames(), ", "); got != tt.left || s.IsAll() {
				t.Errorf("%s belong to other services, want %s", got, tt.left)
			}
		})
	}
}

func TestMainContainer(t *testing.T) {
	t.Parallel()
	const proxy = "{name: proxy, image: 'a.test/proxy:1'}, "
	for _, tt := range []struct{ name, manifests, want string }{
		{"with the service's name", withContainers("web", proxy+"{name: web, image: 'a.test/web:1'}"), ""},
		{"with another name", withContainers("web", proxy+"{name: main, image: 'a.test/web:1'}"), "main"},
		{
			"of a worker before the service", worker("mails", "a.test/web:1") + withContainers("web", "{name: main, image: 'a.test/web:1'}"),
			"main",
		},
		{
			"of a Job", strings.Replace(worker("web", "a.test/web:1"), "apps/v1\nkind: Deployment", "batch/v1\nkind: Job", 1), "",
		},
	} {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			s, err := readManifests(t, tt.manifests).Pick(Choice{Name: "web", Image: "a.test/web"})
			if err != nil {
				t.Fatal(err)
			}
			if got := s.MainContainer("web"); got != tt.want {
				t.Errorf("container %q, want %q", got, tt.want)
			}
		})
	}
}
