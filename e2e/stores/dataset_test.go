package stores

import (
	"bytes"
	"compress/gzip"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/previewset/previewset/e2e/process"
)

// fetch runs the init container that fetches a dataset, in a new Pod.
func fetch(t *testing.T, e *environment, variables ...string) (string, error) {
	t.Helper()
	e.restart(t, "postgres")
	c := e.command(t, "postgres", "fetch-dataset", nil, strings.NewReplacer())
	c.Env = append(c.Env, variables...)
	return process.Output(t.Context(), c)
}

func mustFetch(t *testing.T, e *environment, variables ...string) {
	t.Helper()
	if out, err := fetch(t, e, variables...); err != nil {
		t.Fatalf("%v\n%s", err, out)
	}
}

// isStarted runs the startup probe of the store.
func isStarted(t *testing.T, e *environment) bool {
	t.Helper()
	c := e.container(t, "postgres", "postgres")
	var args []string
	for _, arg := range c.StartupProbe.Exec.Command {
		args = append(args, replacePaths(arg, e.mounts(t, "postgres", c)))
	}
	_, err := process.Output(t.Context(), e.as(t, args...))
	return err == nil
}

// shopSQL is the SQL of the example's dataset.
func shopSQL(t *testing.T) []byte {
	t.Helper()
	text, err := os.ReadFile(filepath.Join(repository, "kustomize-base/data/postgres/datasets/truncated/10-shop.sql"))
	if err != nil {
		t.Fatal(err)
	}
	return text
}

func zipped(t *testing.T, content []byte) []byte {
	t.Helper()
	var b bytes.Buffer
	w := gzip.NewWriter(&b)
	if _, err := w.Write(content); err != nil {
		t.Fatal(err)
	}
	if err := w.Close(); err != nil {
		t.Fatal(err)
	}
	return b.Bytes()
}

// imageWith returns the folder /dataset of an image.
func imageWith(t *testing.T, files map[string][]byte) map[string]string {
	t.Helper()
	folder := t.TempDir()
	for name, content := range files {
		if err := os.WriteFile(filepath.Join(folder, name), content, 0o600); err != nil {
			t.Fatal(err)
		}
	}
	return map[string]string{"/dataset": folder}
}

const countOrders = "SELECT count(*) FROM orders.orders"

// buildFromImage builds the store with a dataset of an image that has the example's rows, and one more.
func buildFromImage(t *testing.T, name string) *environment {
	t.Helper()
	change(t, "dataset", "add", "postgres", name, "--image=ghcr.io/acme/shop-data:2026-11-20")
	e := build(t, "data/postgres", "data/postgres/datasets/"+name, "services/orders/run", "data/postgres/reset")
	e.image = imageWith(t, map[string][]byte{
		"10-shop.sql.gz": zipped(t, shopSQL(t)),
		"20-more.sql":    []byte("INSERT INTO orders.orders VALUES (4, 'eve@example.com', 1, 1, now());"),
	})
	return e
}

func TestDatasetOfAnImage(t *testing.T) {
	t.Parallel()
	e := buildFromImage(t, "image")
	mustFetch(t, e)
	p := startPostgres(t, e)
	if got := p.query(t, countOrders); got != "4" || !isStarted(t, e) {
		t.Errorf("%s orders, want those of the image", got)
	}
	output(t, p.migration(t))
	output(t, p.psql(t, "app", "--command=DELETE FROM orders.orders WHERE id < 4"))
	p.stop(t)

	mustFetch(t, e) // a restart loads nothing, even if the image is another one
	p = startPostgres(t, e)
	if got := p.query(t, countOrders); got != "1" || !isStarted(t, e) {
		t.Errorf("%s orders after a restart, want 1", got)
	}
	p.stop(t)

	output(t, e.command(t, "postgres", "reset", map[string]string{"RESET": "now"}, strings.NewReplacer()))
	mustFetch(t, e)
	if got := startPostgres(t, e).query(t, countOrders); got != "4" {
		t.Errorf("%s orders after a reset, want those of the image", got)
	}
}

// An environment that chooses a dataset later keeps its data.
func TestDatasetIsNotLoadedOverOtherData(t *testing.T) {
	t.Parallel()
	e := buildFromImage(t, "later")
	p := startPostgres(t, e) // no dataset
	output(t, p.psql(t, "app", "--command=CREATE TABLE own (id int)"))
	p.stop(t)
	for range 2 {
		mustFetch(t, e)
		p = startPostgres(t, e)
		if got := p.query(t, "SELECT count(*) FROM own"); got != "0" || !isStarted(t, e) {
			t.Errorf("the table has %s rows", got)
		}
		p.stop(t)
	}
	if entries, err := os.ReadDir(e.volume(t, "postgres", "dataset")); err != nil || len(entries) > 0 {
		t.Errorf("fetched %v, %v", entries, err)
	}
}

// A load that ended half way begins anew in the next Pod, and the store isn't ready before.
func TestInterruptedLoadBeginsAnew(t *testing.T) {
	t.Parallel()
	e := buildFromImage(t, "interrupted")
	mustFetch(t, e)
	second := filepath.Join(e.volume(t, "postgres", "dataset"), "20-more.sql")
	if err := os.Rename(second, second+".later"); err != nil {
		t.Fatal(err)
	}
	mark := filepath.Join(e.volume(t, "postgres", "dataset"), "zzz-filled.sh")
	if err := os.Remove(mark); err != nil { // the server was killed after the first file
		t.Fatal(err)
	}
	p := startPostgres(t, e)
	if got := p.query(t, countOrders); got != "3" || isStarted(t, e) {
		t.Errorf("with half of the dataset, %s orders, and ready: %v", got, isStarted(t, e))
	}
	p.stop(t)
	mustFetch(t, e)
	if got := startPostgres(t, e).query(t, countOrders); got != "4" || !isStarted(t, e) {
		t.Errorf("%s orders after the load began anew, want those of the image", got)
	}
}
