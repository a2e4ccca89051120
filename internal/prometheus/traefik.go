package prometheus

import (
	"regexp"
	"strings"
)

// traefikNamespaces returns the possible namespaces of Traefik's name <namespace>-<service>-<port>. All three parts
// may contain hyphens, so each prefix before the name of a public service is possible.
func (s scope) traefikNamespaces(labels map[string]string) ([]string, error) {
	text, ok := labels[traefikService]
	if !ok {
		return byLabel(labels)
	}
	var names []string
	for _, service := range s.services {
		for start := range text {
			namespace, rest := text[:start], text[start:]
			port, ok := strings.CutPrefix(rest, "-"+service+"-")
			if ok && strings.HasPrefix(namespace, s.prefix) && len(namespace) > len(s.prefix) && portName.MatchString(port) {
				names = append(names, namespace)
			}
		}
	}
	return names, nil
}

// portName is a port's number or name (RFC 6335).
var portName = regexp.MustCompile(`^[a-z0-9]([a-z0-9-]{0,13}[a-z0-9])?$`)
