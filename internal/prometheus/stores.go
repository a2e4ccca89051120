package prometheus

import (
	"fmt"
	"regexp"
	"strconv"
)

// postgreSQL counts connections with the postgres_exporters in the previews' namespaces, except the exporters' own
// connections. These have a known user or application. Before version 0.12 the exporter has no such labels, and one
// connection per server is an exporter's. Pooled connections count too, so the preset is for services that close their
// connections. A preview with wrong metrics affects only itself. https://github.com/prometheus-community/postgres_exporter
func postgreSQL(s scope) (string, naming) {
	own := `job=~".*(postgres|pg).*",` + s.ownNamespaces()
	named := own + `,usename!=""`
	users := named + `,usename!~".*(exporter|monitor).*",application_name!~".*(exporter|monitor).*"`
	const (
		activity    = "pg_stat_activity_count"
		connections = "pg_stat_database_numbackends"
	)
	w := seconds(s.window)
	return fmt.Sprintf("group by (namespace) (max_over_time(%s{%s}[%s]) > 0)\n", activity, users, w) +
		fmt.Sprintf("or group by (namespace) (sum by (namespace, job, instance) (max_over_time(%s{%s}[%s])) > 1"+
			" unless on (namespace) %s{%s})\n", connections, own, w, activity, named) +
		fmt.Sprintf("or group by (namespace) ({__name__=~%q,%s}) * 0\n", activity+"|"+connections, own) +
		scraped("pg_up", own), byLabel
}

// redis counts commands with the redis_exporters in the previews' namespaces, except those of an exporter and those with
// which a client begins or checks a connection: clients keep connections open for hours. A server that started within
// two windows is unknown, because its counters are new. https://github.com/oliver006/redis_exporter
func redis(s scope) (string, naming) {
	own := `job=~".*redis.*",` + s.ownNamespaces()
	commands := "redis_commands_total{" + own + `,cmd!~"(?i)` +
		`(acl|auth|client|cluster|command|config|hello|info|latency|module|ping|replconf|select|slowlog)([|].+)?"}`
	return fmt.Sprintf("group by (namespace) (%s)\n", s.changed(commands)) +
		fmt.Sprintf("or group by (namespace) (redis_up{%s}) * 0\n", own) +
		scraped("redis_up", own) +
		fmt.Sprintf("\n  and on (namespace) min by (namespace) (redis_uptime_in_seconds{%s}) > %d", own, int(2*s.window.Seconds())), byLabel
}

// ownNamespaces matches targets in the previews' namespaces.
func (s scope) ownNamespaces() string {
	return "namespace=~" + strconv.Quote(regexp.QuoteMeta(s.prefix)+".+")
}

// scraped returns a condition for namespaces with all exporters scraped and connected to their stores.
func scraped(connected, own string) string {
	return fmt.Sprintf("  and on (namespace) min by (namespace) (up{%s}) == 1\n", own) +
		fmt.Sprintf("  and on (namespace) min by (namespace) (%s{%s}) == 1", connected, own)
}
