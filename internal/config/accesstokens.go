package config

import (
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"maps"
	"regexp"
	"slices"
)

// Token is a token of the API for a script or a program. The file has only its hash.
type Token struct {
	// Role is the role of everybody who has the token: viewer, developer or admin.
	Role Role `yaml:"role" enum:"viewer,developer,admin"`
	// SHA256 is the SHA-256 hash of the token, 64 characters 0-9 and a-f.
	SHA256 string `yaml:"sha256"`
}

var (
	sha256Pattern    = regexp.MustCompile(`^[0-9a-f]{64}$`)
	tokenNamePattern = regexp.MustCompile(`^[a-z0-9]([a-z0-9-]{0,38}[a-z0-9])?$`)
)

// HasTokens reports whether the file has tokens of the API.
func (a *Access) HasTokens() bool { return a != nil && len(a.Tokens) > 0 }

// TokenOf returns the name and the role of a token; both are "" for an unknown token.
func (a *Access) TokenOf(token string) (name string, role Role) {
	if a == nil || token == "" {
		return "", ""
	}
	sum := sha256.Sum256([]byte(token))
	hash := hex.EncodeToString(sum[:])
	for _, name := range slices.Sorted(maps.Keys(a.Tokens)) {
		if a.Tokens[name].SHA256 == hash {
			return name, a.Tokens[name].Role
		}
	}
	return "", ""
}

// validateTokens checks names, roles and hashes. Two names with one hash would make the log wrong.
func validateTokens(d *decoder, tokens map[string]Token) {
	if !fewEnough(d, "tokens", len(tokens)) {
		return
	}
	names := map[string]string{} // by hash
	for _, name := range slices.Sorted(maps.Keys(tokens)) {
		at, token := join("tokens", name), tokens[name]
		if !tokenNamePattern.MatchString(name) {
			d.mistake(at, fmt.Sprintf("%q is not a name for a token", Printable(name)),
				"use at most 40 characters a to z, 0 to 9 and -")
		}
		if token.Role == "" {
			d.mistake(at, "has no role", "add role: viewer, developer or admin")
		}
		if !sha256Pattern.MatchString(token.SHA256) {
			d.mistake(join(at, "sha256"), "is not a SHA-256 hash",
				"write the 64 characters that printf %s \"$TOKEN\" | sha256sum prints")
			continue
		}
		if other, isTwice := names[token.SHA256]; isTwice {
			d.mistake(join(at, "sha256"), "is the hash of token "+other+" too", "make a token for each name")
		}
		names[token.SHA256] = name
	}
}
