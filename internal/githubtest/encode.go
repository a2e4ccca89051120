package githubtest

import (
	"crypto/hmac"
	"crypto/sha1"
	"crypto/sha256"
	"encoding/base64"
	"encoding/hex"
	"encoding/json"
	"fmt"
	"hash/crc32"
	"strconv"
	"time"
)

const (
	apiRoot  = "https://api.github.com"
	htmlRoot = "https://github.com"
)

// object is a JSON object.
type object = map[string]any

func encode(v any) []byte {
	b, err := json.Marshal(v)
	if err != nil {
		panic("githubtest: encode an answer: " + err.Error()) // a value of this package can always be encoded
	}
	return b
}

// encoded marks JSON that exists already.
func encoded(b []byte) json.RawMessage { return b }

// stamp returns a time as GitHub writes it; a zero time is null.
func stamp(t time.Time) any {
	if t.IsZero() {
		return nil
	}
	return t.UTC().Format(time.RFC3339)
}

func nodeID(kind, text string) string {
	return kind + "_" + base64.RawURLEncoding.EncodeToString([]byte(text))
}

func numericNodeID(kind string, id int64) string { return nodeID(kind, strconv.FormatInt(id, 10)) }

// idFromName returns a numeric ID for an object without an ID of its own.
func idFromName(name string) int64 { return int64(crc32.ChecksumIEEE([]byte(name))) }

func digest(parts ...string) string {
	h := sha256.New()
	for _, p := range parts {
		_, _ = fmt.Fprintf(h, "%d:%s", len(p), p)
	}
	return hex.EncodeToString(h.Sum(nil))
}

// SHA returns a commit SHA that depends on the text only. Tests use it to name commits.
func SHA(text string) string {
	sum := sha1.Sum([]byte(text))
	return hex.EncodeToString(sum[:])
}

// hookSignature returns the header X-Hub-Signature-256 for a webhook's body.
func hookSignature(secret string, body []byte) string {
	mac := hmac.New(sha256.New, []byte(secret))
	mac.Write(body)
	return "sha256=" + hex.EncodeToString(mac.Sum(nil))
}

// noCommit is the SHA that webhooks show if a ref is created or deleted.
const noCommit = "0000000000000000000000000000000000000000"
