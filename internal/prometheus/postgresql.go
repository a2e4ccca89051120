package prometheus

import (
	"fmt"
	"regexp"
	"strconv"
)

// postgreSQL asks postgres_exporters in the previews' namespaces for connections, other than their own. Those are
// known by user or application, or else are one to each server. Pools that services keep open count: this is for
// systems that close theirs. A preview that exports wrong numbers deceives only about itself.
// https://github.com/prometheus-community/postgres_exporter
func postgreSQL(s scope) (string, naming) {
	own := `job=~".*(postgres|pg).*",namespace=~` + strconv.Quote(regexp.QuoteMeta(s.prefix)+".+")
	people := own + `,usename!~".*(exporter|monitor).*",application_name!~".*(exporter|monitor).*"`
	const (
		activity    = "pg_stat_activity_count"
		connections = "pg_stat_database_numbackends"
	)
	w := seconds(s.window)
	return fmt.Sprintf("group by (namespace) (max_over_time(%s{%s}[%s]) > 0)\n", activity, people, w) +
		fmt.Sprintf("or group by (namespace) (sum by (namespace, job, instance) (max_over_time(%s{%s}[%s])) > 1 unless on (namespace) %s{%s})\n",
			connections, own, w, activity, own) +
		fmt.Sprintf("or group by (namespace) ({__name__=~%q,%s}) * 0\n", activity+"|"+connections, own) +
		fmt.Sprintf("  and on (namespace) min by (namespace) (up{%s}) == 1\n", own) +
		fmt.Sprintf("  and on (namespace) min by (namespace) (pg_up{%s}) == 1", own), byLabel
}
