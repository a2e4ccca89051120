package githubtest

import (
	"crypto"
	"crypto/rsa"
	"crypto/sha256"
	"encoding/base64"
	"encoding/json"
	"errors"
	"fmt"
	"strconv"
	"strings"
	"time"
)

// GitHub's messages for JSON web tokens that it refuses.
var (
	errJWT        = errors.New("A JSON web token could not be decoded") //nolint:staticcheck // GitHub's words
	errJWTIssuer  = errors.New("'Issuer' claim ('iss') must be an Integer")
	errJWTExpires = errors.New(
		"'Expiration time' claim ('exp') must be a numeric value representing the future time at which the assertion expires")
)

// checkJWT checks a JSON web token with which a GitHub App asks for a token of its installation. The issuer is the
// App's ID; an empty one accepts every App. A nil key accepts every signature.
func checkJWT(text, issuer string, key *rsa.PublicKey, now time.Time) error {
	parts := strings.Split(text, ".")
	if len(parts) != 3 {
		return errJWT
	}
	var header struct{ Alg string }
	var claims struct {
		Iss any
		Exp int64
	}
	if decodeJWTPart(parts[0], &header) != nil || decodeJWTPart(parts[1], &claims) != nil || header.Alg != "RS256" {
		return errJWT
	}
	found := fmt.Sprint(claims.Iss)
	if f, ok := claims.Iss.(float64); ok {
		found = strconv.FormatInt(int64(f), 10)
	}
	if claims.Iss == nil || (issuer != "" && found != issuer) {
		return errJWTIssuer
	}
	if t := now.Unix(); claims.Exp <= t || claims.Exp > t+600 { // GitHub allows 10 minutes
		return errJWTExpires
	}
	return verifyJWT(key, parts)
}

func decodeJWTPart(part string, v any) error {
	b, err := base64.RawURLEncoding.DecodeString(part)
	if err != nil {
		return err
	}
	return json.Unmarshal(b, v)
}

func verifyJWT(key *rsa.PublicKey, parts []string) error {
	if key == nil {
		return nil
	}
	signature, err := base64.RawURLEncoding.DecodeString(parts[2])
	sum := sha256.Sum256([]byte(parts[0] + "." + parts[1]))
	if err != nil || rsa.VerifyPKCS1v15(key, crypto.SHA256, sum[:], signature) != nil {
		return errJWT
	}
	return nil
}
