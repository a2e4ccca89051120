package stores

import (
	"context"
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/previewset/previewset/e2e/process"
)

// startRedis runs the store's init container and then its server, as a Pod does.
func startRedis(t *testing.T, e *environment) (ask func(args ...string) string, stop func()) {
	t.Helper()
	ask, stop, _ = startRedisAt(t, e)
	return ask, stop
}

// startRedisAt also returns the port.
func startRedisAt(t *testing.T, e *environment) (ask func(args ...string) string, stop func(), port int) {
	t.Helper()
	output(t, e.command(t, "redis", "dataset", nil, strings.NewReplacer()))
	ports, err := process.FreePorts(1)
	if err != nil {
		t.Fatal(err)
	}
	group := process.NewGroup(t.TempDir())
	t.Cleanup(group.Close)
	c := e.command(t, "redis", "redis", nil, strings.NewReplacer())
	c.Dir = e.volume(t, "redis", "data") // the image's working folder
	c.Args = append(c.Args, "--port", fmt.Sprint(ports[0]), "--bind", "127.0.0.1")
	server, err := group.Start(c)
	if err != nil {
		t.Fatal(err)
	}
	client := func(args ...string) process.Command {
		password := string(e.secrets["redis"].Data["password"])
		c := e.as(t, append([]string{"redis-cli", "-e", "-p", fmt.Sprint(ports[0]), "-a", password, "--no-auth-warning"}, args...)...)
		return c
	}
	err = process.Poll(t.Context(), time.Minute, func(ctx context.Context) error {
		if problem := group.Ended(); problem != nil {
			return process.Final(problem)
		}
		_, problem := process.Output(ctx, client("ping"))
		return problem
	})
	if err != nil {
		t.Fatal(err)
	}
	return func(args ...string) string { return output(t, client(args...)) }, func() { server.Stop(time.Minute) }, ports[0]
}

func TestDatasetsOfRedis(t *testing.T) {
	t.Parallel()
	for dataset, keys := range map[string]string{"empty": "0", "truncated": "4"} {
		t.Run(dataset, func(t *testing.T) {
			t.Parallel()
			e := build(t, "data/redis", "data/redis/datasets/"+dataset)
			ask, stop := startRedis(t, e)
			if got := ask("dbsize"); got != keys {
				t.Errorf("%s keys, want %s", got, keys)
			}
			ask("flushall")
			ask("set", "own", "1")
			stop()
			ask, _ = startRedis(t, e)
			if size, own := ask("dbsize"), ask("get", "own"); size != "1" || own != "1" {
				t.Errorf("after a restart there are %s keys, and the own one is %q", size, own)
			}
		})
	}
}

func TestResetOfRedis(t *testing.T) {
	t.Parallel()
	e := build(t, "data/redis", "data/redis/datasets/truncated", "data/redis/reset")
	reset := func(request string) {
		output(t, e.command(t, "redis", "reset", map[string]string{"RESET": request}, strings.NewReplacer()))
	}
	reset("a")
	ask, stop := startRedis(t, e)
	ask("flushall")
	stop()
	reset("b")
	if ask, _ = startRedis(t, e); ask("dbsize") != "4" {
		t.Errorf("after a reset there are %s keys", ask("dbsize"))
	}
}
