package source

import (
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/previewset/previewset/internal/overlay/admission"
	"github.com/previewset/previewset/internal/overlay/manifest"
)

// rulesWith returns admission policies with these settings.
func rulesWith(settings map[string]any) *admission.Rules {
	settings["guardrails"] = ""
	var s admission.Settings
	s.AddConfigMap("settings.yaml", manifest.Object{Fields: map[string]any{
		"metadata": map[string]any{"name": admission.SettingsName}, "data": settings,
	}})
	return admission.NewRules(&s, "preview-")
}

func TestPodsThatNeedCertainNodesAreNoted(t *testing.T) {
	t.Parallel()
	const (
		at      = "Deployment web: spec.template.spec."
		taint   = "tolerations: [{key: spot, operator: Exists}, {key: gpu, operator: Exists}], "
		rule    = "requiredDuringSchedulingIgnoredDuringExecution"
		noNodes = " and without one its Pods stay pending; " + askForNodes
	)
	for _, tt := range []struct {
		name, pod string
		rules     *admission.Rules
		want      []string
	}{
		{"no certain nodes", "", nil, nil},
		{
			"labels of nodes", "nodeSelector: {zone: a, disk: ssd}, ", nil,
			[]string{at + "nodeSelector needs nodes with the labels disk=ssd, zone=a," + noNodes},
		},
		{
			"rules of an affinity", "affinity: {nodeAffinity: {" + rule + ": {nodeSelectorTerms: []}}, podAntiAffinity: {" + rule + ": []}}, ",
			nil,
			[]string{
				at + "affinity.nodeAffinity." + rule + " needs certain nodes," + noNodes,
				at + "affinity.podAntiAffinity." + rule + " needs certain nodes," + noNodes,
			},
		},
		{"preferences", "affinity: {nodeAffinity: {preferredDuringSchedulingIgnoredDuringExecution: []}}, ", nil, nil},
		{"taints without admission policies", taint, nil, nil},
		{"allowed taints", taint, rulesWith(map[string]any{"tolerations": "spot gpu"}), nil},
		{"a refused taint", taint, rulesWith(map[string]any{"tolerations": "spot"}), []string{
			at + "tolerations without that of taint gpu: its Pods stay pending if all fitting nodes have the taint; then let the " +
				"platform team allow it in tolerations of appsets/admission/settings.yaml, and add or update the service again",
		}},
	} {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			text := strings.Replace(withContainers("web", `{name: web, image: "a.test/web:1", ports: [{name: http, containerPort: 8080}],
      securityContext: {runAsUser: 5}}`), "spec: {containers", "spec: {"+tt.pod+"containers", 1)
			s, err := readManifests(t, text).Pick(Choice{Name: "web"})
			if err != nil {
				t.Fatal(err)
			}
			adapted, err := s.Adapt(Options{Name: "web", Rules: tt.rules})
			if err != nil {
				t.Fatal(err)
			}
			if diff := cmp.Diff(tt.want, adapted.Notes); diff != "" {
				t.Errorf("notes (-want +got):\n%s", diff)
			}
		})
	}
}
