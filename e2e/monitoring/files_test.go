package monitoring

import (
	"io/fs"
	"os"
	"os/exec"
	"path/filepath"
	"reflect"
	"regexp"
	"slices"
	"strings"
	"testing"

	"sigs.k8s.io/yaml"

	"github.com/previewset/previewset"
	"github.com/previewset/previewset/e2e/process"
	"github.com/previewset/previewset/e2e/standtest"
)

func promtool(t *testing.T, args ...string) {
	t.Helper()
	here, err := os.Getwd()
	if err != nil {
		t.Fatal(err)
	}
	program := filepath.Join(standtest.PrometheusPrograms(t), "promtool")
	out, err := process.Output(t.Context(), process.Command{Path: program, Args: args, Dir: here})
	if err != nil {
		t.Errorf("promtool %s: %v\n%s", strings.Join(args, " "), err, out)
	}
}

// read returns a file as previewctl init writes it.
func read(t *testing.T, name string) []byte {
	t.Helper()
	content, err := fs.ReadFile(previewset.Example, "appsets/monitoring/"+name)
	if err != nil {
		t.Fatal(err)
	}
	return content
}

type rule struct {
	Alert, Expr, For    string
	Labels, Annotations map[string]string
}

type rules struct {
	Groups []struct{ Rules []rule }
}

func alerts(t *testing.T) []rule {
	t.Helper()
	var file rules
	if err := yaml.Unmarshal(read(t, "alerts.yaml"), &file); err != nil {
		t.Fatal(err)
	}
	var all []rule
	for _, g := range file.Groups {
		all = append(all, g.Rules...)
	}
	if len(all) < 15 {
		t.Fatalf("only %d alerts were found", len(all))
	}
	return all
}

func TestRulesAreValid(t *testing.T) {
	t.Parallel()
	promtool(t, "check", "rules", "../../appsets/monitoring/alerts.yaml")
}

// Each alert has a severity, a description with the first thing to do, and a runbook.
func TestAlertsSayWhatToDo(t *testing.T) {
	t.Parallel()
	names := map[string]bool{}
	for _, r := range alerts(t) {
		if names[r.Alert] || !strings.HasPrefix(r.Alert, "PreviewSet") {
			t.Errorf("%s is there twice, or its name doesn't begin with PreviewSet", r.Alert)
		}
		names[r.Alert] = true
		if !slices.Contains([]string{"critical", "warning", "info"}, r.Labels["severity"]) || len(r.Labels) != 1 {
			t.Errorf("%s has the labels %v", r.Alert, r.Labels)
		}
		summary, description := r.Annotations["summary"], r.Annotations["description"]
		if !strings.HasSuffix(r.Annotations["runbook_url"], "/runbooks.md#"+strings.ToLower(r.Alert)) {
			t.Errorf("%s leads to %q", r.Alert, r.Annotations["runbook_url"])
		}
		if r.For == "" || !strings.HasSuffix(summary, ".") || len(summary) > 80 || len(description) < 100 {
			t.Errorf("%s fires at once, or its texts are too short or too long: %s: %s", r.Alert, summary, description)
		}
	}
}

var testedAlert = regexp.MustCompile(`alertname="(\w+)", alertstate="firing"`)

// promtool's tests pass, and each alert has tests.
func TestAlertsFireWhenTheyShould(t *testing.T) {
	t.Parallel()
	files := []string{"testdata/minutes.yaml", "testdata/days.yaml"}
	promtool(t, append([]string{"test", "rules"}, files...)...)
	fires, silent := map[string]bool{}, map[string]bool{}
	for _, name := range files {
		for _, q := range checks(t, name) {
			alert := testedAlert.FindStringSubmatch(q.Expr)
			if alert == nil {
				t.Fatalf("%s: %s queries no alert", name, q.Expr)
			}
			fires[alert[1]] = fires[alert[1]] || len(q.Samples) > 0
			silent[alert[1]] = silent[alert[1]] || len(q.Samples) == 0
		}
	}
	for _, r := range alerts(t) {
		if !fires[r.Alert] || !silent[r.Alert] {
			t.Errorf("%s: tested that it fires: %t, that it stays silent: %t", r.Alert, fires[r.Alert], silent[r.Alert])
		}
		delete(fires, r.Alert)
	}
	if len(fires) > 0 {
		t.Errorf("tests of unknown alerts: %v", fires)
	}
}

type check struct {
	Expr    string
	Samples []any `json:"exp_samples"`
}

func checks(t *testing.T, file string) (all []check) {
	t.Helper()
	content, err := os.ReadFile(file)
	if err != nil {
		t.Fatal(err)
	}
	var tests struct {
		Tests []struct {
			Checks []check `json:"promql_expr_test"`
		}
	}
	if err := yaml.Unmarshal(content, &tests); err != nil {
		t.Fatal(err)
	}
	for _, one := range tests.Tests {
		all = append(all, one.Checks...)
	}
	return all
}

// The README's command creates a PrometheusRule with the same rules.
func TestPrometheusRuleHasTheSameRules(t *testing.T) {
	t.Parallel()
	command := regexp.MustCompile(`(?m)^(\{ cat .*\}) \| kubectl apply -f -$`).FindSubmatch(read(t, "README.md"))
	if command == nil {
		t.Fatal("the README has no such command")
	}
	cmd := exec.CommandContext(t.Context(), "sh", "-c", string(command[1]))
	cmd.Dir = "../.."
	out, err := cmd.Output()
	if err != nil {
		t.Fatal(err)
	}
	var got struct {
		Kind string
		Spec any
	}
	var want any
	for _, err := range []error{yaml.Unmarshal(out, &got), yaml.Unmarshal(read(t, "alerts.yaml"), &want)} {
		if err != nil {
			t.Fatal(err)
		}
	}
	if got.Kind != "PrometheusRule" || want == nil || !reflect.DeepEqual(got.Spec, want) {
		t.Errorf("made a %s that has other rules:\n%s", got.Kind, out)
	}
}
