package prometheus_test

import (
	"fmt"
	"net/http"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/previewset/previewset/internal/config"
	"github.com/previewset/previewset/internal/preview"
	"github.com/previewset/previewset/internal/prometheus"
)

// usageVector returns an answer with samples of the form "name|figure|value".
func usageVector(by string, samples ...string) string {
	for i, s := range samples {
		part := strings.Split(s, "|")
		samples[i] = fmt.Sprintf(`{"metric":{%q:%q,"figure":%q},"value":[%d,%q]}`,
			by, part[0], part[1], time.Now().Unix(), part[2])
	}
	return vectorOf(samples...)
}

func TestUsage(t *testing.T) {
	t.Parallel()
	url := serve(t, http.StatusOK, usageVector("owner",
		"bob|asleep|2", "alice|awake|10", "alice|asleep|20", "alice|cpu|5", "alice|memory|4294967296",
		"alice|saved cpu|7.5", "alice|saved memory|1073741824", "|awake|1"))
	got, err := prometheus.New(prometheus.Options{}).Usage(t.Context(), newPolicy(url), "owner", 168*time.Hour)
	want := preview.Usage{Rows: []preview.UsageRow{
		{Name: "", AwakeHours: 1},
		{Name: "alice", AwakeHours: 10, AsleepHours: 20, CPUCoreHours: 5, MemoryGiBHours: 4, SavedCPUCoreHours: 7.5, SavedMemoryGiBHours: 1},
		{Name: "bob", AsleepHours: 2},
	}}
	if diff := cmp.Diff(want, got); err != nil || diff != "" {
		t.Error(err, diff)
	}
}

func TestUsageLimitsRows(t *testing.T) {
	t.Parallel()
	var samples []string
	for i := range 1002 {
		samples = append(samples, fmt.Sprintf("e%04d|awake|%d", 1001-i, i))
	}
	p := newPolicy(serve(t, http.StatusOK, usageVector("environment", samples...)))
	u, err := prometheus.New(prometheus.Options{}).Usage(t.Context(), p, "environment", 168*time.Hour)
	if err != nil || len(u.Rows) != 1000 || u.Rows[0].Name != "e0000" || u.Rows[999].Name != "e0999" ||
		!strings.Contains(u.Problem, "1000 of 1002 rows") {
		t.Errorf("%d rows, %v, problem %q", len(u.Rows), err, u.Problem)
	}
	if !slices.IsSortedFunc(u.Rows, func(a, b preview.UsageRow) int { return strings.Compare(a.Name, b.Name) }) {
		t.Error("the rows aren't sorted")
	}
}

func TestUsageErrors(t *testing.T) {
	t.Parallel()
	good := serve(t, http.StatusOK, usageVector("owner", "alice|awake|1"))
	week := 168 * time.Hour
	for _, test := range []struct {
		name, url, by string
		since         time.Duration
		want          string
	}{
		{"another group", good, `owner) or vector(1`, week, `usage by "owner) or vector(1": unknown group`},
		{"no time", good, "owner", 0, "use 5m0s to 2160h0m0s"},
		{"too long a time", good, "owner", 2161 * time.Hour, "use 5m0s to 2160h0m0s"},
		{
			"no metrics", serve(t, http.StatusOK, usageVector("owner")), "owner", week,
			"check that a job preview-generator scrapes the generator",
		},
		{
			"an error",
			serve(t, http.StatusUnprocessableEntity, `{"status":"error","error":"query processing would load too many samples"}`), "owner",
			week, "too many samples",
		},
		{"an invalid number", serve(t, http.StatusOK, usageVector("owner", "alice|cpu|NaN")), "owner", week, `cpu of "alice" is NaN`},
		{"a negative number", serve(t, http.StatusOK, usageVector("owner", "alice|cpu|-1")), "owner", week, `cpu of "alice" is -1`},
	} {
		t.Run(test.name, func(t *testing.T) {
			t.Parallel()
			u, err := prometheus.New(prometheus.Options{}).Usage(t.Context(), newPolicy(test.url), test.by, test.since)
			if err == nil || !strings.Contains(err.Error(), test.want) || len(u.Rows) > 0 {
				t.Errorf("got %v and %d rows, want %s", err, len(u.Rows), test.want)
			}
		})
	}
	_, err := prometheus.New(prometheus.Options{}).Usage(t.Context(), &config.Policy{}, "owner", week)
	if err == nil || !strings.Contains(err.Error(), "configure activity.prometheus") {
		t.Error(err)
	}
}
