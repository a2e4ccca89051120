package prometheus

import (
	"fmt"
	"regexp"
	"strconv"
)

// postgreSQL counts connections with the postgres_exporters in the previews' namespaces, except the exporters' own
// connections. These have a known user or application; without these labels one connection per server is an
// exporter's. Pooled connections count too, so the preset is for services that close their connections. A preview
// with wrong metrics affects only itself. https://github.com/prometheus-community/postgres_exporter
func postgreSQL(s scope) (string, naming) {
	own := `job=~".*(postgres|pg).*",namespace=~` + strconv.Quote(regexp.QuoteMeta(s.prefix)+".+")
	users := own + `,usename!~".*(exporter|monitor).*",application_name!~".*(exporter|monitor).*"`
	const (
		activity    = "pg_stat_activity_count"
		connections = "pg_stat_database_numbackends"
	)
	w := seconds(s.window)
	return fmt.Sprintf("group by (namespace) (max_over_time(%s{%s}[%s]) > 0)\n", activity, users, w) +
		fmt.Sprintf("or group by (namespace) (sum by (namespace, job, instance) (max_over_time(%s{%s}[%s])) > 1"+
			" unless on (namespace) %s{%s})\n", connections, own, w, activity, own) +
		fmt.Sprintf("or group by (namespace) ({__name__=~%q,%s}) * 0\n", activity+"|"+connections, own) +
		fmt.Sprintf("  and on (namespace) min by (namespace) (up{%s}) == 1\n", own) +
		fmt.Sprintf("  and on (namespace) min by (namespace) (pg_up{%s}) == 1", own), byLabel
}
