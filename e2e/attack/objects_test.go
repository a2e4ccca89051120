package attack

import (
	"context"
	"fmt"
	"strings"
	"testing"

	apierrors "k8s.io/apimachinery/pkg/api/errors"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
	"k8s.io/client-go/dynamic"
	"k8s.io/client-go/rest"
	"sigs.k8s.io/yaml"

	"github.com/previewset/previewset/e2e/cluster"
	"github.com/previewset/previewset/e2e/process"
	"github.com/previewset/previewset/e2e/standtest"
	"github.com/previewset/previewset/internal/overlay/manifest"
)

// parse returns a manifest as an object.
func parse(text string) (*unstructured.Unstructured, error) {
	o := &unstructured.Unstructured{}
	return o, yaml.Unmarshal([]byte(text), &o.Object)
}

// resource returns the API for an object in a namespace. The namespace is ignored for kinds without one.
func (s *server) resource(o *unstructured.Unstructured, namespace string) (dynamic.ResourceInterface, error) {
	gvk := o.GroupVersionKind()
	mapping, err := s.mapper.RESTMapping(gvk.GroupKind(), gvk.Version)
	if err != nil {
		return nil, err
	}
	if mapping.Scope.Name() == "root" {
		return s.Dynamic.Resource(mapping.Resource), nil
	}
	return s.Dynamic.Resource(mapping.Resource).Namespace(namespace), nil
}

func (s *server) create(ctx context.Context, namespace, text string) error {
	return s.createWith(ctx, namespace, text, metav1.CreateOptions{})
}

func (s *server) createWith(ctx context.Context, namespace, text string, options metav1.CreateOptions) error {
	o, err := parse(text)
	if err != nil {
		return err
	}
	resource, err := s.resource(o, namespace)
	if err != nil {
		return err
	}
	_, err = resource.Create(ctx, o, options)
	return err
}

// tryCreate asks the API server whether it would create an object, as `kubectl apply` and Argo CD do.
func (s *server) tryCreate(ctx context.Context, namespace, text string) error {
	return s.createWith(ctx, namespace, text, metav1.CreateOptions{DryRun: []string{metav1.DryRunAll}})
}

// tryWrite asks the API server whether it would create an object, or replace it where it exists.
// Its namespace is the one of direct writers.
func (s *server) tryWrite(ctx context.Context, text string) error {
	err := s.tryCreate(ctx, direct, text)
	if !apierrors.IsAlreadyExists(err) {
		return err
	}
	return s.updateWith(ctx, direct, text, metav1.UpdateOptions{DryRun: []string{metav1.DryRunAll}})
}

// tryApply asks the API server whether it would apply an object by server-side apply.
func (s *server) tryApply(ctx context.Context, namespace, text string) error {
	return s.applyWith(ctx, namespace, text, metav1.DryRunAll)
}

func (s *server) apply(ctx context.Context, namespace, text string) error {
	return s.applyWith(ctx, namespace, text)
}

func (s *server) applyWith(ctx context.Context, namespace, text string, dryRun ...string) error {
	o, err := parse(text)
	if err != nil {
		return err
	}
	resource, err := s.resource(o, namespace)
	if err != nil {
		return err
	}
	_, err = resource.Apply(ctx, o.GetName(), o, metav1.ApplyOptions{
		FieldManager: "attack", Force: true, DryRun: dryRun,
	})
	return err
}

// refusals returns the refusals of `previewctl check` for an object of a build.
func (s *server) refusals(t *testing.T, namespace, text string) []string {
	t.Helper()
	parsed, err := parse(text)
	if err != nil {
		t.Fatal(err)
	}
	gvk := parsed.GroupVersionKind()
	o := manifest.Object{
		Group: gvk.Group, Kind: gvk.Kind, Namespace: namespace, Name: parsed.GetName(), Labels: parsed.GetLabels(),
	}
	if err := yaml.Unmarshal([]byte(text), &o.Fields); err != nil {
		t.Fatal(err)
	}
	var found []string
	for _, r := range s.rules.Refusals(o) {
		found = append(found, o.String()+" "+r.Message+"; "+r.Remedy)
	}
	return found
}

// makeNamespace creates the Namespace of a preview with some objects in it.
func (s *server) makeNamespace(ctx context.Context, name string, objects ...string) error {
	for _, text := range append([]string{namespaceText(name)}, objects...) {
		if err := s.create(ctx, name, text); err != nil {
			return fmt.Errorf("%w:\n%s", err, text)
		}
	}
	return nil
}

func makeNamespace(t *testing.T, name string, objects ...string) {
	t.Helper()
	if err := api.makeNamespace(t.Context(), name, objects...); err != nil {
		t.Fatal(err)
	}
}

func namespaceText(name string) string {
	if !strings.HasPrefix(name, "preview-") {
		return "{apiVersion: v1, kind: Namespace, metadata: {name: " + name + "}}"
	}
	mark := ""
	if name == direct {
		mark = "previewset.dev/secrets: allowed, "
	}
	return "{apiVersion: v1, kind: Namespace, metadata: {name: " + name + `, labels: {` + mark +
		`previewset.dev/preview: "true", pod-security.kubernetes.io/enforce: restricted}}}`
}

// The storage classes of the cluster.
const (
	defaultClass = `{apiVersion: storage.k8s.io/v1, kind: StorageClass, provisioner: test.previewset.dev,
  metadata: {name: standard, annotations: {storageclass.kubernetes.io/is-default-class: "true"}}}`
	foreignClass = `{apiVersion: storage.k8s.io/v1, kind: StorageClass, provisioner: test.previewset.dev, metadata: {name: backups}}`
)

// Accounts of Kubernetes' controllers.
const (
	volumeBinder     = "system:serviceaccount:kube-system:persistent-volume-binder"
	volumeProtection = "system:serviceaccount:kube-system:pvc-protection-controller"
	scheduler        = "system:kube-scheduler"
)

// as returns the API as an account sees it.
func (s *server) as(t *testing.T, account string) *server {
	t.Helper()
	config := rest.CopyConfig(s.Config)
	config.Impersonate = rest.ImpersonationConfig{
		UserName: account, Groups: []string{"system:masters"},
	}
	client, err := dynamic.NewForConfig(config)
	if err != nil {
		t.Fatal(err)
	}
	return &server{Cluster: &cluster.Cluster{Dynamic: client}, mapper: s.mapper}
}

// update replaces an existing object.
func (s *server) update(ctx context.Context, namespace, text string) error {
	return s.updateWith(ctx, namespace, text, metav1.UpdateOptions{})
}

func (s *server) updateWith(ctx context.Context, namespace, text string, options metav1.UpdateOptions) error {
	o, err := parse(text)
	if err != nil {
		return err
	}
	resource, err := s.resource(o, namespace)
	if err != nil {
		return err
	}
	_, err = resource.Update(ctx, o, options)
	return err
}

// eventually repeats a call until it succeeds: the API server's policies see a changed namespace a moment later.
func eventually(t *testing.T, call func() error) {
	t.Helper()
	err := process.Poll(t.Context(), standtest.Patience, func(context.Context) error { return call() })
	if err != nil {
		t.Error(err)
	}
}

const httpRoutes = `
apiVersion: apiextensions.k8s.io/v1
kind: CustomResourceDefinition
metadata:
  name: httproutes.gateway.networking.k8s.io
  annotations: {api-approved.kubernetes.io: https://github.com/kubernetes-sigs/gateway-api/pull/3328}
spec:
  group: gateway.networking.k8s.io
  scope: Namespaced
  names: {kind: HTTPRoute, listKind: HTTPRouteList, plural: httproutes, singular: httproute}
  versions:
  - name: v1
    served: true
    storage: true
    schema: {openAPIV3Schema: {type: object, properties: {spec: {type: object, x-kubernetes-preserve-unknown-fields: true}}}}
`
