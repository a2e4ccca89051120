package config_test

import (
	"fmt"
	"strings"
	"testing"

	"github.com/previewset/previewset/internal/config"
	"github.com/previewset/previewset/internal/testfixture"
)

// The SHA-256 hashes of "secret" and of "other".
const (
	hashOfSecret = "2bb80d537b1da3e38bd30361aa855686bde0eacd7162fef6a25fe97bf527a25b"
	hashOfOther  = "d9298a10d1b0735837dc4bd85dac641b0f3cef27a47e5d53a54f2f3f5b2fcffa"
)

func TestTokens(t *testing.T) {
	t.Parallel()
	a := &config.Access{Tokens: map[string]config.Token{
		"ci": {Role: config.RoleDeveloper, SHA256: hashOfSecret}, "bot": {Role: config.RoleViewer, SHA256: hashOfOther},
	}}
	for token, want := range map[string]string{
		"secret": "ci developer", "other": "bot viewer", "": " ", "Secret": " ", hashOfSecret: " ",
	} {
		if name, entry := a.TokenOf(token); fmt.Sprint(name, " ", entry.Role) != want {
			t.Errorf("%q is %q %q, want %q", token, name, entry.Role, want)
		}
	}
	if name, entry := (*config.Access)(nil).TokenOf("secret"); name != "" || entry.Role != "" || (*config.Access)(nil).HasTokens() {
		t.Error("a missing file has tokens")
	}
}

func TestWrongTokensAreProblems(t *testing.T) {
	t.Parallel()
	for tokens, path := range map[string]string{
		"{Ci: {role: viewer, sha256: " + hashOfSecret + "}}":                                                "tokens.Ci",
		"{ci: {sha256: " + hashOfSecret + "}}":                                                              "tokens.ci",
		"{ci: {actsFor: Argo CD, sha256: " + hashOfSecret + "}}":                                            "tokens.ci.actsFor",
		"{ci: {actsFor: '', sha256: " + hashOfSecret + "}}":                                                 "tokens.ci.actsFor",
		"{ci: {role: owner, sha256: " + hashOfSecret + "}}":                                                 "tokens.ci.role",
		"{ci: {role: viewer}}":                                                                              "tokens.ci.sha256",
		"{ci: {role: viewer, sha256: secret}}":                                                              "tokens.ci.sha256",
		"{ci: {role: viewer, sha256: " + strings.ToUpper(hashOfSecret) + "}}":                               "tokens.ci.sha256",
		"{ci: {role: viewer, token: secret, sha256: " + hashOfSecret + "}}":                                 "tokens.ci.token",
		"{a: {role: viewer, sha256: " + hashOfSecret + "}, b: {role: admin, sha256: " + hashOfSecret + "}}": "tokens.b.sha256",
	} {
		problems := loadAccess(t, testfixture.AccessYAML("tokens: "+tokens+"\n")).Problems
		if len(problems) != 1 || problems[0].Path != path || problems[0].Remedy == "" {
			t.Errorf("%s: %+v", tokens, problems)
		}
	}
}

// The role of a token that acts for people may be missing: each person then has only a role of their own.
func TestTokenThatActsForPeople(t *testing.T) {
	t.Parallel()
	got := loadAccess(t, testfixture.AccessYAML(
		"tokens: {ui: {actsFor: argocd, sha256: "+hashOfSecret+"}, dev: {actsFor: argocd, role: developer, sha256: "+hashOfOther+"}}\n",
	))
	if len(got.Problems) > 0 || got.Access == nil {
		t.Fatal(got.Problems)
	}
	for token, want := range map[string]config.Token{
		"secret": {SHA256: hashOfSecret, ActsFor: config.ActsForArgoCD},
		"other":  {Role: config.RoleDeveloper, SHA256: hashOfOther, ActsFor: config.ActsForArgoCD},
	} {
		if _, entry := got.Access.TokenOf(token); entry != want {
			t.Errorf("%s is %+v", token, entry)
		}
	}
}
