package github

import "strings"

// account is a user or App. A nil account was deleted, or GitHub doesn't know it.
type account struct {
	Login string `json:"login"`
	Type  string `json:"type"`
}

// login returns the login; empty for a nil account.
func (a *account) login() string {
	if a == nil {
		return ""
	}
	return a.Login
}

// isBot reports whether an App has the account.
func (a *account) isBot() bool {
	return a != nil && (a.Type == "Bot" || strings.HasSuffix(a.Login, "[bot]"))
}

// isHuman reports whether a person has the account. It is false for a nil account.
func (a *account) isHuman() bool { return a != nil && a.Type == "User" && !a.isBot() }
