package activity

import (
	"fmt"
	"testing"

	server "github.com/previewset/previewset/e2e/prometheus"
	"github.com/previewset/previewset/internal/config"
)

func connections(user, application string) string {
	return fmt.Sprintf(`pg_stat_activity_count{datname="shop",state="idle",usename=%q,application_name=%q}`, user, application)
}

func TestPostgreSQL(t *testing.T) {
	t.Parallel()
	exporters := server.Job{Name: "postgres-exporter"}
	for _, name := range []string{"idle", "used", "old", "failing", "two", "two-b"} {
		namespace := "preview-" + name
		if name == "two-b" {
			namespace = "preview-two"
		}
		exporters.Targets = append(exporters.Targets, server.Target{Path: "/" + name, Labels: map[string]string{"namespace": namespace}})
	}
	w := begin(t, config.PrometheusActivity{Preset: "postgresql"}, exporters, server.Job{
		Name: "shop", HonorLabels: true, Targets: []server.Target{{Path: evil, Labels: map[string]string{"namespace": "preview-evil"}}},
	})
	for _, target := range exporters.Targets {
		w.pages.set(target.Path, "pg_up", "1")
		w.pages.set(target.Path, `pg_stat_database_numbackends{datid="1",datname="shop"}`, "1") // the exporter itself
		if target.Path != "/old" {
			w.pages.set(target.Path, connections("", ""), "0")
			w.pages.set(target.Path, connections("postgres_exporter", ""), "1")
			w.pages.set(target.Path, connections("postgres", "prometheus_postgres_exporter"), "1")
		}
	}
	w.pages.set("/failing", "pg_up", "0")
	w.pages.set(evil, `pg_stat_activity_count{namespace="preview-idle",datname="shop"}`, "9")
	w.pages.set(evil, `pg_stat_activity_count{namespace="preview-elsewhere",datname="shop"}`, "0")

	w.eventually(t, "without connections but the exporter's own all are idle",
		idle("preview-idle", "preview-used", "preview-old", "preview-two"), unknown("preview-failing", "preview-elsewhere"))

	w.pages.set("/used", connections("shop", "orders"), "1")
	w.pages.set("/old", `pg_stat_database_numbackends{datid="1",datname="shop"}`, "2")
	w.eventually(t, "a connection is use", used("preview-used", "preview-old"), notUsed("preview-idle"))

	w.pages.set("/used", connections("shop", "orders"), "0")
	w.pages.set("/old", `pg_stat_database_numbackends{datid="1",datname="shop"}`, "1")
	w.eventually(t, "a window after it they are idle", idle("preview-used", "preview-old"), notUsed("preview-idle"))

	w.pages.replace("/two-b", nil)
	w.eventually(t, "of two servers one isn't scraped", unknown("preview-two"), notUsed("preview-idle"))
}

// A configured query is sent unchanged.
func TestConfiguredQuery(t *testing.T) {
	t.Parallel()
	w := begin(t, config.PrometheusActivity{Query: `sum by (namespace) (rate(shop_orders_total[3s]))`},
		server.Job{Name: "shop", Targets: []server.Target{{Path: first, Labels: map[string]string{"namespace": "preview-a"}}}})
	w.pages.set(first, "shop_orders_total", "1")
	w.eventually(t, "it is idle", idle("preview-a"))
	w.pages.set(first, "shop_orders_total", "2")
	w.eventually(t, "it is used", used("preview-a"))
	w.pages.set(first, "shop_orders_total", "NaN")
	w.eventually(t, "a value that is no number is unknown", unknown("preview-a"))
}
