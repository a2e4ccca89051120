package attack

import (
	"errors"
	"io/fs"
	"strings"
	"testing"

	apierrors "k8s.io/apimachinery/pkg/api/errors"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/types"

	"github.com/previewset/previewset"
	"github.com/previewset/previewset/e2e/standtest"
)

// direct is the namespace in which attempts are tried.
const direct = "preview-direct"

// The API server refuses each forbidden object in a preview's namespace, also an administrator's. It allows the same
// object without the forbidden part. previewctl check refuses and allows the same objects, in the same words.
func TestAdmissionHoldsTheNamespacesOfPreviews(t *testing.T) {
	t.Parallel()
	for _, a := range attempts() {
		t.Run(a.name, func(t *testing.T) {
			t.Parallel()
			forbidden := standtest.ReplaceOnce(t, a.allowed, a.old, a.forbidden)
			wantRefused(t, api.tryApply(t.Context(), direct, a.allowed))
			wantRefused(t, api.tryWrite(t.Context(), a.allowed))
			if !a.onlyReplace {
				wantRefused(t, api.tryApply(t.Context(), direct, forbidden), a.refused...)
			}
			wantRefused(t, api.tryWrite(t.Context(), forbidden), a.refused...)
			if !a.onlyAPI {
				if got := api.refusals(t, direct, a.allowed); len(got) > 0 {
					t.Errorf("check refuses the allowed object: %q", got)
				}
				wantSameWords(t, api.tryWrite(t.Context(), forbidden), api.refusals(t, direct, forbidden))
			}
		})
	}
}

// wantSameWords fails unless check refuses an object too, and one of its refusals is the API server's.
func wantSameWords(t *testing.T, err error, refusals []string) {
	t.Helper()
	if err == nil || len(refusals) == 0 {
		t.Errorf("the API server says %v, check says %q", err, refusals)
		return
	}
	for _, r := range refusals {
		if strings.Contains(err.Error(), r) {
			return
		}
	}
	t.Errorf("the words differ:\n%v\n%q", err, refusals)
}

func TestAdmissionLeavesOtherNamespacesAlone(t *testing.T) {
	t.Parallel()
	for _, a := range attempts() {
		if strings.Contains(a.allowed, "kind: Namespace") {
			continue
		}
		forbidden := standtest.ReplaceOnce(t, a.allowed, a.old, a.forbidden)
		forbidden = strings.ReplaceAll(forbidden, "namespace: "+direct, "namespace: default")
		if err := api.tryApply(t.Context(), "default", forbidden); err != nil {
			t.Errorf("%s: %v", a.name, err)
		}
	}
}

// A namespace admits workloads and claims only after each guardrail that limits them.
func TestAdmissionNeedsGuardrails(t *testing.T) {
	t.Parallel()
	for missing, binding := range map[string]string{
		"NetworkPolicy": "previewset-no-workload-without-networkpolicy-default-deny",
		"ResourceQuota": "previewset-no-workload-without-resourcequota-guardrails",
		"LimitRange":    "previewset-no-workload-without-limitrange-guardrails",
	} {
		namespace := "preview-without-" + strings.ToLower(missing)
		var others []string
		for _, g := range guardrails() {
			if !strings.Contains(g, "kind: "+missing) {
				others = append(others, g)
			}
		}
		makeNamespace(t, namespace, others...)
		for kind, manifest := range workloads() {
			t.Run(kind+" without "+missing, func(t *testing.T) {
				wantRefused(t, api.tryCreate(t.Context(), namespace, manifest), binding)
			})
		}
	}
}

// The guardrails that limit a preview can't be deleted before its namespace. Others can.
func TestAdmissionKeepsGuardrails(t *testing.T) {
	t.Parallel()
	const namespace = "preview-kept"
	const other = `{apiVersion: networking.k8s.io/v1, kind: NetworkPolicy, metadata: {name: allow-dns}, spec: {podSelector: {}}}`
	makeNamespace(t, namespace, append(guardrails(), other)...)
	tryDelete := func(text string) error {
		o, err := parse(text)
		if err != nil {
			t.Fatal(err)
		}
		resource, err := api.resource(o, namespace)
		if err != nil {
			t.Fatal(err)
		}
		one := resource.Delete(t.Context(), o.GetName(), metav1.DeleteOptions{DryRun: []string{metav1.DryRunAll}})
		all := resource.DeleteCollection(
			t.Context(), metav1.DeleteOptions{DryRun: []string{metav1.DryRunAll}}, metav1.ListOptions{},
		)
		if (one == nil) != (all == nil) && text != other {
			t.Errorf("one: %v, all: %v", one, all)
		}
		return one
	}
	for _, g := range guardrails() {
		wantRefused(t, tryDelete(g), "'previewset-guardrails'", "guardrails", "stays as long as its namespace")
	}
	wantRefused(t, tryDelete(other))
	if err := api.Client.CoreV1().Namespaces().Delete(t.Context(), namespace, metav1.DeleteOptions{}); err != nil {
		t.Fatal(err)
	}
	for _, g := range guardrails() {
		eventually(t, func() error { return tryDelete(g) })
	}
}

func TestARestrictedNamespaceStaysRestricted(t *testing.T) {
	t.Parallel()
	const enforce = "pod-security.kubernetes.io/enforce"
	label := func(change string) error {
		patch := []byte(`{"metadata":{"labels":{` + change + `}}}`)
		options := metav1.PatchOptions{DryRun: []string{metav1.DryRunAll}}
		_, err := api.Client.CoreV1().Namespaces().Patch(t.Context(), direct, types.MergePatchType, patch, options)
		return err
	}
	wantRefused(t, label(`"previewset.dev/team":"shop"`))
	wantRefused(t, label(`"previewset.dev/preview":null`), "Namespace "+direct, "previewset.dev/preview")
	wantRefused(t, label(`"`+enforce+`":null`), "Namespace "+direct, enforce)
	wantRefused(t, label(`"`+enforce+`":"privileged"`), "Namespace "+direct, enforce)
	wantRefused(t, label(`"`+enforce+`-version":"v1.0"`), "Namespace "+direct, enforce)
	wantRefused(t, label(`"istio-injection":"enabled"`), "Namespace "+direct, "istio-injection")
}

// Only the generator has the wildcard route of the Gateway API.
func TestNoPreviewHasTheWildcardRoute(t *testing.T) {
	t.Parallel()
	content, err := fs.ReadFile(previewset.Example, "appsets/generator/httproute.yaml")
	if err != nil {
		t.Fatal(err)
	}
	wildcard := string(content)
	wantRefused(t, api.tryApply(t.Context(), "argocd", wildcard))
	stolen := standtest.ReplaceOnce(t, wildcard, "namespace: argocd", "namespace: "+direct)
	wantRefused(
		t, api.tryApply(t.Context(), direct, stolen), "HTTPRoute preview-generator-wildcard", `"*.preview.example.dev"`,
	)
}

// A preview's Application may have only the Namespace with its name.
func TestAdmissionHoldsNamespacesOfOthers(t *testing.T) {
	t.Parallel()
	tracked := func(name, application string) string {
		return "{apiVersion: v1, kind: Namespace, metadata: {name: " + name + ", annotations: {argocd.argoproj.io/tracking-id: '" +
			application + ":/Namespace:/" + name + `'}, labels: {previewset.dev/preview: "true", pod-security.kubernetes.io/enforce: restricted}}}`
	}
	wantRefused(t, api.tryCreate(t.Context(), "", tracked("preview-mine", "preview-mine")))
	for _, name := range []string{"preview-other", direct, "default", "argocd", "new-team"} {
		wantRefused(t, api.tryApply(t.Context(), "", tracked(name, "preview-mine")), "Namespace "+name, "preview-mine")
	}
	wantRefused(t, api.tryApply(t.Context(), "", tracked("default", "default")))
}

// An Argo CD that marks objects by label can't mark a Namespace for another preview either.
func TestAdmissionHoldsLabelledNamespaces(t *testing.T) {
	t.Parallel()
	labelled := func(name, label, application string) string {
		return "{apiVersion: v1, kind: Namespace, metadata: {name: " + name + ", labels: {" + label + ": " + application +
			`, previewset.dev/preview: "true", pod-security.kubernetes.io/enforce: restricted}}}`
	}
	for _, label := range []string{"app.kubernetes.io/instance", "argocd.argoproj.io/instance"} {
		wantRefused(t, api.tryCreate(t.Context(), "", labelled("preview-mine", label, "preview-mine")))
		for _, name := range []string{"preview-other", direct, "default", "new-team"} {
			wantRefused(
				t, api.tryApply(t.Context(), "", labelled(name, label, "preview-mine")),
				"'previewset-namespaces'", "Namespace "+name, "preview-mine",
			)
		}
	}
}

// wantRefused fails unless an attempt was refused by a policy with all these words or, without words, allowed.
func wantRefused(t *testing.T, err error, words ...string) {
	t.Helper()
	switch {
	case len(words) == 0 && err != nil:
		t.Errorf("it is refused: %v", err)
	case len(words) > 0 && err == nil:
		t.Errorf("it is allowed; want an error with %q", words)
	case len(words) > 0:
		var status apierrors.APIStatus
		if !errors.As(err, &status) {
			t.Errorf("the API server didn't answer: %v", err)
		}
		if missing := standtest.Contains(err.Error(), words...); missing != nil {
			t.Errorf("it is refused for another reason: %v", missing)
		}
	}
}
