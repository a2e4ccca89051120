package generator_test

import (
	"context"
	"crypto/hmac"
	"crypto/sha256"
	"encoding/hex"
	"net/http"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/previewset/previewset/generator"
)

const labelled = `{"action":"labeled","repository":{"full_name":"Acme/Shop"}}`

// sign is what GitHub sends as X-Hub-Signature-256.
func sign(secret, body string) string {
	mac := hmac.New(sha256.New, []byte(secret))
	mac.Write([]byte(body))
	return "sha256=" + hex.EncodeToString(mac.Sum(nil))
}

func withWebhooks(t testing.TB) func(*generator.Options) {
	t.Helper()
	hush := newSecret(t, "hush")
	return func(o *generator.Options) {
		o.WebhookSecret, o.ConfigRepository, o.Interval = hush, "acme/previews", time.Hour
		o.StatusContext = "previewset"
	}
}

// deliver sends a webhook that is signed with the secret.
func (s *service) deliver(t testing.TB, secret, event, id, body string) answer {
	t.Helper()
	return do(t, s.PublicHandler(), http.MethodPost, "/webhooks/github", body, map[string]string{
		"X-GitHub-Event": event, "X-GitHub-Delivery": id, "X-Hub-Signature-256": sign(secret, body), "Authorization": "",
	})
}

func TestWebhooksAreRefused(t *testing.T) {
	t.Parallel()
	s := ready(t, newWorld(), withWebhooks(t))
	for name, c := range map[string]struct {
		secret, body string
		code         int
	}{
		"with a wrong secret":     {"shout", labelled, http.StatusUnauthorized},
		"with a body not of JSON": {"hush", "payload=%7B%7D", http.StatusBadRequest},
		"with too large a body":   {"hush", strings.Repeat(" ", 26<<20), http.StatusRequestEntityTooLarge},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			got := s.deliver(t, c.secret, "pull_request", "1", c.body)
			if got.code != c.code {
				t.Errorf("answered %d, want %d", got.code, c.code)
			}
			got.message(t)
		})
	}
	t.Run("without a signature", func(t *testing.T) {
		t.Parallel()
		got := do(t, s.PublicHandler(), http.MethodPost, "/webhooks/github", labelled, map[string]string{"Authorization": ""})
		if got.code != http.StatusUnauthorized {
			t.Errorf("answered %d", got.code)
		}
	})
	t.Run("where the service has no secret", func(t *testing.T) {
		t.Parallel()
		if got := ready(t, newWorld()).deliver(t, "", "pull_request", "1", labelled); got.code != http.StatusForbidden {
			t.Errorf("answered %d", got.code)
		}
	})
	t.Run("on the listener for Argo CD", func(t *testing.T) {
		t.Parallel()
		got := do(t, s.Handler(), http.MethodPost, "/webhooks/github", labelled, map[string]string{"X-Hub-Signature-256": sign("hush", labelled)})
		if got.code != http.StatusNotFound {
			t.Errorf("answered %d", got.code)
		}
	})
}

func TestWebhooksMakeExactlyTheirRepositoryBeReadAgain(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct {
		event, body              string
		times                    int
		branches, shop, gateways int // reads more
	}{
		"a label":                             {"pull_request", labelled, 1, 0, 1, 0},
		"the same delivery three times":       {"pull_request", labelled, 3, 0, 1, 0},
		"an event of an unknown repository":   {"push", `{"repository":{"full_name":"acme/other"}}`, 1, 0, 0, 0},
		"an event that changes nothing":       {"star", labelled, 1, 0, 0, 0},
		"a check's result":                    {"status", `{"context":"ci","repository":{"full_name":"acme/shop"}}`, 1, 0, 1, 0},
		"the status that we set":              {"status", `{"context":"previewset","repository":{"full_name":"acme/shop"}}`, 1, 0, 0, 0},
		"an event without a repository":       {"ping", `{"zen":"Keep it logically awesome."}`, 1, 0, 0, 0},
		"a push to the config branch":         {"push", `{"repository":{"full_name":"acme/previews"}}`, 1, 1, 0, 0},
		"a rename that no poll has found yet": {"repository", `{"action":"renamed","repository":{"id":70,"full_name":"acme/store"}}`, 1, 0, 1, 0},
		"an event of another with its name":   {"push", `{"repository":{"id":71,"full_name":"acme/shop"}}`, 1, 0, 1, 0},
		"a push to the other one's namespace": {"push", `{"repository":{"full_name":"acme/gateway"}}`, 1, 0, 0, 1},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			o := withWebhooks(t)
			synctest.Test(t, func(t *testing.T) {
				w := newWorld()
				shop := w.repos["acme/shop"]
				shop.ID = 70
				w.repos["acme/shop"] = shop
				s := newService(t, w, o)
				ctx, cancel := context.WithCancel(t.Context())
				done := make(chan error, 1)
				go func() { done <- s.Run(ctx) }()
				synctest.Wait()
				for range c.times {
					if got := s.deliver(t, "hush", c.event, "d1", c.body); got.code != http.StatusAccepted {
						t.Errorf("answered %d %s", got.code, got.body)
					}
				}
				synctest.Wait()
				branches, shops := s.reads()
				if gateways := s.read["acme/gateway"]; branches != 1+c.branches || shops != 1+c.shop || gateways != 1+c.gateways {
					t.Errorf("after the first read, the branch was read %d times more, acme/shop %d, acme/gateway %d", branches-1, shops-1, gateways-1)
				}
				cancel()
				<-done
			})
		})
	}
}

func TestAnEventIsNeverAFact(t *testing.T) {
	t.Parallel()
	o := withWebhooks(t)
	synctest.Test(t, func(t *testing.T) {
		s := newService(t, newWorld(), o)
		ctx, cancel := context.WithCancel(t.Context())
		done := make(chan error, 1)
		go func() { done <- s.Run(ctx) }()
		synctest.Wait()
		before := s.ask(t, ordinary).body
		s.deliver(t, "hush", "pull_request", "1", `{"action":"closed","number":7,"pull_request":{"state":"closed"},"repository":{"full_name":"acme/shop"}}`)
		synctest.Wait()
		if after := s.ask(t, ordinary).body; after != before {
			t.Errorf("the answer became %s", after)
		}
		cancel()
		<-done
	})
}
