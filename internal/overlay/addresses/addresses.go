// Package addresses finds addresses with a namespace in the settings of Pods, such as db.shop:5432. In a preview such an
// address leads to the same namespace as in production, past the preview's own service and past its links.
//
// It knows texts in ConfigMaps, Secrets and Pod templates. It doesn't know which namespaces exist.
package addresses

import (
	"encoding/base64"
	"fmt"
	"net/netip"
	"regexp"
	"slices"
	"strings"

	"github.com/previewset/previewset/internal/overlay/manifest"
)

// Names are known names. They tell an address without "svc", such as db.shop:5432, from one of the internet.
type Names struct {
	// Services are names of Services. Namespaces are those that the system runs in elsewhere.
	Services, Namespaces []string
	// Own is the namespace of the environment itself, or "".
	Own string
}

// Address is an address with a namespace.
type Address struct {
	Object manifest.Object
	// Key is the place of the text in the object.
	Key string
	// Text is the address. Short is the same without the namespace. Neither has a scheme or a password.
	Text, Short string
	Namespace   string
}

// String says where the address is, why it doesn't fit a preview, and what to write.
func (a Address) String() string {
	return fmt.Sprintf("%s: %s: address %s leaves the preview, because it names namespace %s; write %s, "+
		"which leads to the preview's own service or to its link", a.Object, a.Key, a.Text, a.Namespace, a.Short)
}

// In returns the addresses in an object: in the data of a ConfigMap or Secret, or in the variables, commands and
// arguments of a workload's containers.
func In(o manifest.Object, names Names) []Address {
	var found []Address
	visit := func(key, text string) {
		for _, a := range names.find(text) {
			a.Object, a.Key = o, key
			if !slices.ContainsFunc(found, func(f Address) bool { return f.Key == key && f.Text == a.Text }) {
				found = append(found, a)
			}
		}
	}
	switch {
	case o.Group != "" && o.Group != "apps" && o.Group != "batch":
	case o.Kind == "ConfigMap":
		eachText(o, "data", visit)
	case o.Kind == "Secret":
		eachText(o, "stringData", visit)
		eachText(o, "data", func(key, text string) {
			if decoded, err := base64.StdEncoding.DecodeString(text); err == nil {
				visit(key, string(decoded))
			}
		})
	default:
		o.EachContainer(func(c manifest.Object) { eachSetting(c, visit) })
	}
	return found
}

func eachText(o manifest.Object, field string, visit func(key, text string)) {
	for _, key := range o.Keys(field) {
		visit(field+"."+key, o.Text(field, key))
	}
}

func eachSetting(c manifest.Object, visit func(key, text string)) {
	prefix := "container " + c.Text("name") + ": "
	for _, e := range c.Items("env") {
		visit(prefix+"env "+e.Text("name"), e.Text("value"))
	}
	for _, list := range []string{"command", "args"} {
		for _, text := range manifest.Texts(c.At(list)) {
			visit(prefix+list, text)
		}
	}
}

// host is a host with dots, the characters before it, and its port.
var host = regexp.MustCompile(`(://|@|)([a-z0-9](?:[a-z0-9-]*[a-z0-9])?(?:\.[a-z0-9](?:[a-z0-9-]*[a-z0-9])?)+)(:[0-9]+|)`)

// topDomains end the web addresses of programs that services are named after, such as redis.io and rabbitmq.com.
var topDomains = []string{"com", "io", "net", "org"}

func (n Names) find(text string) []Address {
	var found []Address
	if !strings.Contains(text, ".") {
		return nil
	}
	for _, m := range host.FindAllStringSubmatchIndex(text, -1) {
		part := func(i int) string { return text[m[2*i]:m[2*i+1]] }
		if m[4] > 0 && strings.ContainsRune("._-", rune(text[m[4]-1])) || isName(text[m[5]:], part(3)) {
			continue // a part of a longer name
		}
		labels := strings.Split(part(2), ".")
		i := n.namespaceAt(labels, part(1)+part(3) != "")
		if i < 1 || labels[i] == n.Own {
			continue
		}
		found = append(found, Address{
			Text: part(2) + part(3), Short: strings.Join(labels[:i], ".") + part(3), Namespace: labels[i],
		})
	}
	return found
}

// isName reports whether a name goes on after a host without a port.
func isName(rest, port string) bool {
	return port == "" && rest != "" && strings.ContainsRune("_-ABCDEFGHIJKLMNOPQRSTUVWXYZ", rune(rest[0]))
}

// namespaceAt returns which label of a host is a namespace, or -1.
func (n Names) namespaceAt(labels []string, isAddress bool) int {
	if _, err := netip.ParseAddr(strings.Join(labels, ".")); err == nil {
		return -1
	}
	if i := slices.Index(labels, "svc"); i >= 2 && (i == len(labels)-1 || labels[i+1] == "cluster") {
		return i - 1
	}
	isKnown := func() bool {
		isService := slices.Contains(n.Services, labels[0]) && !slices.Contains(topDomains, labels[1])
		return isService || slices.Contains(n.Namespaces, labels[1])
	}
	if len(labels) == 2 && isAddress && isKnown() {
		return 1
	}
	return -1
}
