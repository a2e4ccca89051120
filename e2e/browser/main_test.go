// Package browser tests the generator's pages for visitors in a real browser.
//
// It is a module of its own, so that the browser driver's dependencies don't change Argo CD's.
package browser

import (
	"context"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"strings"
	"testing"

	"github.com/chromedp/chromedp"
)

// The browser, the script that checks accessibility, and the paths of scripts with React, by its version. They are set
// before the first test.
var (
	started context.Context
	axe     string
	reacts  map[string]string
)

func TestMain(m *testing.M) {
	code, err := run(m)
	if err != nil {
		fmt.Fprintln(os.Stderr, err)
		code = 1
	}
	os.Exit(code)
}

func run(m *testing.M) (int, error) {
	paths, err := fetched(context.Background())
	if err != nil {
		return 1, err
	}
	program := paths[0]
	reacts = map[string]string{"React 16": paths[2], "React 19": paths[3]}
	content, err := os.ReadFile(paths[1])
	if err != nil {
		return 1, err
	}
	axe = string(content)
	profile, err := os.MkdirTemp("", "browser-")
	if err != nil {
		return 1, err
	}
	defer os.RemoveAll(profile)
	browser, stop := chromedp.NewExecAllocator(context.Background(),
		chromedp.ExecPath(program), chromedp.UserDataDir(profile),
		chromedp.Headless, chromedp.NoSandbox, chromedp.NoFirstRun, chromedp.DisableGPU,
		chromedp.Flag("disable-quic", true), chromedp.Flag("disable-background-networking", true),
		chromedp.Flag("disable-component-update", true), chromedp.Flag("ignore-certificate-errors", true), // of the sandbox
		chromedp.Flag("disable-sync", true), chromedp.Flag("hide-scrollbars", true), chromedp.Flag("font-render-hinting", "none"),
	)
	defer stop()
	var done context.CancelFunc
	started, done = chromedp.NewContext(browser)
	defer done()
	if err := chromedp.Do(started); err != nil {
		return 1, fmt.Errorf("start %s: %w", program, err)
	}
	return m.Run(), nil
}

// fetched runs the e2e module's command that fetches browser and scripts. The first time it takes about a minute.
func fetched(ctx context.Context) (paths []string, err error) {
	cmd := exec.CommandContext(ctx, "go", "run", "./cmd/browser")
	cmd.Dir, cmd.Stderr, cmd.Env = "..", os.Stderr, append(os.Environ(), "CGO_ENABLED=0", "GOWORK=off")
	out, err := cmd.Output()
	if err != nil {
		return nil, err
	}
	if paths = strings.Split(strings.TrimSpace(string(out)), "\n"); len(paths) != 4 {
		return nil, errors.New("go run ./cmd/browser printed no four paths")
	}
	return paths, nil
}
