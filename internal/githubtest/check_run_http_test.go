package githubtest

import (
	"fmt"
	"strings"
	"testing"
	"time"
)

// asApp returns the token of an installation of an App.
func asApp(t *testing.T, g *gitHub, id, installation int64) []string {
	t.Helper()
	g.AllowApp(id, installation, nil)
	path := fmt.Sprintf("/app/installations/%d/access_tokens", installation)
	jwt := signed(t, newKey(t), "RS256", map[string]any{"iss": fmt.Sprint(id), "exp": time.Now().Unix() + 300})
	return as(parse[struct{ Token string }](t, g.do("POST", path, "", as(jwt)...)).Token)
}

func TestOnlyItsAppWritesACheckRun(t *testing.T) {
	t.Parallel()
	g := start(t)
	r := g.AddRepository("acme/shop")
	app, other := asApp(t, g, 7, 8), asApp(t, g, 9, 10)
	g.AllowToken("person")
	const path = "/repos/acme/shop/check-runs"
	body := fmt.Sprintf(`{"name":"previewset","head_sha":%q,"external_id":"x"}`, SHA("1"))
	g.expect(403, g.do("POST", path, body, as("person")...))
	g.expect(201, g.do("POST", path, body, app...))
	run := fmt.Sprintf("%s/%d", path, r.CheckRuns()[0].ID)
	g.expect(403, g.do("PATCH", run, `{"status":"in_progress"}`, other...))
	g.expect(403, g.do("PATCH", run, `{"status":"in_progress"}`, as("person")...))
	g.expect(200, g.do("PATCH", run, `{"conclusion":"success"}`, app...))
	g.expect(200, g.do("PATCH", run, `{"status":"in_progress"}`, app...))
	g.expect(404, g.do("PATCH", path+"/1", `{}`, app...))
	all := r.CheckRuns()
	if len(all) != 1 || all[0].App != 7 || all[0].Status != "completed" || all[0].Conclusion != "success" {
		t.Errorf("a completed run stays completed: %+v", all)
	}
}

func TestCheckRunLimits(t *testing.T) {
	t.Parallel()
	g := start(t)
	g.AddRepository("acme/shop")
	app := asApp(t, g, 7, 8)
	action := func(label, description, identifier int) string {
		x := func(n int) string { return strings.Repeat("x", n) }
		return fmt.Sprintf(`{"label":%q,"description":%q,"identifier":%q}`, x(label), x(description), x(identifier))
	}
	good, summary := action(20, 40, 20), strings.Repeat("x", 65535)
	for name, tc := range map[string]struct {
		fields string
		status int
	}{
		"everything at its limit": {
			`"output":{"title":"t","summary":"` + summary + `"},"actions":[` + good + `,` + good + `,` + good + `]`, 201,
		},
		"four actions":             {`"actions":[` + strings.Repeat(good+",", 3) + good + `]`, 422},
		"a long label":             {`"actions":[` + action(21, 40, 20) + `]`, 422},
		"a long description":       {`"actions":[` + action(20, 41, 20) + `]`, 422},
		"a long identifier":        {`"actions":[` + action(20, 40, 21) + `]`, 422},
		"a long summary":           {`"output":{"title":"t","summary":"x` + summary + `"}`, 422},
		"no summary":               {`"output":{"title":"t"}`, 422},
		"completed without result": {`"status":"completed"`, 422},
		"an unknown conclusion":    {`"conclusion":"stale"`, 422},
	} {
		body := fmt.Sprintf(`{"name":"previewset","head_sha":%q,%s}`, SHA("1"), tc.fields)
		if got := g.do("POST", "/repos/acme/shop/check-runs", body, app...); got.status != tc.status {
			t.Errorf("%s: status %d, want %d: %s", name, got.status, tc.status, got.body)
		}
	}
}
