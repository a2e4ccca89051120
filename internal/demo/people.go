package main

import (
	"strings"

	"github.com/previewset/previewset/internal/config"
	"github.com/previewset/previewset/internal/githubtest"
	"github.com/previewset/previewset/internal/oidctest"
)

// access gives roles to the groups of the people below.
const access = "apiVersion: " + config.APIVersion + `
kind: Access
viewer: {groups: [company]}
developer: {groups: [developers]}
admin: {groups: [platform]}
`

// people may sign in on the previews page.
var people = []oidctest.Person{
	person("Alice, admin", "alice", "company", "developers", "platform"),
	person("Bob, developer: owner of a sleeping preview and of an environment made by hand", "bob", "company", "developers"),
	person("Carol, developer: her preview fails", "carol", "company", "developers"),
	person("Erin, developer: one of her previews waits in a queue", "erin", "company", "developers"),
	person("Frank, developer: holder of a slot", "frank", "company", "developers"),
	person("Dave, team lead: may see everything", "dave", "company"),
	person("Tina, tester without a GitHub account", "", "company"),
}

// person has a GitHub login, or none if it is empty. The text begins with the name, and a comma follows.
func person(text, login string, groups ...string) oidctest.Person {
	name, _, _ := strings.Cut(text, ",")
	claims := map[string]any{"sub": name, "name": name, "groups": groups, "email_verified": true}
	if login != "" {
		claims["login"] = login
	} else {
		claims["email"] = "tina@example.dev"
	}
	return oidctest.Person{Text: text, Claims: claims}
}

// failing is the environment with a container that crashes, and sleeping the one that the demo puts to sleep.
const (
	failing  = "shop-pr-3"
	sleeping = "shop-pr-1"
)

// slots are the slots of the demo. Frank holds one, and carol gets it next.
func slots(until string) string {
	return "apiVersion: " + config.APIVersion + `
kind: SlotPool
slots:
  red: {holders: [frank], purpose: The launch, until: ` + until + `}
queue:
- {holders: [carol], purpose: Load test}
`
}

// newGitHub returns the simulated GitHub with more pull requests than limits.perOwner of the demo allows one person.
func newGitHub() *githubtest.Server {
	s := githubtest.Acme()
	shop := s.Repository("acme/shop")
	for _, pr := range []struct{ title, author, branch string }{
		{"Gift cards", "erin", "gifts"},
		{"Wish list", "erin", "wishes"},
		{"Ratings", "erin", "ratings"},
		{"Faster search", "frank", "search"},
	} {
		shop.Open(githubtest.PullRequest{
			Title: pr.title, Author: pr.author, HeadRef: pr.branch, Labels: []string{"preview"},
			Files: []githubtest.File{{Name: "products/" + pr.branch + ".go"}},
		})
	}
	return s
}
