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

// sign is what GitHub sends as X-Hub-Signature-256.
func Sign(secret, body string) string {
	mac := hmac.New(sha256.New, []byte(secret))
	mac.Write([]byte(body))
	return "sha256=" + hex.EncodeToString(mac.Sum(nil))
}

func WithWebhooks(t testing.TB) func(*generator.Options) {
	t.Helper()
	hush := NewSecret(t, WebhookSecret)
	return func(o *generator.Options) {
		o.WebhookSecret, o.ConfigRepository, o.Interval = hush, "acme/previews", time.Hour
		o.StatusContext = "previewset"
	}
}

// deliver sends a webhook that is signed with the secret.
func (s *Service) Deliver(t testing.TB, secret, event, id, body string) Response {
	t.Helper()
	return Do(t, s.PublicHandler(), http.MethodPost, "/webhooks/github", body, map[string]string{
		"X-GitHub-Event": event, "X-GitHub-Delivery": id, "X-Hub-Signature-256": Sign(secret, body), "Authorization": "",
	})
}
