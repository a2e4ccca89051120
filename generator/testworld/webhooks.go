package testworld

import (
	"crypto/hmac"
	"crypto/sha256"
	"encoding/hex"
	"net/http"
	"testing"
	"time"

	"github.com/previewset/previewset/generator"
)

// WebhookSecret signs webhooks.
const WebhookSecret = "hush"

// Labelled is the body of a webhook about a label on a pull request of acme/shop.
const Labelled = `{"action":"labeled","repository":{"full_name":"Acme/Shop"}}`

// Sign returns the X-Hub-Signature-256 of a body.
func Sign(secret, body string) string {
	mac := hmac.New(sha256.New, []byte(secret))
	mac.Write([]byte(body))
	return "sha256=" + hex.EncodeToString(mac.Sum(nil))
}

// WithWebhooks turns on webhooks, and polls only once per hour.
func WithWebhooks(t testing.TB) func(*generator.Options) {
	t.Helper()
	key := NewSecret(t, WebhookSecret)
	return func(o *generator.Options) {
		o.WebhookSecret, o.ConfigRepository, o.Interval = key, "acme/previews", time.Hour
		o.StatusContext = "previewset"
	}
}

// Deliver sends a webhook with a valid signature.
func (s *Service) Deliver(t testing.TB, event, id, body string) Response {
	t.Helper()
	return s.DeliverSigned(t, WebhookSecret, event, id, body)
}

// DeliverSigned sends a webhook that is signed with a secret.
func (s *Service) DeliverSigned(t testing.TB, secret, event, id, body string) Response {
	t.Helper()
	return Do(t, s.PublicHandler(), http.MethodPost, "/webhooks/github", body, map[string]string{
		"X-GitHub-Event": event, "X-GitHub-Delivery": id, "X-Hub-Signature-256": Sign(secret, body), "Authorization": "",
	})
}
