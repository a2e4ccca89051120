package prometheus

import (
	"cmp"
	"fmt"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"time"
)

// scope has the parts of the policy that a query depends on.
type scope struct {
	prefix   string // of the namespaces
	window   time.Duration
	services []string // names of the public services
}

func unchanged(selector string) string { return selector }

// changed returns an expression for counters with another value than one window ago. last_over_time bridges a failed
// scrape.
func (s scope) changed(selector string) string {
	w := seconds(s.window)
	return fmt.Sprintf("(last_over_time(%[1]s[%[2]s]) > 0 unless "+
		"last_over_time(%[1]s[%[2]s]) == last_over_time(%[1]s[%[2]s] offset %[2]s))", selector, w)
}

// group returns an expression with the result 1 for each namespace in the labels of the series.
func (s scope) group(own string, expression func(selector string) string, all ...series) string {
	var expressions []string
	for _, k := range all {
		// The Prometheus Operator adds labels of the target. If the metric has a label with the same name, Prometheus
		// renames it to exported_<label>, unless the scrape configuration has honor_labels.
		for _, label := range []string{k.label, "exported_" + k.label} {
			expressions = append(expressions, fmt.Sprintf("label_replace(%s, %q, %q, %q, %s)",
				expression(s.selector(own, k, label)), cmp.Or(k.resultLabel, "namespace"), "$1", label, s.pattern(k)))
		}
	}
	label := cmp.Or(all[0].resultLabel, "namespace")
	return fmt.Sprintf("group by (%s) (\n  %s)", label, strings.Join(expressions, "\n  or "))
}

func (s scope) selector(own string, k series, label string) string {
	matchers := []string{cmp.Or(k.own, own), k.where, label + "=~" + s.pattern(k)}
	if label == k.label {
		matchers = append(matchers, "exported_"+label+`=""`)
	}
	if label != "namespace" {
		matchers = append(matchers, s.otherNamespaces())
	}
	matchers = slices.DeleteFunc(matchers, func(m string) bool { return m == "" })
	return k.metric + "{" + strings.Join(matchers, ",") + "}"
}

func (s scope) pattern(k series) string {
	return strconv.Quote(strings.ReplaceAll(k.pattern, "PREFIX", regexp.QuoteMeta(s.prefix)))
}

// otherNamespaces matches targets outside of the previews' namespaces.
func (s scope) otherNamespaces() string {
	return "namespace!~" + strconv.Quote(regexp.QuoteMeta(s.prefix)+".*")
}

func seconds(d time.Duration) string { return fmt.Sprintf("%ds", int(d.Seconds())) }
