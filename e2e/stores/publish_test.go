package stores

import (
	"fmt"
	"regexp"
	"strings"
	"testing"

	corev1 "k8s.io/api/core/v1"

	"github.com/previewset/previewset/e2e/process"
)

// publication runs the containers of the job that publishes a masked copy.
type publication struct {
	*postgres
	*bucket
	rules string // the rules for the columns
}

func (p *publication) run(t *testing.T, container string) (string, error) {
	t.Helper()
	for name, c := range p.configMaps {
		if strings.HasPrefix(name, "postgres-publish") {
			c.Data["rules.csv"] = "column,rule\n" + p.rules
		}
	}
	address := strings.NewReplacer("@postgres:5432/", fmt.Sprintf("@127.0.0.1:%d/", p.port))
	c := p.command(t, "postgres-publish", container, nil, address)
	copy(c.Args, []string{"--map-user=65534", "--map-group=65534"}) // initdb needs a user that exists
	c.Env = append(c.Env, p.trust)
	return process.Output(t.Context(), c)
}

var printedCommand = regexp.MustCompile(`--url (\S+) --sha256 ([0-9a-f]{64})`)

// A masked copy of the baseline's database becomes the dataset of a preview.
func TestMaskedDataset(t *testing.T) {
	t.Parallel()
	b := startBucket(t, map[string][]byte{})
	b.token = "secret"
	change(t, "dataset", "publish", "postgres", "--url="+b.URL+"/masked/", "--auth=bearer", "--secret-store=previews")
	e := build(t, "data/postgres", "data/postgres/datasets/truncated", "data/postgres/publish")
	e.secrets["postgres-publish"] = corev1.Secret{Data: map[string][]byte{"credentials": []byte(b.token)}}
	p := &publication{postgres: startPostgres(t, e), bucket: b}
	output(t, p.psql(t, "app", "--command=CREATE TABLE public.sessions (token text); INSERT INTO sessions VALUES ('s3cret');"+
		"INSERT INTO orders.orders VALUES (4, 'ada@example.com', 1, 1, now())"))

	p.rules = "public.sessions.*,truncate\nproducts.prices.*,keep\norders.orders.id,keep\norders.orders.quantity,keep\n"
	_, err := p.run(t, "mask")
	if want := "columns without a rule: orders.orders.customer, orders.orders.ordered_at, orders.orders.product"; err == nil ||
		!strings.Contains(err.Error(), want) {
		t.Fatalf("want %q, got: %v", want, err)
	}
	e.restart(t, "postgres-publish")
	p.rules = "public.sessions.*,truncate\nproducts.prices.*,keep\norders.orders.*,keep\norders.orders.customer,email\n"
	if _, err = p.run(t, "mask"); err != nil {
		t.Fatal(err)
	}
	log, err := p.run(t, "publish")
	m := printedCommand.FindStringSubmatch(log)
	if err != nil || m == nil {
		t.Fatalf("%v: %s", err, log)
	}

	masked := b.build(t, "masked", strings.TrimPrefix(m[1], b.URL+"/"), m[2], "--auth=bearer", "--secret-store=previews")
	masked.secrets["postgres-dataset"] = e.secrets["postgres-publish"]
	mustFetch(t, masked, b.trust)
	copied := startPostgres(t, masked)
	for query, want := range map[string]string{
		"SELECT count(*), count(DISTINCT customer) FROM orders.orders":                "4|3",
		"SELECT count(*) FROM orders.orders WHERE customer ~ '^[0-9a-f]{32}@example'": "4",
		"SELECT count(*) FROM public.sessions":                                        "0",
		"SELECT sum(cents) FROM products.prices":                                      "10640",
	} {
		if got := copied.query(t, query); got != want {
			t.Errorf("%s: %s, want %s", query, got, want)
		}
	}
	if got := p.query(t, "SELECT count(*) FROM orders.orders WHERE customer = 'ada@example.com'"); got != "2" {
		t.Errorf("the baseline's own data changed: %s", got)
	}
}
