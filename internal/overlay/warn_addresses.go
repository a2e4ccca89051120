package overlay

import (
	"slices"
	"strings"

	"github.com/previewset/previewset/internal/config"
	"github.com/previewset/previewset/internal/overlay/addresses"
	"github.com/previewset/previewset/internal/overlay/filetree"
)

// addressNames returns the names of all services and data stores, and the namespaces that aren't previews.
func addressNames(tree *filetree.Tree, p *config.Policy) addresses.Names {
	names := addresses.Names{Services: tree.List(baseFolder + "/data"), Namespaces: []string{p.Baseline.Namespace}}
	for _, s := range p.Services {
		names.Services = append(append(names.Services, s.Name), s.AlsoNamed...)
	}
	names.Namespaces = append(names.Namespaces, slices.DeleteFunc(slices.Clone(p.ProtectedNamespaces),
		func(pattern string) bool { return strings.Contains(pattern, "*") })...)
	return names
}

// warnAddresses warns of addresses that name another namespace than the environment's own. A namespace of one address,
// such as cart.shop.svc, is known in the others, such as db.shop:5432.
func (b *buildCheck) warnAddresses(names addresses.Names, own string) {
	names.Own, names.Namespaces = own, slices.Clone(names.Namespaces)
	for _, o := range b.objects {
		for _, a := range addresses.In(o, names) {
			names.Namespaces = append(names.Namespaces, a.Namespace)
		}
	}
	for _, o := range b.objects {
		for _, a := range addresses.In(o, names) {
			b.warnings = append(b.warnings, a.String())
		}
	}
}
