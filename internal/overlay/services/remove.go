package services

import (
	"fmt"
	"path"
	"regexp"
	"slices"
	"strings"

	yamlv3 "go.yaml.in/yaml/v3"

	"github.com/previewset/previewset/internal/config"
	"github.com/previewset/previewset/internal/overlay/yamldoc"
)

// Remove removes a service: its folder, its entry in previewset.yaml, its NetworkPolicies and host in the baseline, and
// its name in kustomization files and in the parameters of the admission policies. If a service, profile or environment
// uses the service, nothing is removed, and the error lists these uses.
func (r Repository) Remove(name string) (*Change, error) {
	c, err := r.change(name)
	if err != nil {
		return nil, err
	}
	users, err := c.users()
	if err != nil {
		return nil, err
	}
	if len(users) > 0 {
		return nil, fmt.Errorf("service %s is in use; remove these uses first, then the service\n%w", name, users)
	}
	c.edits.Delete = []string{folderOf(name)}
	for _, step := range []func() error{
		c.removeFromPolicy, c.removeReferences, c.removeFromBaseline, c.removeFromAdmissionPolicies,
	} {
		if err := step(); err != nil {
			return nil, err
		}
	}
	c.noteUnusedStores()
	if name := c.service.Repository; name != "" && c.isOnlyOneIn(name) {
		c.note("pull requests of %s get no preview any more; their live previews stay until previewctl confirm", name)
	}
	return c.edits, nil
}

func (c *change) removeFromPolicy() error {
	return c.edit(policyFile, func(d *yamldoc.Document) error {
		for repository := range c.Policy.Repositories {
			if !c.isOnlyOneIn(repository) {
				continue
			}
			if err := d.Remove("repositories", repository); err != nil {
				return err
			}
			c.note("previewset.yaml: removed repositories.%s, because no other service is in that repository", repository)
		}
		if len(c.Policy.Services) == 1 {
			return d.Set(&yamlv3.Node{Kind: yamlv3.MappingNode, Style: yamlv3.FlowStyle}, "services")
		}
		return d.Remove("services", c.service.Name)
	})
}

// removeReferences removes the service's folders from resources and components of other kustomization files, and the
// patches that select only objects of the service.
func (c *change) removeReferences() error {
	for _, file := range c.kustomizations() {
		err := c.edit(file, func(d *yamldoc.Document) error {
			for _, key := range []string{"resources", "components"} {
				err := removeItems(d, key, func(n *yamlv3.Node) bool { return leadsTo(file, n.Value, c.service.Name) })
				if err != nil {
					return err
				}
			}
			return removeItems(d, "patches", c.isOwnPatch)
		})
		if err != nil {
			return err
		}
	}
	return nil
}

// isOwnPatch reports whether a patch selects only objects of the service, by a label.
func (c *change) isOwnPatch(n *yamlv3.Node) bool {
	var patch struct {
		Target struct {
			LabelSelector string `yaml:"labelSelector"`
		} `yaml:"target"`
	}
	return n.Decode(&patch) == nil && ownSelector(c.service.Name).MatchString(patch.Target.LabelSelector)
}

// ownSelector matches a label selector that selects only objects of the service.
func ownSelector(service string) *regexp.Regexp {
	return regexp.MustCompile(`^(previewset\.dev/(public|link|shared)=)` + regexp.QuoteMeta(service) + `$`)
}

// removeItems removes the matching items of a list. If no item is left, it removes the list's key.
func removeItems(d *yamldoc.Document, key string, matches func(n *yamlv3.Node) bool) error {
	var items []yamlv3.Node
	if err := d.Decode(&items, key); err != nil {
		return err
	}
	list := &yamlv3.Node{Kind: yamlv3.SequenceNode}
	for i := range items {
		if !matches(&items[i]) {
			list.Content = append(list.Content, &items[i])
		}
	}
	switch len(list.Content) {
	case len(items):
		return nil
	case 0:
		return d.Remove(key)
	}
	return d.Set(list, key)
}

// policyPrefix begins the names of the NetworkPolicies that admit previews to a service in the baseline. Further
// policies of one service are numbered.
const policyPrefix = "allow-previews-to-"

var endOfPolicy = regexp.MustCompile(`^(-[0-9]+)?$`)

// removeFromBaseline removes the NetworkPolicies that admit previews to the service, and its host.
func (c *change) removeFromBaseline() error {
	err := c.editText(path.Join(baselineOverlay, "networkpolicies.yaml"), func(content []byte) ([]byte, error) {
		return yamldoc.RemoveDocuments(content, func(n *yamlv3.Node) bool {
			_, ok := c.policySuffix(nameOf(n))
			return ok
		})
	})
	if err != nil {
		return err
	}
	host := regexp.MustCompile(`"` + regexp.QuoteMeta(c.service.Name) + `":"[^"]*",?`)
	return c.replaceScalars(path.Join(baselineOverlay, "configmap.yaml"), func(s yamldoc.Scalar) string {
		if slices.Equal(s.Path, []string{"data", "hosts"}) && !s.IsKey {
			return strings.ReplaceAll(host.ReplaceAllString(s.Value, ""), ",}", "}")
		}
		return s.Value
	})
}

// policySuffix returns the text after the service's name in the name of a NetworkPolicy: "", or "-" and a number. It
// returns false if the policy doesn't admit previews to the service in the baseline.
func (c *change) policySuffix(policy string) (suffix string, ok bool) {
	name, hasPrefix := strings.CutPrefix(policy, policyPrefix)
	suffix, isOwn := strings.CutPrefix(name, c.service.Name)
	if !hasPrefix || !isOwn || !endOfPolicy.MatchString(suffix) {
		return "", false
	}
	return suffix, suffix == "" || c.Policy.Services.Get(name) == nil
}

// nameOf returns the name of the object in a document.
func nameOf(n *yamlv3.Node) string {
	var o struct {
		Metadata struct{ Name string }
	}
	_ = n.Decode(&o) // a document that is no object has no name
	return o.Metadata.Name
}

func (c *change) removeFromAdmissionPolicies() error {
	return c.changePublicServices(func(names []string) []string {
		return slices.DeleteFunc(names, func(name string) bool { return name == c.service.Name })
	})
}

// noteUnusedStores names the data stores that only this service used.
func (c *change) noteUnusedStores() {
	for _, store := range c.service.Data {
		if slices.ContainsFunc(c.Policy.Services, func(s config.Service) bool {
			return s.Name != c.service.Name && slices.Contains(s.Data, store)
		}) {
			continue
		}
		c.note("no other service uses store %s; it stays in kustomize-base/data/%s and in the baseline", store, store)
	}
}
