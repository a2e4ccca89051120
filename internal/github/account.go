package github

import (
	"strings"

	"github.com/previewset/previewset/internal/config"
)

// botSuffix ends the login of an App's account, and of no other: no person's login has brackets.
const botSuffix = "[bot]"

// account is a user or App. A nil account was deleted, or GitHub doesn't know it.
type account struct {
	ID    int64  `json:"id"` // never reused; a login can belong to another account later
	Login string `json:"login"`
	Type  string `json:"type"`
}

// login returns the login; empty for a nil account.
func (a *account) login() string {
	if a == nil {
		return ""
	}
	return config.Shorten(a.Login, maxName)
}

// numericID returns the ID; 0 for a nil account.
func (a *account) numericID() int64 {
	if a == nil {
		return 0
	}
	return a.ID
}

// isBot reports whether an App has the account.
func (a *account) isBot() bool {
	return a != nil && (a.Type == "Bot" || strings.HasSuffix(a.Login, botSuffix))
}

// isHuman reports whether a person has the account. It is false for a nil account.
func (a *account) isHuman() bool { return a != nil && a.Type == "User" && !a.isBot() }

// appSlug returns the slug of the App that has the account; empty for other accounts, whatever their login.
func (a *account) appSlug() string {
	if a == nil || a.Type != "Bot" || !strings.HasSuffix(a.Login, botSuffix) {
		return ""
	}
	return strings.TrimSuffix(a.Login, botSuffix)
}
