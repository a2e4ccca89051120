package stories

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"net/http"
	"testing"
	"time"

	"github.com/previewset/previewset/e2e/standtest"
)

// With GitHub's webhook, a label creates a preview within seconds, long before the next poll. A closed one is deleted
// as quickly.
func TestWebhookCreatesAndDeletesAtOnce(t *testing.T) {
	w := shared
	w.alone(t)
	w.service.Kill()
	w.start(t, "--poll-interval=1h")
	w.WaitReady(t)
	w.addWebhook(t, w.gateway)

	p := w.open(t, w.gateway, labelled("main.go"))
	begin := time.Now()
	p.label("preview")
	w.Eventually(t, standtest.Patience, "the Application exists", func(ctx context.Context) error {
		_, err := w.Application(ctx, p.application)
		return err
	})
	t.Logf("from the label to the Application: %s", time.Since(begin).Round(10*time.Millisecond))
	w.waitSynced(t, p)
	w.waitRuns(t, p, gatewayImage, p.push())
	begin = time.Now()
	p.close()
	w.waitGone(t, p)
	t.Logf("from closing to gone: %s", time.Since(begin).Round(10*time.Millisecond))
	for _, d := range w.GitHub.Deliveries() {
		if d.Status != http.StatusAccepted {
			t.Errorf("the delivery of %s was answered %d", d.Event, d.Status)
		}
	}
}

// addWebhook adds a webhook to a repository, and removes it after the story.
func (h webhooks) addWebhook(t *testing.T, in repository) {
	t.Helper()
	secret, err := h.stand.WebhookSecret()
	if err != nil {
		t.Fatal(err)
	}
	var hook struct{ ID int64 }
	hooks := h.stand.GitHubURL + "/repos/" + in.fullName + "/hooks"
	h.callGitHub(t, http.MethodPost, hooks, map[string]any{
		"events": []string{"*"},
		"config": map[string]string{"url": h.stand.PublicURL + "/webhooks/github", "content_type": "json", "secret": secret},
	}, &hook)
	t.Cleanup(func() { h.callGitHub(t, http.MethodDelete, fmt.Sprintf("%s/%d", hooks, hook.ID), nil, nil) })
}

func (h webhooks) callGitHub(t *testing.T, method, url string, in, out any) {
	t.Helper()
	body, err := json.Marshal(in)
	if err != nil {
		t.Fatal(err)
	}
	request, err := http.NewRequestWithContext(context.WithoutCancel(t.Context()), method, url, bytes.NewReader(body))
	if err != nil {
		t.Fatal(err)
	}
	h.stand.GitHub.AllowToken("administrator")
	request.Header.Set("Authorization", "Bearer administrator")
	response, err := http.DefaultClient.Do(request)
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = response.Body.Close() }()
	if response.StatusCode >= http.StatusMultipleChoices {
		t.Fatalf("%s %s: %s", method, url, response.Status)
	}
	if out != nil {
		if err := json.NewDecoder(response.Body).Decode(out); err != nil {
			t.Fatal(err)
		}
	}
}
