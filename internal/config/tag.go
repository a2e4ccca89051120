package config

import (
	"fmt"
	"regexp"
	"strconv"
	"strings"
)

// defaultTag is the tag of a service without tag.
const defaultTag = "{{ .SHA }}"

const tagRemedy = "write literals and {{ .SHA }}, {{ .ShortSHA }}, {{ .Branch }} or {{ .Number }}"

var (
	tagField   = regexp.MustCompile(`\{\{ *\.([A-Za-z]+) *\}\}`)
	tagLiteral = regexp.MustCompile(`^[A-Za-z0-9_.-]*$`)
	// imageTag is the grammar of the OCI distribution specification.
	imageTag = regexp.MustCompile(`^[A-Za-z0-9_][A-Za-z0-9_.-]{0,127}$`)
)

// tagProblem returns the mistake in a tag template, or "".
func tagProblem(template string) string {
	if template == "" {
		return "is empty"
	}
	for _, m := range tagField.FindAllStringSubmatch(template, -1) {
		if _, ok := (ServiceRef{}).fields()[m[1]]; !ok {
			return fmt.Sprintf("there is no .%s", m[1])
		}
	}
	if !tagLiteral.MatchString(tagField.ReplaceAllString(template, "")) {
		return fmt.Sprintf("%q is not an image tag", Printable(template))
	}
	return ""
}

// TagUses reports whether the service's tag template uses a field, for example "SHA".
func (s *Service) TagUses(field string) bool {
	for _, m := range tagField.FindAllStringSubmatch(s.Tag, -1) {
		if m[1] == field {
			return true
		}
	}
	return false
}

// TagHasCommit reports whether each commit has an image tag of its own.
func (s *Service) TagHasCommit() bool {
	return s.Tag == "" || s.TagUses("SHA") || s.TagUses("ShortSHA") // without a tag it is defaultTag
}

// fields are the values for tag templates. ShortSHA has 7 characters, as in Git and common image workflows.
func (p ServiceRef) fields() map[string]string {
	number := ""
	if p.Number > 0 {
		number = strconv.Itoa(p.Number)
	}
	return map[string]string{
		"SHA":      p.SHA,
		"ShortSHA": p.SHA[:min(7, len(p.SHA))],
		"Branch":   LabelSlug(p.Branch),
		"Number":   number,
	}
}

// ImageTag fills the service's tag template for a ref. It fails if the result is not an image tag.
func (s *Service) ImageTag(p ServiceRef) (string, error) {
	fields := p.fields()
	tag := tagField.ReplaceAllStringFunc(s.Tag, func(m string) string {
		return fields[strings.Trim(m, "{} .")]
	})
	if !imageTag.MatchString(tag) {
		return "", fmt.Errorf(
			"the tag %q of service %s makes %q, which is not an image tag",
			s.Tag,
			s.Name,
			Printable(tag),
		)
	}
	return tag, nil
}
