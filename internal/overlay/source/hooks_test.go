package source

import (
	"fmt"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/previewset/previewset/internal/overlay/admission"
	"github.com/previewset/previewset/internal/overlay/manifest"
)

// Argo CD runs PostSync only once all Pods are ready. A hook that Pods wait for must not run there, nor in a wave of its own.
func TestHooksOfHelmBecomeThoseOfArgoCD(t *testing.T) {
	t.Parallel()
	hooks := rulesWith(map[string]any{"annotations": argoCDHook + " " + argoCDDeletion})
	waves := rulesWith(map[string]any{"annotations": argoCDHook + " " + argoCDDeletion + " " + argoCDWave + " helm.sh/"})
	postgres := []Store{StoreOf("postgres", 5432)}
	for _, tt := range []struct {
		name, hook, more string
		rules            *admission.Rules
		stores           []Store
		want             map[string]string
		note             string // a part of a note, or of the remedy of the object that was left out
	}{
		{
			"before the Pods", "pre-install", "", hooks, nil,
			map[string]string{argoCDHook: "PreSync", argoCDDeletion: "BeforeHookCreation"},
			"a hook of Argo CD (PreSync)",
		},
		{"before the Pods, without policies", "pre-install", "", nil, nil, nil, ""},
		{
			"before the Pods, with a store", "pre-install", "", nil, postgres,
			map[string]string{argoCDHook: "Sync", argoCDDeletion: "BeforeHookCreation"},
			"a hook of Argo CD (Sync)",
		},
		{
			"a weight", "pre-install", "helm.sh/hook-weight: '-5'", waves, nil,
			map[string]string{argoCDHook: "PreSync", argoCDDeletion: "BeforeHookCreation", argoCDWave: "-5"},
			"",
		},
		{
			"a weight that isn't allowed", "pre-install", "helm.sh/hook-weight: '-5'", hooks, nil,
			map[string]string{argoCDHook: "PreSync", argoCDDeletion: "BeforeHookCreation"},
			"its weight -5 has no effect",
		},
		{
			"after the Pods", "post-install, post-upgrade", "helm.sh/hook-delete-policy: hook-succeeded", hooks, nil,
			map[string]string{argoCDHook: "Sync", argoCDDeletion: "BeforeHookCreation,HookSucceeded"},
			"it must wait by itself",
		},
		{
			"after the Pods, without policies", "post-install", "helm.sh/hook-weight: '1'", nil, nil,
			map[string]string{argoCDHook: "Sync", argoCDDeletion: "BeforeHookCreation", helmWeight: "0"},
			"its weight 1 has no effect",
		},
		{
			"after the Pods, with waves", "post-install", "helm.sh/hook-weight: '1'", waves, nil,
			map[string]string{argoCDHook: "Sync", argoCDDeletion: "BeforeHookCreation", helmWeight: "0"},
			"its weight 1 has no effect",
		},
		{
			"before and after the Pods", "pre-upgrade,post-install", "", hooks, nil,
			map[string]string{argoCDHook: "Sync", argoCDDeletion: "BeforeHookCreation"},
			"it must wait by itself",
		},
		{"hooks that aren't allowed", "post-install", "", rulesWith(map[string]any{}), nil, nil, "do its work in an init container"},
		{"before the end", "pre-delete", "", hooks, nil, nil, "run it by hand"},
	} {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			annotations, notes := adaptedHook(t, fmt.Sprintf("helm.sh/hook: %q, %s", tt.hook, tt.more),
				Options{Name: "web", Port: 8080, Rules: tt.rules, Stores: tt.stores})
			if diff := cmp.Diff(tt.want, annotations); diff != "" {
				t.Errorf("annotations (-want +got):\n%s", diff)
			}
			if !strings.Contains(notes, tt.note) {
				t.Errorf("the notes lack %q:\n%s", tt.note, notes)
			}
		})
	}
}

// adaptedHook returns the annotations that the patch of a Job sets, and the note about it.
func adaptedHook(t *testing.T, annotations string, o Options) (map[string]string, string) {
	t.Helper()
	s, err := readManifests(t, webManifests+`---
apiVersion: batch/v1
kind: Job
metadata: {name: job, annotations: {`+annotations+`}}
spec: {template: {spec: {restartPolicy: Never, containers: [{name: job, image: a.test/web:1}]}}}
`).Pick(Choice{Name: "web"})
	if err != nil {
		t.Fatal(err)
	}
	adapted, err := s.Adapt(o)
	if err != nil {
		t.Fatal(err)
	}
	var found map[string]string
	for _, p := range adapted.Patches {
		if p.Object.Kind == "Job" {
			found = textsOf(manifest.Object{Fields: p.Fields}.At("metadata", "annotations"))
		}
	}
	notes := adapted.Notes
	for _, l := range adapted.LeftOut {
		notes = append(notes, l.Remedy)
	}
	if len(found) == 0 {
		return nil, strings.Join(notes, "\n")
	}
	return found, strings.Join(notes, "\n")
}
