package answer_test

import (
	"net/http"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/previewset/previewset/generator/testworld"
)

// filtered asks with input parameters.
func filtered(t *testing.T, s *testworld.Service, parameters string) testworld.Response {
	t.Helper()
	return s.GetParams(t, `{"applicationSetName":"previews","input":{"parameters":`+parameters+`}}`)
}

func TestUnknownValuesAreRefused(t *testing.T) {
	t.Parallel()
	s := testworld.Ready(t, testworld.New())
	for name, tt := range map[string]struct{ parameters, value, known string }{
		"a mistyped source":            {`{"source":"pull_request"}`, `"pull_request"`, "pull-request"},
		"a mistyped profile":           {`{"profile":"fulll"}`, `"fulll"`, "known: changed, full"},
		"an empty profile":             {`{"profile":""}`, `""`, "known: changed, full"},
		"a mistyped repository":        {`{"repository":"acme/shp"}`, `"acme/shp"`, "known: acme/gateway, acme/shop"},
		"a repository without owner":   {`{"repository":"shop"}`, `"shop"`, "acme/shop"},
		"a known value and a mistyped": {`{"profile":["full","changd"]}`, `"changd"`, "changed"},
		"a known and a wrong key":      {`{"owner":"alice","source":"file"}`, `"file"`, "environment"},
		"control characters":           {`{"profile":"a\u001b[31m"}`, `"a[31m"`, "full"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			got := filtered(t, s, tt.parameters)
			if m := got.Message(t); got.Code != http.StatusBadRequest || !strings.Contains(m, tt.value) ||
				!strings.Contains(m, tt.known) || !strings.Contains(m, "spec.generators[].plugin.input.parameters") {
				t.Errorf("%d %s", got.Code, m)
			}
		})
	}
}

// A profile and a repository leave the configuration. Their environments wait for confirmation, and then they go. In
// all this time Argo CD gets complete answers.
func TestValuesOfEarlierConfigurationsStayKnown(t *testing.T) {
	t.Parallel()
	w := testworld.New()
	w.Tree = testworld.Tree(1, strings.Replace(testworld.Policy, "full: {run: all}", "full: {run: all}\n  lean: {run: changed}", 1))
	s := testworld.Ready(t, w)
	want := func(step, parameters string, names ...string) {
		t.Helper()
		if diff := cmp.Diff(append([]string{}, names...), filtered(t, s, parameters).Names(t)); diff != "" {
			t.Errorf("%s: %s: %s", step, parameters, diff)
		}
	}
	want("at first", `{"profile":"lean"}`)
	want("at first", `{"profile":"FULL"}`, "gateway-pr-2")
	want("at first", `{"repository":"Acme/Gateway"}`, "gateway-pr-1", "gateway-pr-2")

	withoutGateway := strings.NewReplacer(
		"gateway: {repository: acme/gateway", "gateway: {repository: acme/shop, paths: [\"gateway/**\"]",
		"full: {run: all}", "other: {run: all}",
	).Replace(testworld.Policy)
	w.Change(func() { w.Tree = testworld.Tree(2, withoutGateway) })
	s.Refresh(t.Context())
	want("after the change", `{"profile":"full"}`, "gateway-pr-2")
	want("after the change", `{"repository":"acme/gateway"}`, "gateway-pr-1", "gateway-pr-2")
	want("after the change", `{"profile":"lean"}`)

	s.Confirm(t, `{"environments":["gateway-pr-1","gateway-pr-2"]}`)
	s.Refresh(t.Context())
	want("after the confirmation", `{"profile":"full"}`)
	want("after the confirmation", `{"repository":"acme/gateway"}`)
}

// While the configuration was never read, an unknown value may be a new one.
func TestUnknownValueWithoutConfigurationIsUnavailable(t *testing.T) {
	t.Parallel()
	w := testworld.New()
	_, keep := testworld.NewStore(t)
	testworld.Ready(t, w, keep)
	w.Change(func() { w.ConfigErr = testworld.ErrOutage })
	s := testworld.Ready(t, w, keep)
	if got := filtered(t, s, `{"profile":"lean"}`); got.Code != http.StatusServiceUnavailable {
		t.Errorf("%d %s", got.Code, got.Body)
	}
	if diff := cmp.Diff([]string{"gateway-pr-2"}, filtered(t, s, `{"profile":"full"}`).Names(t)); diff != "" {
		t.Error(diff)
	}
}
