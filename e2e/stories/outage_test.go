package stories

import (
	"context"
	"fmt"
	"net/http"
	"regexp"
	"testing"
	"time"

	"github.com/previewset/previewset/e2e/standtest"
	"github.com/previewset/previewset/internal/githubtest"
)

// The service is stopped, or killed and knows nothing of it: all previews stay as they are. What happened meanwhile is done as
// soon as it is back.
func TestServiceThatIsAwayChangesNothing(t *testing.T) {
	w := shared
	w.alone(t)
	for _, way := range []struct {
		name string
		end  func()
	}{
		{"stopped", func() { w.service.Stop(grace) }},
		{"killed", func() { w.service.Kill() }},
	} {
		t.Run(way.name, func(t *testing.T) {
			closed, pushed := w.openLive(t, w.gateway, "main.go"), w.openLive(t, w.gateway, "main.go")
			stays := w.stays(t, closed.application, pushed.application)
			way.end()
			closed.close()
			head := pushed.push()
			opened := w.open(t, w.shop, labelled("web/index.html", "preview"))
			w.waitFrozen(t, "connection refused")
			w.Always(t, while, "all stays", all(stays, w.noApplication(opened)))
			w.start(t)
			w.WaitReady(t)
			w.waitGone(t, closed)
			w.waitRuns(t, pushed, gatewayImage, head)
			w.waitSynced(t, opened)
			w.Eventually(t, standtest.Patience, "no error is shown any more", w.showsNoError)
		})
	}
}

// GitHub is down when the service starts for the first time, or lost its memory: it has no answer then, and says so where
// people look; previews stay. When GitHub is back everything goes on by itself.
func TestGitHubDownAtTheStartWithoutMemoryChangesNothing(t *testing.T) {
	w := shared
	w.alone(t)
	p := w.openLive(t, w.gateway, "main.go")
	stays := w.stays(t, p.application)
	w.service.Kill()
	w.forget(t)
	w.GitHub.Inject(githubtest.Fault{Status: http.StatusInternalServerError})
	w.start(t)
	const why = "no whole snapshot has been computed yet: acme/gateway was never read"
	w.Eventually(t, standtest.Patience, "Argo CD is answered 503", func(ctx context.Context) error {
		status, body, err := w.ask(ctx)
		if err == nil && status != http.StatusServiceUnavailable {
			err = fmt.Errorf("answered %d, %s", status, body)
		}
		return firstError(err, standtest.Contains(body, why))
	})
	w.waitFrozen(t, why)
	w.Always(t, while, "the preview stays", stays)
	w.GitHub.ClearFaults()
	w.WaitReady(t)
	w.Eventually(t, standtest.Patience, "no error is shown any more", w.showsNoError)
	w.openLive(t, w.gateway, "main.go")
	if err := stays(t.Context()); err != nil {
		t.Error(err)
	}
}

// GitHub is down when the service starts again: it goes on with what it remembers. What GitHub doesn't say is no evidence.
func TestGitHubDownAtARestartChangesNothing(t *testing.T) {
	w := shared
	w.alone(t)
	p := w.openLive(t, w.gateway, "main.go")
	untouched, before := w.untouched(t, p.application), w.answer(t)
	w.service.Kill()
	w.GitHub.Inject(githubtest.Fault{Status: http.StatusInternalServerError})
	p.close()
	w.start(t)
	w.WaitReady(t)
	w.Eventually(t, standtest.Patience, "the service says what it can't read", all(w.noted(w.gateway), w.noted(w.shop)))
	w.Always(t, while, "all stays", all(untouched, w.answers(before)))
	w.Eventually(t, standtest.Patience, "no error is shown", w.showsNoError)
	w.GitHub.ClearFaults()
	w.waitGone(t, p)
}

// The Git host is down when the service starts again: it goes on with what it remembers, and takes up what was pushed later.
func TestGitDownAtARestartChangesNothing(t *testing.T) {
	w := shared
	w.alone(t)
	p := w.openLive(t, w.gateway, "main.go")
	untouched, before := w.untouched(t, p.application), w.answer(t)
	w.service.Kill()
	w.Git.SetDown(true)
	w.start(t)
	w.WaitReady(t)
	w.Always(t, while, "all stays", all(untouched, w.answers(before)))
	w.Git.SetDown(false)
	w.waitRuns(t, p, gatewayImage, p.push())
	w.openLive(t, w.shop, "web/index.html")
}

// GitHub has bad days of many kinds. None of them takes a preview away, and none keeps a later one out.
func TestBadDaysOfGitHubChangeNothing(t *testing.T) {
	w := shared
	w.alone(t)
	// More than a page of pull requests that nobody wants to see, so that a page can go missing.
	for range 100 {
		w.open(t, w.gateway, githubtest.PullRequest{Author: "somebody"})
	}
	p := w.openLive(t, w.gateway, "main.go") // on the second page
	other := w.openLive(t, w.shop, "web/index.html")
	untouched := w.untouched(t, p.application, other.application)
	for _, day := range []struct {
		name  string
		fault githubtest.Fault
		quiet bool // it can't be told from a good day
	}{
		{"errors", githubtest.Fault{Status: http.StatusBadGateway}, false},
		{"answers that break off", githubtest.Fault{Kind: githubtest.CutOff}, false},
		{"the quota used up", githubtest.Fault{Kind: githubtest.RateLimited, RetryAfter: 3 * time.Second}, false},
		{"asked to slow down", githubtest.Fault{Kind: githubtest.SecondaryLimit, RetryAfter: 3 * time.Second}, false},
		{"everything hidden", githubtest.Fault{Status: http.StatusNotFound}, false},
		{"a token that it doesn't know", githubtest.Fault{Status: http.StatusUnauthorized}, false},
		{"a maintenance page", githubtest.Fault{Status: http.StatusOK, Body: "<html>Be right back</html>"}, false},
		{"an empty object", githubtest.Fault{Status: http.StatusOK, Body: "{}"}, false},
		{"a page missing", githubtest.Fault{Match: `^GET /repos/acme/gateway/pulls\?`, Kind: githubtest.NextLinkMissing}, true},
		{"an empty list", githubtest.Fault{Match: `^GET /repos/[^?]*/pulls\?`, Status: http.StatusOK, Body: "[]"}, true},
	} {
		t.Run(day.name, func(t *testing.T) {
			t.Cleanup(w.GitHub.ClearFaults)
			before := w.answer(t)
			w.GitHub.Inject(day.fault)
			w.gateway.Touch() // so that "nothing changed" isn't the answer
			w.shop.Touch()
			if day.quiet {
				w.waitPolled(t, w.gateway)
			} else {
				w.Eventually(t, standtest.Patience, "the service says what it can't read", w.noted(w.gateway))
			}
			w.Always(t, 2*time.Second, "all stays", all(untouched, w.answers(before), w.Ready))
			w.GitHub.ClearFaults()
			w.Eventually(t, standtest.Patience, "all is read again", func(ctx context.Context) error {
				status, err := w.Status(ctx)
				return firstError(err, standtest.Contains(status, "[+] acme/gateway", "[+] acme/shop"))
			})
		})
	}
	w.waitRuns(t, p, gatewayImage, p.push())
	p.close()
	w.waitGone(t, p)
}

// waitPolled waits until the service asked twice for a repository's pull requests.
func (w *world) waitPolled(t *testing.T, in repository) {
	t.Helper()
	list := regexp.MustCompile("^/repos/" + in.fullName + "/pulls$")
	asked := func() (n int) {
		for request, times := range w.GitHub.Requests() {
			if list.MatchString(request.Path) {
				n += times
			}
		}
		return n
	}
	w.GitHub.ResetCounts()
	w.Eventually(t, standtest.Patience, "the service polled", func(context.Context) error {
		if n := asked(); n < 4 { // of which at least two polls began after the call
			return fmt.Errorf("asked %d times", n)
		}
		return nil
	})
}

// GitHub has no pull requests: the answer is an empty list, which is an answer, and there are no previews.
func TestGitHubWithoutPullRequestsMeansNoPreviews(t *testing.T) {
	w := shared
	w.alone(t)
	p := w.openLive(t, w.gateway, "main.go")
	p.close()
	w.Eventually(t, standtest.Patience, "the answer is an empty list", w.answers(`{"output":{"parameters":[]}}`))
	w.Eventually(t, standtest.Patience, "no preview is left", func(ctx context.Context) error {
		apps, err := w.Applications(ctx, "previewset.dev/environment")
		if err == nil && len(apps) > 0 {
			err = fmt.Errorf("there are %d", len(apps))
		}
		return err
	})
	w.service.Kill()
	w.forget(t)
	w.start(t)
	w.WaitReady(t)
	if err := w.answers(`{"output":{"parameters":[]}}`)(t.Context()); err != nil {
		t.Error(err)
	}
	w.Eventually(t, standtest.Patience, "no error is shown", w.showsNoError)
}
