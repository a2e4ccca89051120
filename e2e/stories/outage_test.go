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

// The generator is stopped or killed. All previews stay unchanged. Changes of that time are applied when the generator runs
// again.
func TestServiceOutageChangesNothing(t *testing.T) {
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
			w.Always(t, while, "all environments stay", all(stays, w.noApplication(opened)))
			w.start(t)
			w.WaitReady(t)
			w.waitGone(t, closed)
			w.waitRuns(t, pushed, gatewayImage, head)
			w.waitSynced(t, opened)
			w.Eventually(t, standtest.Patience, "no error is shown", w.showsNoError)
		})
	}
}

// GitHub is down when the generator starts without saved state. The generator has no answer then, and the ApplicationSet
// shows the error. Previews stay. When GitHub works again, everything continues by itself.
func TestGitHubDownAtTheStartWithoutStateChangesNothing(t *testing.T) {
	w := shared
	w.alone(t)
	p := w.openLive(t, w.gateway, "main.go")
	stays := w.stays(t, p.application)
	w.service.Kill()
	w.deleteState(t)
	w.GitHub.Inject(githubtest.Fault{Status: http.StatusInternalServerError})
	w.start(t)
	const unread = "acme/gateway"
	w.Eventually(t, standtest.Patience, "Argo CD gets status 503", func(ctx context.Context) error {
		status, body, err := w.ask(ctx)
		if err == nil && status != http.StatusServiceUnavailable {
			err = fmt.Errorf("answered %d, %s", status, body)
		}
		return firstError(err, standtest.Contains(body, unread))
	})
	w.waitFrozen(t, unread)
	w.Always(t, while, "the preview stays", stays)
	w.GitHub.ClearFaults()
	w.WaitReady(t)
	w.Eventually(t, standtest.Patience, "no error is shown", w.showsNoError)
	w.openLive(t, w.gateway, "main.go")
	if err := stays(t.Context()); err != nil {
		t.Error(err)
	}
}

// GitHub is down when the generator starts again. The generator continues with its saved state. A missing answer is no
// evidence.
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
	w.Eventually(t, standtest.Patience, "the generator reports the unreadable repository", all(w.noted(w.gateway), w.noted(w.shop)))
	w.Always(t, while, "all environments stay", all(untouched, w.answers(before)))
	w.Eventually(t, standtest.Patience, "no error is shown", w.showsNoError)
	w.GitHub.ClearFaults()
	w.waitGone(t, p)
}

// The Git host is down when the generator starts again. The generator continues with its saved state, and reads later
// pushes.
func TestGitDownAtARestartChangesNothing(t *testing.T) {
	w := shared
	w.alone(t)
	p := w.openLive(t, w.gateway, "main.go")
	untouched, before := w.untouched(t, p.application), w.answer(t)
	w.service.Kill()
	w.Git.SetDown(true)
	w.start(t)
	w.WaitReady(t)
	w.Always(t, while, "all environments stay", all(untouched, w.answers(before)))
	w.Git.SetDown(false)
	w.waitRuns(t, p, gatewayImage, p.push())
	w.openLive(t, w.shop, "web/index.html")
}

// GitHub fails in many ways. No failure deletes a preview, and none prevents a later one.
func TestGitHubFailuresChangeNothing(t *testing.T) {
	w := shared
	w.alone(t)
	// Unlabelled pull requests fill the first page, so that the second page can be missing.
	for range 100 {
		w.open(t, w.gateway, githubtest.PullRequest{Author: "another-author"})
	}
	p := w.openLive(t, w.gateway, "main.go") // on the second page
	other := w.openLive(t, w.shop, "web/index.html")
	untouched := w.untouched(t, p.application, other.application)
	for _, failure := range []struct {
		name  string
		fault githubtest.Fault
		quiet bool // the generator can't notice it
	}{
		{"errors", githubtest.Fault{Status: http.StatusBadGateway}, false},
		{"answers that are cut off", githubtest.Fault{Kind: githubtest.CutOff}, false},
		{"the quota used up", githubtest.Fault{Kind: githubtest.RateLimited, RetryAfter: 3 * time.Second}, false},
		{"the secondary rate limit", githubtest.Fault{Kind: githubtest.SecondaryLimit, RetryAfter: 3 * time.Second}, false},
		{"status 404 for everything", githubtest.Fault{Status: http.StatusNotFound}, false},
		{"an unknown token", githubtest.Fault{Status: http.StatusUnauthorized}, false},
		{"a maintenance page", githubtest.Fault{Status: http.StatusOK, Body: "<html>Be right back</html>"}, false},
		{"an empty object", githubtest.Fault{Status: http.StatusOK, Body: "{}"}, false},
		{"a missing page", githubtest.Fault{Match: `^GET /repos/acme/gateway/pulls\?`, Kind: githubtest.NextLinkMissing}, true},
		{"an empty list", githubtest.Fault{Match: `^GET /repos/[^?]*/pulls\?`, Status: http.StatusOK, Body: "[]"}, true},
	} {
		t.Run(failure.name, func(t *testing.T) {
			t.Cleanup(w.GitHub.ClearFaults)
			before := w.answer(t)
			w.GitHub.Inject(failure.fault)
			w.gateway.Touch() // so that GitHub doesn't answer 304 Not Modified
			w.shop.Touch()
			if failure.quiet {
				w.waitPolled(t, w.gateway)
			} else {
				w.Eventually(t, standtest.Patience, "the generator reports the unreadable repository", w.noted(w.gateway))
			}
			w.Always(t, 2*time.Second, "all environments stay", all(untouched, w.answers(before), w.Ready))
			w.GitHub.ClearFaults()
			w.Eventually(t, standtest.Patience, "everything is read again", func(ctx context.Context) error {
				status, err := w.Status(ctx)
				return firstError(err, standtest.Contains(status, "[+] acme/gateway", "[+] acme/shop"))
			})
		})
	}
	w.waitRuns(t, p, gatewayImage, p.push())
	p.close()
	w.waitGone(t, p)
}

// waitPolled waits until the generator has listed a repository's pull requests at least twice.
func (v serviceView) waitPolled(t *testing.T, in repository) {
	t.Helper()
	list := regexp.MustCompile("^/repos/" + in.fullName + "/pulls$")
	asked := func() (n int) {
		for request, times := range v.stand.GitHub.Requests() {
			if list.MatchString(request.Path) {
				n += times
			}
		}
		return n
	}
	v.stand.GitHub.ResetCounts()
	v.stand.Eventually(t, standtest.Patience, "the generator polled", func(context.Context) error {
		if n := asked(); n < 4 { // of which at least two polls began after the call
			return fmt.Errorf("asked %d times", n)
		}
		return nil
	})
}

// GitHub has no pull requests. The answer is an empty list, and no previews exist.
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
	w.deleteState(t)
	w.start(t)
	w.WaitReady(t)
	if err := w.answers(`{"output":{"parameters":[]}}`)(t.Context()); err != nil {
		t.Error(err)
	}
	w.Eventually(t, standtest.Patience, "no error is shown", w.showsNoError)
}
