package config

import (
	"cmp"
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"maps"
	"regexp"
	"slices"
	"strings"
	"unicode"
	"unicode/utf8"
)

// AccessFile says who may do what on the previews page.
const AccessFile = "access.yaml"

// Bounds of access.yaml: entries of a list, and characters of an entry.
const (
	maxAccessEntries = 1000
	maxAccessEntry   = 200
)

// Role says what a person may do.
type Role string

// The roles. Each one includes the roles before it.
const (
	RoleViewer    Role = "viewer"    // sees previews
	RoleDeveloper Role = "developer" // also wakes, puts to sleep, extends and shares previews of their own
	RoleAdmin     Role = "admin"     // may do everything, also confirm
)

// rankedRoles are the roles, the lowest one first.
func rankedRoles() []Role { return []Role{RoleViewer, RoleDeveloper, RoleAdmin} }

// Includes reports whether a person with the role may do everything that the other role allows. The empty role
// includes no role, and no role includes it.
func (r Role) Includes(other Role) bool {
	least := slices.Index(rankedRoles(), other)
	return least >= 0 && slices.Index(rankedRoles(), r) >= least
}

// Access is the content of access.yaml: the roles of people on the previews page. Without the file, no person has a
// role.
type Access struct {
	// APIVersion is the version of the format.
	APIVersion string `yaml:"apiVersion"`
	// Kind is the kind of the file.
	Kind string `yaml:"kind"`
	// Everyone is the role of every signed-in person: viewer, developer or admin. Default: none.
	Everyone Role `yaml:"everyone" enum:"viewer,developer,admin"`
	// Viewer are the people who see all previews.
	Viewer Grant `yaml:"viewer"`
	// Developer are the people who also wake, put to sleep and extend previews of their own.
	Developer Grant `yaml:"developer"`
	// Admin are the people who may do everything, with all previews, and confirm removals.
	Admin Grant `yaml:"admin"`
	// People are GitHub logins by verified e-mail address, at most 1,000. They are for identity providers that don't know
	// logins.
	People map[string]string `yaml:"people"`
	// Tokens are tokens of the API for scripts and programs, by name, at most 1,000.
	Tokens map[string]Token `yaml:"tokens"`
	// Kubernetes are names of people in the cluster, for kubectl. Without it, previews give them no access.
	Kubernetes KubernetesNames `yaml:"kubernetes"`
}

// KubernetesNames are names of people as the cluster's authentication gives them, often with a prefix such as oidc:.
type KubernetesNames struct {
	// Groups are the groups that see the objects and the logs of all previews, but no Secrets. At most 1,000.
	Groups []string `yaml:"groups" jsonschema:"maxItems=1000,uniqueItems=true,example=oidc:engineering"`
	// Users are user names by GitHub login, at most 1,000. A preview's owner and a slot's holders may also change
	// workloads, forward ports and run commands there.
	Users map[string]string `yaml:"users"`
}

// KubernetesUsers returns the user names of people by their GitHub logins, sorted. Logins compare in any case.
func (a *Access) KubernetesUsers(logins []string) []string {
	if a == nil {
		return nil
	}
	var names []string
	for login, name := range a.Kubernetes.Users {
		if slices.ContainsFunc(logins, func(l string) bool { return foldASCII(l) == foldASCII(login) }) {
			names = append(names, name)
		}
	}
	slices.Sort(names)
	return slices.Compact(names)
}

// validateKubernetes checks the names in the cluster. Kubernetes' own names would give access to everyone or to itself.
func validateKubernetes(d *decoder, names KubernetesNames) {
	validateEntries(d, "kubernetes.groups", names.Groups, oneKubernetesName)
	if !fewEnough(d, "kubernetes.users", len(names.Users)) {
		return
	}
	seen := map[string]bool{}
	for _, login := range slices.Sorted(maps.Keys(names.Users)) {
		at := join("kubernetes.users", login)
		if seen[foldASCII(login)] {
			d.mistake(at, "duplicate key; upper and lower case don't differ", "keep one of them")
		}
		seen[foldASCII(login)] = true
		validateEntry(d, at, login, oneLogin)
		validateEntry(d, at, names.Users[login], oneKubernetesName)
	}
}

// Grant names people: by a group, a login or an e-mail address. Each list has at most 1,000 entries of at most 200
// characters.
type Grant struct {
	// Groups are groups as the identity provider names them. Upper and lower case differ.
	Groups []string `yaml:"groups" jsonschema:"maxItems=1000,uniqueItems=true,example=platform"`
	// Logins are GitHub logins, in any case.
	Logins []string `yaml:"logins" jsonschema:"maxItems=1000,uniqueItems=true,example=alice"`
	// Emails are verified e-mail addresses, in any case.
	Emails []string `yaml:"emails" jsonschema:"maxItems=1000,uniqueItems=true,example=alice@example.com"`
}

// Person is a signed-in person, as the identity provider names them.
type Person struct {
	Email  string // only if it is verified
	Login  string // GitHub login; only if the provider vouches for it
	Groups []string
}

// LoginOf returns the GitHub login of a person: the provider's, else the one of People for the e-mail address, else "".
func (a *Access) LoginOf(p Person) string {
	if a == nil || p.Login != "" || p.Email == "" {
		return p.Login
	}
	email := foldASCII(p.Email)
	for _, address := range slices.Sorted(maps.Keys(a.People)) {
		if foldASCII(address) == email {
			return a.People[address]
		}
	}
	return ""
}

// RoleOf returns the highest role of a signed-in person, "" without a role. Logins and e-mail addresses compare in any
// case, groups exactly.
func (a *Access) RoleOf(p Person) Role {
	if a == nil {
		return ""
	}
	groups := map[string]bool{}
	for _, group := range p.Groups {
		groups[group] = true
	}
	login, email := foldASCII(a.LoginOf(p)), foldASCII(p.Email)
	for _, role := range slices.Backward(rankedRoles()) {
		if a.Everyone == role || a.grant(role).names(groups, login, email) {
			return role
		}
	}
	return ""
}

// KnowsGroup reports whether a role is granted to the group.
func (a *Access) KnowsGroup(group string) bool {
	return a != nil && slices.ContainsFunc(rankedRoles(), func(role Role) bool {
		return slices.Contains(a.grant(role).Groups, group)
	})
}

func (a *Access) grant(role Role) Grant {
	switch role {
	case RoleViewer:
		return a.Viewer
	case RoleDeveloper:
		return a.Developer
	case RoleAdmin:
		return a.Admin
	}
	return Grant{}
}

// names reports whether the grant names one of the groups, the login or the e-mail address. The latter two are folded,
// and "" if they are unknown.
func (g Grant) names(groups map[string]bool, login, email string) bool {
	is := func(folded string) func(string) bool {
		return func(entry string) bool { return folded != "" && foldASCII(entry) == folded }
	}
	return slices.ContainsFunc(g.Groups, func(group string) bool { return groups[group] }) ||
		slices.ContainsFunc(g.Logins, is(login)) || slices.ContainsFunc(g.Emails, is(email))
}

// foldASCII makes A to Z lower case. It leaves all other characters: unicode.ToLower would make a k of the Kelvin sign,
// so two different addresses would be equal.
func foldASCII(s string) string {
	return strings.Map(func(r rune) rune {
		if 'A' <= r && r <= 'Z' {
			return r + 'a' - 'A'
		}
		return r
	}, s)
}

// decodeAccess decodes access.yaml. It returns nil and the problems if the file is invalid.
func decodeAccess(f File) (*Access, Problems) {
	a := &Access{}
	d := decodeFile(AccessFile, f, a)
	if len(d.problems) == 0 {
		d.header(a.APIVersion, a.Kind, "Access")
		for _, role := range rankedRoles() {
			grant := a.grant(role)
			validateEntries(d, string(role)+".groups", grant.Groups, anyGroup)
			validateEntries(d, string(role)+".logins", grant.Logins, oneLogin)
			validateEntries(d, string(role)+".emails", grant.Emails, oneEmail)
		}
		validatePeople(d, a.People)
		validateTokens(d, a.Tokens)
		validateKubernetes(d, a.Kubernetes)
	}
	if len(d.problems) > 0 {
		return nil, d.problems
	}
	return a, nil
}

// entryRule is a kind of entry: what makes two entries equal, and the problem of a wrong one.
type entryRule struct {
	key     func(entry string) string
	problem func(entry string) (message, remedy string)
}

var (
	anyGroup = entryRule{func(group string) string { return group }, func(string) (string, string) { return "", "" }}
	oneLogin = entryRule{foldASCII, func(login string) (string, string) {
		if IsLogin(login) {
			return "", ""
		}
		return fmt.Sprintf("%q is not a GitHub login", Printable(login)), "write the login without @"
	}}
	oneEmail = entryRule{foldASCII, func(address string) (string, string) {
		if isEmail(address) {
			return "", ""
		}
		return fmt.Sprintf("%q is not an e-mail address", Printable(address)),
			"write it like alice@example.com, without blanks"
	}}
	oneKubernetesName = entryRule{func(name string) string { return name }, func(name string) (string, string) {
		if strings.HasPrefix(name, "system:") || Printable(name) != name {
			return fmt.Sprintf("%q can't have access", Printable(name)),
				"write the name of a person or a group of people, as kubectl auth whoami prints it"
		}
		return "", ""
	}}
)

// isEmail reports whether an address has one @ with text on both sides, and neither blanks nor invisible characters.
func isEmail(address string) bool {
	name, domain, ok := strings.Cut(address, "@")
	return ok && name != "" && domain != "" && !strings.Contains(domain, "@") &&
		!strings.ContainsFunc(address, func(r rune) bool { return unicode.IsSpace(r) || isHidden(r) })
}

func validateEntries(d *decoder, at string, entries []string, rule entryRule) {
	if !fewEnough(d, at, len(entries)) {
		return
	}
	first := map[string]int{}
	for i, entry := range entries {
		path := fmt.Sprintf("%s[%d]", at, i)
		key := rule.key(entry)
		if before, isTwice := first[key]; isTwice {
			d.mistake(path, fmt.Sprintf("repeats %s[%d]", at, before), "keep one of them")
			continue
		}
		first[key] = i
		validateEntry(d, path, entry, rule)
	}
}

// validatePeople checks the addresses in the order of the file.
func validatePeople(d *decoder, people map[string]string) {
	if !fewEnough(d, "people", len(people)) {
		return
	}
	line := func(address string) int { return d.lines[join("people", address)] }
	addresses := slices.SortedFunc(maps.Keys(people), func(a, b string) int {
		return cmp.Or(cmp.Compare(line(a), line(b)), cmp.Compare(a, b))
	})
	seen := map[string]bool{}
	for _, address := range addresses {
		at, key := join("people", address), foldASCII(address)
		if seen[key] {
			d.mistake(at, "duplicate key; upper and lower case don't differ", "keep one of them")
			continue
		}
		seen[key] = true
		validateEntry(d, at, address, oneEmail)
		validateEntry(d, at, people[address], oneLogin)
	}
}

func validateEntry(d *decoder, at, entry string, rule entryRule) {
	if entry == "" {
		d.mistake(at, "is empty", "write a value, or remove the entry")
		return
	}
	if utf8.RuneCountInString(entry) > maxAccessEntry {
		d.mistake(at, fmt.Sprintf("has more than %d characters", maxAccessEntry), "shorten it")
		return
	}
	if message, remedy := rule.problem(entry); message != "" {
		d.mistake(at, message, remedy)
	}
}

// fewEnough reports whether a list has at most maxAccessEntries entries; a longer one is a mistake.
func fewEnough(d *decoder, at string, entries int) bool {
	if entries <= maxAccessEntries {
		return true
	}
	d.mistake(at, fmt.Sprintf("has %d entries; at most %d are allowed", entries, maxAccessEntries),
		"remove some, or use groups")
	return false
}

// Token is a token of the API for a script or a program. The file has only its hash.
type Token struct {
	// Role is the role of each caller with the token: viewer, developer or admin. With actsFor it is the lowest role of
	// each person, and may be missing.
	Role Role `yaml:"role" enum:"viewer,developer,admin"`
	// SHA256 is the SHA-256 hash of the token, 64 characters 0-9 and a-f.
	SHA256 string `yaml:"sha256"`
	// ActsFor marks the token that Argo CD sends for people who use its UI: argocd. Each of them has the role of their
	// e-mail address, if that is higher.
	ActsFor string `yaml:"actsFor" enum:"argocd"`
}

// ActsForArgoCD is the value of Token.ActsFor for the token of Argo CD's proxy extension.
const ActsForArgoCD = "argocd"

var (
	sha256Pattern    = regexp.MustCompile(`^[0-9a-f]{64}$`)
	tokenNamePattern = regexp.MustCompile(`^[a-z0-9]([a-z0-9-]{0,38}[a-z0-9])?$`)
)

// HasTokens reports whether the file has tokens of the API.
func (a *Access) HasTokens() bool { return a != nil && len(a.Tokens) > 0 }

// TokenOf returns the entry of a token; the name is "" for an unknown token.
func (a *Access) TokenOf(token string) (name string, entry Token) {
	if a == nil || token == "" {
		return "", Token{}
	}
	sum := sha256.Sum256([]byte(token))
	hash := hex.EncodeToString(sum[:])
	for _, name := range slices.Sorted(maps.Keys(a.Tokens)) {
		if a.Tokens[name].SHA256 == hash {
			return name, a.Tokens[name]
		}
	}
	return "", Token{}
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
		if token.Role == "" && token.ActsFor == "" {
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
