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
	// service selects the service's own targets.
	service = `job=~".*preview-generator.*"`
	// usageTimeout bounds a question about usage: it reads weeks, and somebody waits for it.
	usageTimeout = 25 * time.Second
	maxRows      = 1000
	// points is about how many times in the range it is looked what every environment does.
	points   = 2000
	longest  = 90 * 24 * time.Hour
	gibibyte = 1 << 30
)

// Usage asks what environments did since a length of time ago, and what they requested, by "environment", "owner",
// "repository" or "profile". It is from the service's own metrics previewset_environment_state and
// previewset_environment_requests. Above 1,000 rows those with the most hours awake are returned, and Problem says
// so.
func (c *Client) Usage(ctx context.Context, p *config.Policy, by string, since time.Duration) (preview.Usage, error) {
	switch {
	case p.Activity.Prometheus == nil:
		return preview.Usage{}, errors.New("usage is read from Prometheus: configure activity.prometheus in previewset.yaml")
	case !slices.Contains(preview.UsageBy(), by):
		return preview.Usage{}, fmt.Errorf("usage by %s: ask by environment, owner, repository or profile", short(by))
	case since < c.window || since > longest:
		return preview.Usage{}, fmt.Errorf("usage since %s: ask for %s to %s", since, c.window, longest)
	}
	ctx, cancel := context.WithTimeout(ctx, usageTimeout)
	defer cancel()
	samples, err := c.query(ctx, p.Activity.Prometheus.URL, usageQuery(scope{prefix: p.NamespacePrefix, window: c.window}, by, since))
	if err != nil {
		return preview.Usage{}, err
	}
	if len(samples) == 0 {
		return preview.Usage{}, fmt.Errorf("ask Prometheus at %s: it has no previewset_environment_state since %s: is the service's port scraped by a job named preview-generator, and runs it without --environment-metrics=false?",
			p.Activity.Prometheus.URL, since)
	}
	rows, err := rows(samples, by)
	if err != nil {
		return preview.Usage{}, fmt.Errorf("ask Prometheus at %s: %w", p.Activity.Prometheus.URL, err)
	}
	return bounded(rows), nil
}

// usageQuery asks for all figures at once. In the range it looks at fixed times, at each of which an environment
// counts once, however many series say the same of it: those of an earlier Pod, or of another Prometheus. Where
// nothing is said for a while, as when the service is restarted or a scrape fails, what was said within a window
// stays.
func usageQuery(s scope, by string, since time.Duration) string {
	step := max(time.Second, max(s.window/5, since/points).Truncate(time.Second))
	labels := "environment"
	if by != labels {
		labels += ", " + by
	}
	said := func(metric, where string) string {
		selector := fmt.Sprintf("%s{%s,%s%s}", metric, service, s.elsewhere(), where)
		return fmt.Sprintf("(max by (%[1]s) (%[2]s) or max by (%[1]s) (last_over_time(%[2]s[%[4]s])) unless on (environment) %[3]s)",
			labels, selector, fmt.Sprintf("%s{%s,%s}", metric, service, s.elsewhere()), seconds(s.window))
	}
	awake := said("previewset_environment_state", `,state=~"awake|waking"`)
	asleep := "(" + said("previewset_environment_state", `,state="asleep"`) + " unless on (environment) " + awake + ")"
	requests := func(resource string) string {
		return said("previewset_environment_requests", fmt.Sprintf(",resource=%q", resource))
	}
	const while = "%s and on (environment) %s"
	var parts []string
	for _, figure := range []struct{ name, expression string }{
		{"awake", awake},
		{"asleep", asleep},
		{"cpu", fmt.Sprintf(while, requests("cpu"), awake)},
		{"memory", fmt.Sprintf(while, requests("memory"), awake)},
		{"saved cpu", fmt.Sprintf(while, requests("cpu"), asleep)},
		{"saved memory", fmt.Sprintf(while, requests("memory"), asleep)},
	} {
		parts = append(parts, fmt.Sprintf(`label_replace(sum by (%s) (sum_over_time((%s)[%s:%s])) * %s, "figure", %q, "", "")`,
			by, figure.expression, seconds(since), seconds(step), strconv.FormatFloat(step.Hours(), 'g', -1, 64), figure.name))
	}
	return strings.Join(parts, "\nor ")
}

func rows(samples []sample, by string) ([]preview.UsageRow, error) {
	all := map[string]*preview.UsageRow{}
	for _, s := range samples {
		name := s.labels[by]
		if !s.number || s.value < 0 {
			return nil, fmt.Errorf("%s of %s is %g", s.labels["figure"], short(name), s.value)
		}
		if all[name] == nil {
			all[name] = &preview.UsageRow{Name: name}
		}
		set(all[name], s.labels["figure"], s.value)
	}
	list := make([]preview.UsageRow, 0, len(all))
	for _, row := range all {
		list = append(list, *row)
	}
	return list, nil
}

func set(row *preview.UsageRow, figure string, value float64) {
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

func bounded(rows []preview.UsageRow) preview.Usage {
	var u preview.Usage
	if len(rows) > maxRows {
		u.Problem = fmt.Sprintf("of %d only the %d with the most hours awake are shown: ask by owner, repository or profile, or for less time", len(rows), maxRows)
		slices.SortFunc(rows, func(a, b preview.UsageRow) int {
			return cmp.Or(cmp.Compare(b.AwakeHours, a.AwakeHours), cmp.Compare(a.Name, b.Name))
		})
		rows = rows[:maxRows]
	}
	slices.SortFunc(rows, func(a, b preview.UsageRow) int { return cmp.Compare(a.Name, b.Name) })
	u.Rows = rows
	return u
}
