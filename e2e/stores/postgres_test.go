package stores

import (
	"compress/gzip"
	"context"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"golang.org/x/sync/errgroup"

	"github.com/previewset/previewset/e2e/process"
)

// postgres is a running PostgreSQL with the store's settings.
type postgres struct {
	*environment
	port   int
	server *process.Process
	group  *process.Group
}

// startPostgres does what the image's entry point does with the store's manifests: it makes the database and loads the
// dataset if the volume is empty, and then starts the server.
func startPostgres(t *testing.T, e *environment) *postgres {
	t.Helper()
	ports, err := process.FreePorts(1)
	if err != nil {
		t.Fatal(err)
	}
	p := &postgres{environment: e, port: ports[0], group: process.NewGroup(t.TempDir())}
	t.Cleanup(p.group.Close)
	data := filepath.Join(e.volume(t, "postgres", "data"), "pgdata")
	_, err = os.Stat(data)
	isNew := os.IsNotExist(err)
	if isNew {
		output(t, e.as(t, "initdb", "--pgdata="+data, "--username=app", "--auth=trust", "--no-sync"))
	}
	if p.server, err = p.group.Start(e.as(t, "postgres", "-D", data, "-p", fmt.Sprint(p.port),
		"-c", "listen_addresses=127.0.0.1", "-c", "unix_socket_directories=", "-c", "fsync=off")); err != nil {
		t.Fatal(err)
	}
	err = process.Poll(t.Context(), time.Minute, func(ctx context.Context) error {
		if problem := p.group.Ended(); problem != nil {
			return process.Final(problem)
		}
		_, problem := process.Output(ctx, p.psql(t, "postgres", "--command=SELECT 1"))
		return problem
	})
	if err != nil {
		t.Fatal(err)
	}
	if isNew {
		output(t, p.psql(t, "postgres", "--command=CREATE DATABASE app"))
		p.loadDataset(t)
	}
	return p
}

func (p *postgres) psql(t *testing.T, database string, args ...string) process.Command {
	t.Helper()
	c := p.as(t, "psql", "--no-psqlrc", "--set=ON_ERROR_STOP=1", "--tuples-only", "--no-align",
		fmt.Sprintf("postgres://app@127.0.0.1:%d/%s?sslmode=disable", p.port, database))
	c.Args = append(c.Args, args...)
	return c
}

// loadDataset runs the files of the dataset in the order of their names, as the image's entry point does.
func (p *postgres) loadDataset(t *testing.T) {
	t.Helper()
	folder := p.volume(t, "postgres", "dataset")
	entries, err := os.ReadDir(folder)
	if err != nil {
		t.Fatal(err)
	}
	for _, entry := range entries {
		file := filepath.Join(folder, entry.Name())
		switch {
		case strings.HasPrefix(entry.Name(), "."):
		case strings.HasSuffix(entry.Name(), ".sql"):
			output(t, p.psql(t, "app", "--file="+file))
		case strings.HasSuffix(entry.Name(), ".sql.gz"):
			c := p.psql(t, "app")
			c.Stdin = gunzip(t, file)
			output(t, c)
		case strings.HasSuffix(entry.Name(), ".sh"):
			p.runScript(t, file)
		}
	}
}

func gunzip(t *testing.T, file string) io.Reader {
	t.Helper()
	f, err := os.Open(file)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = f.Close() })
	r, err := gzip.NewReader(f)
	if err != nil {
		t.Fatal(err)
	}
	return r
}

// runScript runs a script with the variables of the entry point. The server listens on no socket, so they name its port.
func (p *postgres) runScript(t *testing.T, file string) {
	t.Helper()
	text, err := os.ReadFile(file)
	if err != nil {
		t.Fatal(err)
	}
	mounts := p.mounts(t, "postgres", p.container(t, "postgres", "postgres"))
	c := p.as(t, "sh", "-euc", replacePaths(string(text), mounts))
	c.Env = append(slices.Clone(c.Env), "POSTGRES_USER=app", "POSTGRES_DB=app", "PGHOST=127.0.0.1", fmt.Sprintf("PGPORT=%d", p.port))
	output(t, c)
}

func (p *postgres) query(t *testing.T, text string) string {
	t.Helper()
	return output(t, p.psql(t, "app", "--command="+text))
}

// migration is the command of the init container of orders.
func (p *postgres) migration(t *testing.T) process.Command {
	t.Helper()
	address := strings.NewReplacer("@postgres:5432/", fmt.Sprintf("@127.0.0.1:%d/", p.port))
	return p.command(t, "orders", "migrate", nil, address)
}

func (p *postgres) stop(t *testing.T) {
	t.Helper()
	p.server.Stop(time.Minute)
}

const appliedMigrations = "SELECT string_agg(name, ' ' ORDER BY name) FROM orders.migrations"

func TestMigrationsOnEachDataset(t *testing.T) {
	t.Parallel()
	for dataset, rows := range map[string]string{"empty": "0", "truncated": "3"} {
		t.Run(dataset, func(t *testing.T) {
			t.Parallel()
			e := build(t, "data/postgres", "data/postgres/datasets/"+dataset, "services/orders/run")
			p := startPostgres(t, e)
			for range 2 { // a restart of the Pod runs it again
				output(t, p.migration(t))
			}
			wantMigrated(t, p, rows)
			output(t, p.psql(t, "app", "--command=INSERT INTO orders.orders VALUES (9, 'eve@example.com', 1, 1, now())"))
			p.stop(t)
			p = startPostgres(t, e)
			output(t, p.migration(t))
			if got := p.query(t, "SELECT count(*) FROM orders.orders WHERE id = 9"); got != "1" {
				t.Errorf("after a restart of the store, %s of 1 orders is there", got)
			}
		})
	}
}

func wantMigrated(t *testing.T, p *postgres, rows string) {
	t.Helper()
	if got := p.query(t, appliedMigrations); got != "001-orders 002-note" {
		t.Errorf("applied: %s", got)
	}
	if got := p.query(t, "SELECT count(*) FROM orders.orders WHERE note = ''"); got != rows {
		t.Errorf("%s orders with a note, want %s", got, rows)
	}
}

// The Pods of several replicas and of a worker migrate at once.
func TestMigrationsAtOnce(t *testing.T) {
	t.Parallel()
	e := build(t, "data/postgres", "data/postgres/datasets/empty", "services/orders/run")
	p := startPostgres(t, e)
	commands := make([]process.Command, 5)
	for i := range commands {
		commands[i] = p.migration(t)
	}
	var pods errgroup.Group
	for _, c := range commands {
		pods.Go(func() error {
			_, err := process.Output(t.Context(), c)
			return err
		})
	}
	if err := pods.Wait(); err != nil {
		t.Fatal(err)
	}
	wantMigrated(t, p, "0")
}

// A reset empties the volume once for each request, and the store then loads its dataset again.
func TestResetOfPostgreSQL(t *testing.T) {
	t.Parallel()
	e := build(t, "data/postgres", "data/postgres/datasets/truncated", "data/postgres/reset")
	reset := func(request string) {
		output(t, e.command(t, "postgres", "reset", map[string]string{"RESET": request}, strings.NewReplacer()))
	}
	reset("2026-11-20T09:00:00Z")
	p := startPostgres(t, e)
	output(t, p.psql(t, "app", "--command=DELETE FROM orders.orders"))
	p.stop(t)
	reset("2026-11-20T09:00:00Z") // the Pod starts again
	p = startPostgres(t, e)
	if got := p.query(t, "SELECT count(*) FROM orders.orders"); got != "0" {
		t.Errorf("after a restart there are %s orders, so the volume was emptied again", got)
	}
	p.stop(t)
	reset("2026-11-21T09:00:00Z")
	p = startPostgres(t, e)
	if got := p.query(t, "SELECT count(*) FROM orders.orders"); got != "3" {
		t.Errorf("after a reset there are %s orders, want those of the dataset", got)
	}
}
