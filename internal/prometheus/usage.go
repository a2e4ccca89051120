package prometheus

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/previewset/previewset/internal/config"
	"github.com/previewset/previewset/internal/preview"
)

const (
	// serviceTargets selects the generator's own targets.
	serviceTargets = `job=~".*preview-generator.*"`
	// usageTimeout is the limit for a usage query, which reads weeks while a user waits.
	usageTimeout  = 25 * time.Second
	maxUsageRows  = 1000
	usagePoints   = 2000 // approximate number of evaluations within the range
	maxUsageRange = 90 * 24 * time.Hour
	gibibyte      = 1 << 30
)

// Usage returns the hours awake and asleep of environments and their requested CPU and memory, over the time range
// since. It groups them by "environment", "owner", "repository" or "profile". It reads the generator's own metrics
// previewset_environment_state and previewset_environment_requests. If there are more than 1,000 rows, it returns
// those with the most hours awake and sets Problem.
func (c *Client) Usage(ctx context.Context, p *config.Policy, by string, since time.Duration) (preview.Usage, error) {
	switch {
	case p.Activity.Prometheus == nil:
		return preview.Usage{}, errors.New("usage needs Prometheus; configure activity.prometheus in previewset.yaml")
	case !slices.Contains(preview.UsageBy(), by):
		return preview.Usage{}, fmt.Errorf("usage by %s: unknown group; use environment, owner, repository or profile",
			short(by))
	case since < c.window || since > maxUsageRange:
		return preview.Usage{}, fmt.Errorf("usage since %s: invalid time range; use %s to %s", since, c.window, maxUsageRange)
	}
	ctx, cancel := context.WithTimeout(ctx, usageTimeout)
	defer cancel()
	query := usageQuery(scope{prefix: p.NamespacePrefix, window: c.window}, by, since)
	samples, err := c.query(ctx, p.Activity.Prometheus.URL, query)
	if err != nil {
		return preview.Usage{}, err
	}
	if len(samples) == 0 {
		return preview.Usage{}, queryError(p.Activity.Prometheus.URL, fmt.Errorf(
			"no samples of previewset_environment_state within %s; check that a job preview-generator scrapes the generator, "+
				"and that the generator runs without --environment-metrics=false", since))
	}
	rows, err := usageRows(samples, by)
	if err != nil {
		return preview.Usage{}, queryError(p.Activity.Prometheus.URL, err)
	}
	return limitRows(rows), nil
}

// usageQuery returns one query for all figures. It evaluates the state at fixed times within the range. At each time
// an environment counts once, even if several series have it: those of an earlier Pod or of another Prometheus. A gap
// of up to one window, after a restart or a failed scrape, is filled with the last value.
func usageQuery(s scope, by string, since time.Duration) string {
	step := max(time.Second, max(s.window/5, since/usagePoints).Truncate(time.Second))
	labels := "environment"
	if by != labels {
		labels += ", " + by
	}
	latest := func(metric, where string) string {
		matchers := serviceTargets + "," + s.otherNamespaces()
		selected, all := metric+"{"+matchers+where+"}", metric+"{"+matchers+"}"
		return fmt.Sprintf("(max by (%[1]s) (%[2]s) or "+
			"max by (%[1]s) (last_over_time(%[2]s[%[4]s])) unless on (environment) %[3]s)",
			labels, selected, all, seconds(s.window))
	}
	awake := latest("previewset_environment_state", `,state=~"awake|waking"`)
	asleep := "(" + latest("previewset_environment_state", `,state="asleep"`) + " unless on (environment) " + awake + ")"
	requests := func(resource string) string {
		return latest("previewset_environment_requests", fmt.Sprintf(",resource=%q", resource))
	}
	const during = "%s and on (environment) %s"
	var parts []string
	for _, figure := range []struct{ name, expression string }{
		{"awake", awake},
		{"asleep", asleep},
		{"cpu", fmt.Sprintf(during, requests("cpu"), awake)},
		{"memory", fmt.Sprintf(during, requests("memory"), awake)},
		{"saved cpu", fmt.Sprintf(during, requests("cpu"), asleep)},
		{"saved memory", fmt.Sprintf(during, requests("memory"), asleep)},
	} {
		hours := strconv.FormatFloat(step.Hours(), 'g', -1, 64)
		parts = append(parts, fmt.Sprintf(
			`label_replace(sum by (%s) (sum_over_time((%s)[%s:%s])) * %s, "figure", %q, "", "")`,
			by, figure.expression, seconds(since), seconds(step), hours, figure.name))
	}
	return strings.Join(parts, "\nor ")
}

// usageRows collects the figures of each row.
func usageRows(samples []sample, by string) ([]preview.UsageRow, error) {
	all := map[string]*preview.UsageRow{}
	for _, s := range samples {
		name := s.labels[by]
		if !s.isNumber || s.value < 0 {
			return nil, fmt.Errorf("%s of %s is %g", s.labels["figure"], short(name), s.value)
		}
		if all[name] == nil {
			all[name] = &preview.UsageRow{Name: name}
		}
		setFigure(all[name], s.labels["figure"], s.value)
	}
	list := make([]preview.UsageRow, 0, len(all))
	for _, row := range all {
		list = append(list, *row)
	}
	return list, nil
}

func setFigure(row *preview.UsageRow, figure string, value float64) {
	switch figure {
	case "awake":
		row.AwakeHours = value
	case "asleep":
		row.AsleepHours = value
	case "cpu":
		row.CPUCoreHours = value
	case "memory":
		row.MemoryGiBHours = value / gibibyte
	case "saved cpu":
		row.SavedCPUCoreHours = value
	case "saved memory":
		row.SavedMemoryGiBHours = value / gibibyte
	}
}

// limitRows sorts the rows and keeps those with the most hours awake.
func limitRows(rows []preview.UsageRow) preview.Usage {
	var u preview.Usage
	if len(rows) > maxUsageRows {
		u.Problem = fmt.Sprintf("only %d of %d rows, those with the most hours awake; "+
			"group by owner, repository or profile, or use a shorter time", maxUsageRows, len(rows))
		slices.SortFunc(rows, func(a, b preview.UsageRow) int {
			return cmp.Or(cmp.Compare(b.AwakeHours, a.AwakeHours), cmp.Compare(a.Name, b.Name))
		})
		rows = rows[:maxUsageRows]
	}
	slices.SortFunc(rows, func(a, b preview.UsageRow) int { return cmp.Compare(a.Name, b.Name) })
	u.Rows = rows
	return u
}
