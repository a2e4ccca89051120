package api_test

import (
	"net/http"
	"strings"
	"testing"
	"testing/synctest"

	"github.com/previewset/previewset/generator/testworld"
)

func TestInvalidWebhooksAreRefused(t *testing.T) {
	t.Parallel()
	s := testworld.Ready(t, testworld.New(), testworld.WithWebhooks(t))
	for name, c := range map[string]struct {
		secret, body string
		code         int
	}{
		"with a wrong secret":         {"shout", testworld.Labelled, http.StatusUnauthorized},
		"with a body that isn't JSON": {testworld.WebhookSecret, "payload=%7B%7D", http.StatusBadRequest},
		"with too large a body":       {testworld.WebhookSecret, strings.Repeat(" ", 26<<20), http.StatusRequestEntityTooLarge},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			got := s.DeliverSigned(t, c.secret, "pull_request", "1", c.body)
			if got.Code != c.code {
				t.Errorf("answered %d, want %d", got.Code, c.code)
			}
			got.Message(t)
		})
	}
	t.Run("without a signature", func(t *testing.T) {
		t.Parallel()
		got := testworld.Do(t, s.PublicHandler(), http.MethodPost, "/webhooks/github", testworld.Labelled, map[string]string{"Authorization": ""})
		if got.Code != http.StatusUnauthorized {
			t.Errorf("answered %d", got.Code)
		}
	})
	t.Run("without a secret", func(t *testing.T) {
		t.Parallel()
		if got := testworld.Ready(t, testworld.New()).DeliverSigned(t, "", "pull_request", "1",
			testworld.Labelled); got.Code != http.StatusForbidden {
			t.Errorf("answered %d", got.Code)
		}
	})
	t.Run("on the private listener", func(t *testing.T) {
		t.Parallel()
		got := testworld.Do(
			t, s.Handler(), http.MethodPost, "/webhooks/github", testworld.Labelled,
			map[string]string{"X-Hub-Signature-256": testworld.Sign(testworld.WebhookSecret, testworld.Labelled)},
		)
		if got.Code != http.StatusNotFound {
			t.Errorf("answered %d", got.Code)
		}
	})
}

func TestWebhooksCauseReadsOfTheirRepository(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct {
		event, body              string
		times                    int
		branches, shop, gateways int // additional reads
	}{
		"a label":                           {"pull_request", testworld.Labelled, 1, 0, 1, 0},
		"the same delivery three times":     {"pull_request", testworld.Labelled, 3, 0, 1, 0},
		"an event of an unknown repository": {"push", `{"repository":{"full_name":"acme/other"}}`, 1, 0, 0, 0},
		"an event that changes nothing":     {"star", testworld.Labelled, 1, 0, 0, 0},
		"a check's result":                  {"status", `{"context":"ci","repository":{"full_name":"acme/shop"}}`, 1, 0, 1, 0},
		"our own status":                    {"status", `{"context":"previewset","repository":{"full_name":"acme/shop"}}`, 1, 0, 0, 0},
		"an event without a repository":     {"ping", `{"zen":"Keep it logically awesome."}`, 1, 0, 0, 0},
		"a push to the config branch":       {"push", `{"repository":{"full_name":"acme/previews"}}`, 1, 1, 0, 0},
		"a rename before the next poll": {
			"repository", `{"action":"renamed","repository":{"id":70,"full_name":"acme/store"}}`, 1, 0, 1, 0,
		},
		"another repository with the same name": {"push", `{"repository":{"id":71,"full_name":"acme/shop"}}`, 1, 0, 1, 0},
		"a push to another repository":          {"push", `{"repository":{"full_name":"acme/gateway"}}`, 1, 0, 0, 1},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			o := testworld.WithWebhooks(t)
			synctest.Test(t, func(t *testing.T) {
				w := testworld.New()
				shop := w.Repositories["acme/shop"]
				shop.ID = 70
				w.Repositories["acme/shop"] = shop
				s := testworld.NewService(t, w, o)
				s.Start(t)
				for range c.times {
					if got := s.Deliver(t, c.event, "d1", c.body); got.Code != http.StatusAccepted {
						t.Errorf("answered %d %s", got.Code, got.Body)
					}
				}
				synctest.Wait()
				branches, shops := s.Reads()
				if gateways := s.RepositoryReads["acme/gateway"]; branches != 1+c.branches || shops != 1+c.shop || gateways != 1+c.gateways {
					t.Errorf("%d more reads of the config branch, %d of acme/shop, %d of acme/gateway", branches-1, shops-1, gateways-1)
				}
			})
		})
	}
}

func TestWebhooksAreNoFacts(t *testing.T) {
	t.Parallel()
	o := testworld.WithWebhooks(t)
	synctest.Test(t, func(t *testing.T) {
		s := testworld.NewService(t, testworld.New(), o)
		s.Start(t)
		before := s.GetParams(t, testworld.ParamsBody).Body
		s.Deliver(
			t, "pull_request", "1",
			`{"action":"closed","number":7,"pull_request":{"state":"closed"},"repository":{"full_name":"acme/shop"}}`,
		)
		synctest.Wait()
		if after := s.GetParams(t, testworld.ParamsBody).Body; after != before {
			t.Errorf("the answer changed: %s", after)
		}
	})
}

func TestWebhooksAreCounted(t *testing.T) {
	t.Parallel()
	s := testworld.Ready(t, testworld.New(), testworld.WithWebhooks(t))
	for _, c := range []struct{ secret, event, id, body string }{
		{testworld.WebhookSecret, "pull_request", "1", testworld.Labelled},
		{testworld.WebhookSecret, "pull_request", "1", testworld.Labelled},
		{testworld.WebhookSecret, "star", "2", testworld.Labelled},
		{testworld.WebhookSecret, "push", "3", `{"repository":{"full_name":"acme/other"}}`},
		{"wrong", "made\nup", "4", testworld.Labelled},
	} {
		s.DeliverSigned(t, c.secret, c.event, c.id, c.body)
	}
	got := map[string]float64{}
	for name, v := range s.Metrics(t) {
		if strings.HasPrefix(name, "previewset_webhooks_total") {
			got[name] = v
		}
	}
	testworld.Compare(t, "webhooks", map[string]float64{
		"previewset_webhooks_total{event=pull_request,outcome=accepted}": 1,
		"previewset_webhooks_total{event=pull_request,outcome=repeated}": 1,
		"previewset_webhooks_total{event=other,outcome=ignored}":         1,
		"previewset_webhooks_total{event=push,outcome=ignored}":          1,
		"previewset_webhooks_total{event=other,outcome=refused}":         1,
	}, got)
}
