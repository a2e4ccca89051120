package signin

import (
	"crypto/hmac"
	"crypto/rand"
	"crypto/sha256"
	"crypto/subtle"
	"encoding/base64"
	"net/http"
)

// FormField is the name of a form's field with the FormToken.
const FormField = "token"

// FormToken returns the value that a form of a person must send back in FormField, so that no other site can send it
// for the person. Each call returns another text, because compressed pages would let an attacker guess a constant one
// (https://breachattack.com).
func (s *SignIn) FormToken(p Person) string {
	secret := s.formSecret(p)
	mask := make([]byte, len(secret))
	_, _ = rand.Read(mask) // never fails
	masked := make([]byte, len(secret))
	subtle.XORBytes(masked, mask, secret)
	return base64.RawURLEncoding.EncodeToString(append(mask, masked...))
}

func (s *SignIn) formSecret(p Person) []byte {
	mac := hmac.New(sha256.New, []byte(s.sealer.key()))
	mac.Write([]byte("form\x00" + p.session + "\x00" + p.Subject))
	return mac.Sum(nil)
}

// CheckForm reports whether a person's own page sent a form: it has the token, and the browser says that it comes from
// the page's own origin.
func (s *SignIn) CheckForm(r *http.Request, p Person) bool {
	if !s.IsOwnForm(r) {
		return false
	}
	token, err := base64.RawURLEncoding.DecodeString(r.PostFormValue(FormField))
	if err != nil || len(token) != 2*sha256.Size {
		return false
	}
	sent := make([]byte, sha256.Size)
	subtle.XORBytes(sent, token[:sha256.Size], token[sha256.Size:])
	return hmac.Equal(sent, s.formSecret(p))
}

// IsOwnForm reports whether the browser says that a form comes from the page's own origin.
func (s *SignIn) IsOwnForm(r *http.Request) bool {
	return r.Header.Get("Origin") == s.URL.Scheme+"://"+s.URL.Host && http.NewCrossOriginProtection().Check(r) == nil
}
