package stores

import (
	"context"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/previewset/previewset/e2e/process"
)

// baseline is the baseline's PostgreSQL with the databases of environments.
type baseline struct {
	*postgres
	dns string // the folder with the program nslookup
}

// startBaseline starts the server. Only its own user needs no password.
func startBaseline(t *testing.T) *baseline {
	t.Helper()
	b := &baseline{dns: t.TempDir()}
	b.postgres = startPostgres(t, build(t, "data/postgres", "data/postgres/datasets/truncated", "data/postgres/shared"))
	rules := filepath.Join(b.volume(t, "postgres", "data"), "pgdata", "pg_hba.conf")
	text := "host all app 127.0.0.1/32 trust\nhost all all 127.0.0.1/32 scram-sha-256\n"
	if err := os.WriteFile(rules, []byte(text), 0o600); err != nil {
		t.Fatal(err)
	}
	b.query(t, "SELECT pg_reload_conf()")
	return b
}

// answerDNS sets the answers of nslookup: a shell pattern of names that don't exist, or a text for all names.
func (b *baseline) answerDNS(t *testing.T, missing, text string) {
	t.Helper()
	script := "#!/bin/sh\n" + text + "\ncase $1 in\n" + missing +
		") echo \"** server can't find $1: NXDOMAIN\"; exit 1 ;;\n*) echo \"Name: $1\"; echo Address: 10.0.0.1 ;;\nesac\n"
	if err := os.WriteFile(filepath.Join(b.dns, "nslookup"), []byte(script), 0o700); err != nil {
		t.Fatal(err)
	}
}

// job runs the job that makes the role and deletes databases.
func (b *baseline) job(t *testing.T, keep string) (string, error) {
	t.Helper()
	c := b.command(t, "postgres-shared", "databases", nil, strings.NewReplacer())
	path := ""
	for _, variable := range c.Env {
		if value, ok := strings.CutPrefix(variable, "PATH="); ok {
			path = value
		}
	}
	c.Env = append(c.Env, "PATH="+b.dns+":"+path, "PGHOST=127.0.0.1", fmt.Sprintf("PGPORT=%d", b.port), "KEEP="+keep)
	return process.Output(t.Context(), c)
}

func (b *baseline) mustJob(t *testing.T, keep string) {
	t.Helper()
	if out, err := b.job(t, keep); err != nil {
		t.Fatalf("%v\n%s", err, out)
	}
}

// startShared does what the Pod of a shared store does: it makes the database, twice, and starts the proxy.
func (b *baseline) startShared(t *testing.T, namespace string) *postgres {
	t.Helper()
	e := build(t, "data/postgres", "data/postgres/datasets/shared", "data/postgres/datasets/shared/secrets", "services/orders/run")
	c := e.command(t, "postgres", "database", map[string]string{"NAMESPACE": namespace}, strings.NewReplacer())
	c.Env = append(c.Env, "PGHOST=127.0.0.1", fmt.Sprintf("PGPORT=%d", b.port))
	for range 2 {
		output(t, c)
	}
	ports, err := process.FreePorts(1)
	if err != nil {
		t.Fatal(err)
	}
	settings := filepath.Join(e.volume(t, "postgres", "pgbouncer"), "pgbouncer.ini")
	text, err := os.ReadFile(settings)
	if err != nil {
		t.Fatal(err)
	}
	local := strings.NewReplacer("listen_port = 5432", fmt.Sprintf("listen_port = %d", ports[0]), "listen_addr = *", "listen_addr = 127.0.0.1")
	if err = os.WriteFile(settings, []byte(local.Replace(string(text))), 0o600); err != nil {
		t.Fatal(err)
	}
	p := &postgres{environment: e, port: ports[0], group: process.NewGroup(t.TempDir())}
	t.Cleanup(p.group.Close)
	if p.server, err = p.group.Start(e.command(t, "postgres", "postgres", nil, strings.NewReplacer())); err != nil {
		t.Fatal(err)
	}
	err = process.Poll(t.Context(), time.Minute, func(ctx context.Context) error {
		if problem := p.group.Ended(); problem != nil {
			return process.Final(problem)
		}
		_, problem := process.Output(ctx, p.client(t, "app", "SELECT 1"))
		return problem
	})
	if err != nil {
		t.Fatal(err)
	}
	return p
}

// client is a command of a service that is connected to the proxy.
func (p *postgres) client(t *testing.T, database, query string) process.Command {
	t.Helper()
	address := fmt.Sprintf("postgres://app:preview@127.0.0.1:%d/%s?sslmode=disable", p.port, database)
	return p.as(t, "psql", "--no-psqlrc", "--set=ON_ERROR_STOP=1", "--tuples-only", "--no-align", address, "--command="+query)
}

func TestStoresInTheBaselinesServer(t *testing.T) {
	t.Parallel()
	b := startBaseline(t)
	b.answerDNS(t, "none", "")
	for range 2 {
		b.mustJob(t, "24 hours")
	}
	one, two := b.startShared(t, "preview-a"), b.startShared(t, "preview-b")
	for range 2 {
		output(t, one.migration(t))
	}
	if got := output(t, one.client(t, "app", appliedMigrations)); got != "001-orders 002-note" {
		t.Errorf("migrations %q", got)
	}
	if got := output(t, two.client(t, "app", "SELECT count(*) FROM pg_namespace WHERE nspname = 'orders'")); got != "0" {
		t.Errorf("the other environment has the tables too: %s", got)
	}
	if got := output(t, one.client(t, "app", "SELECT current_database() || ' ' || current_user")); got != "preview-a preview-a" {
		t.Errorf("a service is in %s", got)
	}
	for what, c := range map[string]process.Command{
		"another database":             one.client(t, "preview-b", "SELECT 1"),
		"the end of another database":  one.client(t, "app", `DROP DATABASE "preview-b"`),
		"the baseline's database":      one.client(t, "app", "DROP DATABASE app"),
		"another environment's role":   one.client(t, "app", `SET ROLE "preview-b"`),
		"the role that makes them all": one.client(t, "app", "SET ROLE previews"),
		"a role of its own":            one.client(t, "app", "CREATE ROLE mallory"),
		"files of the server":          one.client(t, "app", "SELECT pg_read_file('PG_VERSION')"),
	} {
		if out, err := process.Output(t.Context(), c); err == nil {
			t.Errorf("an environment gets %s: %s", what, out)
		}
	}
	for _, other := range []string{"preview-b", "app"} {
		if got := b.query(t, "SELECT has_database_privilege('preview-a', '"+other+"', 'CONNECT')"); got != "f" {
			t.Errorf("preview-a may connect to %s: %s", other, got)
		}
	}
	wantCleanup(t, b)
}

// wantCleanup checks when the job deletes a database.
func wantCleanup(t *testing.T, b *baseline) {
	t.Helper()
	const databases = "SELECT string_agg(datname, ' ' ORDER BY datname) FROM pg_database WHERE datname LIKE 'preview-%'"
	want := func(why, names string) {
		t.Helper()
		if got := b.query(t, databases); got != names {
			t.Errorf("%s: the databases are %q, want %q", why, got, names)
		}
	}
	b.answerDNS(t, "*", "echo ';; connection timed out; no servers could be reached'; exit 1")
	if _, err := b.job(t, "0 seconds"); err == nil {
		t.Error("the job succeeds without DNS")
	}
	b.answerDNS(t, "*", "")
	if _, err := b.job(t, "0 seconds"); err == nil {
		t.Error("the job succeeds with a DNS that doesn't know the baseline")
	}
	want("without DNS", "preview-a preview-b")
	b.answerDNS(t, "postgres.preview-b.*", "")
	b.mustJob(t, "24 hours")
	want("an environment is gone since a moment", "preview-a preview-b")
	b.answerDNS(t, "none", "")
	b.mustJob(t, "0 seconds")
	want("it is there again", "preview-a preview-b")
	b.answerDNS(t, "postgres.preview-b.*", "")
	b.mustJob(t, "0 seconds")
	want("it is gone for long", "preview-a")
	if got := b.query(t, "SELECT count(*) FROM pg_roles WHERE rolname = 'preview-b'"); got != "0" {
		t.Error("its role is still there")
	}
}
