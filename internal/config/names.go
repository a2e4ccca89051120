package config

import (
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"path"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"unicode"
	"unicode/utf8"
)

// Lengths in characters. A host label and a namespace have 63 (RFC 1123): a service's host is <service>-<environment>,
// a namespace <prefix><environment>.
const (
	MaxEnvironmentName = 40
	maxServiceName     = 22
	maxKubernetesName  = 63
	maxPrefix          = 23
	maxAlias           = 20
	maxProfileName     = 20
	MaxLabel           = 63
	// maxPolicyLabel leaves room for a colon and a profile in a label of GitHub, which has 50 at most.
	maxPolicyLabel = 50 - 1 - maxProfileName
	maxDomain      = 253 - 1 - MaxLabel // a host's name has 253 at most
	maxPurpose     = 200
	maxRef         = 255 // Git's file systems allow no longer name
	maxImage       = 255
)

var (
	dnsLabel     = regexp.MustCompile(`^[a-z0-9]([a-z0-9-]*[a-z0-9])?$`)
	bareNumber   = regexp.MustCompile(`^pr-[0-9]+$`)
	loginPattern = regexp.MustCompile(`^[A-Za-z0-9][A-Za-z0-9_-]{0,99}(\[bot\])?$`)
	repoPattern  = regexp.MustCompile(`^[A-Za-z0-9][A-Za-z0-9_-]{0,99}/[A-Za-z0-9._-]{1,100}$`)
	notSlug      = regexp.MustCompile(`[^a-z0-9]+`)
)

// reservedNames are folders or hosts of PreviewSet itself.
var reservedNames = map[string]bool{"preview": true, "previews": true, "staging": true, "generator": true}

// IsReservedName reports whether no environment can have a name, because PreviewSet itself uses it.
func IsReservedName(name string) bool { return reservedNames[name] }

// Shorten cuts a text to a number of characters, the last one an ellipsis.
func Shorten(text string, most int) string {
	if len(text) <= most {
		return text
	}
	if r := []rune(text); len(r) > most {
		return string(r[:most-1]) + "…"
	}
	return text
}

// PullRequestName is the name of a pull request's own environment: <alias or repository>-pr-<number>, at most 40
// characters. If the repository's short name is no DNS label, 8 hex digits of the SHA-256 of the lower-case
// "owner/name" are added to keep distinct repositories distinct.
func PullRequestName(p *Policy, repository string, number int) string {
	return NumberedName(RepositoryPart(p, repository), number)
}

// NumberedName returns the name of a pull request's own environment from its repository's RepositoryPart.
func NumberedName(repositoryPart string, number int) string {
	return repositoryPart + "-pr-" + strconv.Itoa(number)
}

// IsPullRequestName reports whether a name has the form of PullRequestName: a text, -pr-, and a number.
func IsPullRequestName(name string) bool {
	i := strings.LastIndex(name, "-pr-")
	if i <= 0 {
		return false
	}
	number := name[i+len("-pr-"):]
	return number != "" && strings.Trim(number, "0123456789") == ""
}

// RepositoryPart returns the beginning of the environment names of a repository's pull requests: the alias, or else the
// repository's short name as a DNS label. PullRequestName explains the hash in it.
func RepositoryPart(p *Policy, repository string) string {
	identity := strings.ToLower(repository)
	for name, r := range p.Repositories {
		if strings.EqualFold(name, repository) && r.Alias != "" {
			return r.Alias
		}
	}
	_, short, _ := strings.Cut(identity, "/")
	return hashedSlug(short, identity, maxAlias)
}

// hashedSlug makes a DNS label of a text. If more than case is lost, it adds a hash of the identity. The result has at
// most limit characters, plus 9 for the hash.
func hashedSlug(text, identity string, limit int) string {
	lower := strings.ToLower(text)
	slug := strings.Trim(notSlug.ReplaceAllString(lower, "-"), "-")
	if slug != "" && slug == lower && len(slug) <= limit {
		return slug
	}
	slug = strings.Trim(slug[:min(len(slug), limit)], "-")
	if slug == "" {
		return shortHash(identity)
	}
	return slug + "-" + shortHash(identity)
}

// LabelSlug makes a Kubernetes label value of a text: at most 63 of [a-z0-9-], with a hash if it is cut. An empty text
// stays empty.
func LabelSlug(text string) string {
	slug := strings.Trim(notSlug.ReplaceAllString(strings.ToLower(text), "-"), "-")
	switch {
	case text == "":
		return ""
	case slug == "":
		return shortHash(text)
	case len(slug) > MaxLabel:
		return strings.Trim(slug[:MaxLabel-9], "-") + "-" + shortHash(text)
	}
	return slug
}

func shortHash(identity string) string {
	sum := sha256.Sum256([]byte(identity))
	return hex.EncodeToString(sum[:4])
}

// IsDNSLabel reports whether s is an RFC 1123 label of at most limit characters.
func IsDNSLabel(s string, limit int) bool { return len(s) <= limit && dnsLabel.MatchString(s) }

// NameProblem returns the reason why a name can't be that of a slot or of an environment with a file, or "". It checks
// the form and conflicts with hosts, but not the namespace.
func (p *Policy) NameProblem(name string) string {
	switch {
	case !IsDNSLabel(name, MaxEnvironmentName):
		return fmt.Sprintf(
			"an environment's name is a DNS label of at most %d characters: a to z, 0 to 9 and -",
			MaxEnvironmentName,
		)
	case reservedNames[name]:
		return fmt.Sprintf("the name %q is reserved by PreviewSet", name)
	case IsPullRequestName(name):
		return "names that end in -pr-<number> belong to pull requests"
	case bareNumber.MatchString(name):
		return "the host of a service in it would be that of a pull request's environment"
	}
	for _, s := range p.Services {
		if strings.HasPrefix(name, s.Name+"-") {
			return fmt.Sprintf(
				"it starts with the name of a service (%s-), so it could take that service's host",
				s.Name,
			)
		}
	}
	return ""
}

// NameOrNamespaceProblem is Policy.NameProblem, and also checks that the policy doesn't protect the environment's
// namespace. Only the service knows its own namespace, Argo CD's namespace and foreign Applications, so it may refuse
// more names.
func (c *Config) NameOrNamespaceProblem(name string) string {
	if why := c.Policy.NameProblem(name); why != "" {
		return why
	}
	namespace := c.Policy.NamespacePrefix + name
	for _, p := range slices.Concat(c.Policy.ProtectedNamespaces, []string{c.Policy.Baseline.Namespace}) {
		if match, err := path.Match(p, namespace); err == nil && match {
			return fmt.Sprintf("its namespace would be %s, which %q protects", namespace, p)
		}
	}
	return ""
}

// Printable returns a text that is safe to show: valid UTF-8 without control, bidi and other invisible characters, with
// tabs and line breaks as blanks. Such characters can hide or reorder text, and some stop an ApplicationSet.
func Printable(s string) string {
	if isPlain(s) {
		return s
	}
	var b strings.Builder
	for _, r := range s {
		switch {
		case r == '\t' || r == '\n' || r == '\r':
			b.WriteByte(' ')
		case r == utf8.RuneError || isHidden(r):
		default:
			b.WriteRune(r)
		}
	}
	return strings.TrimSpace(b.String())
}

func isPlain(s string) bool {
	for i := range len(s) {
		if s[i] < ' ' || s[i] > '~' {
			return false
		}
	}
	return strings.TrimSpace(s) == s
}

// isHidden reports whether r is a control (Cc), a format character (Cf: bidi marks, zero widths), of private use, a
// surrogate, a line or paragraph separator, or not a character.
func isHidden(r rune) bool {
	return unicode.In(r, unicode.C, unicode.Zl, unicode.Zp) || r&0xFFFE == 0xFFFE || (r >= 0xFDD0 && r <= 0xFDEF)
}

// IsSHA reports whether s is a full commit SHA: 40 lower-case hexadecimal digits.
func IsSHA(s string) bool { return len(s) == 40 && strings.Trim(s, "0123456789abcdef") == "" }

// IsLogin reports whether s is a GitHub login. Logins of bots end in "[bot]", those of Enterprise Managed Users in the
// enterprise's short code: octo-cat_acme.
func IsLogin(s string) bool { return loginPattern.MatchString(s) }

// IsRepository reports whether s is "owner/name" as GitHub writes it. The names "." and ".." are none, because they
// would change the path of a request.
func IsRepository(s string) bool {
	return repoPattern.MatchString(s) && !strings.HasSuffix(s, "/.") && !strings.HasSuffix(s, "/..")
}
