package preview

import (
	"encoding/json"
	"strings"
)

// Content is one service of an environment: it runs there, or its name leads elsewhere.
type Content struct {
	Service string `json:"service"`
	Runs    bool   `json:"runs"`
	// Commit is what it runs at; empty where kustomize-base's image does.
	Commit string `json:"commit"`
	// Host is where it is reached from outside; empty where it isn't.
	Host string `json:"host"`
	// Namespace is where a linked service runs; empty of one that runs here.
	Namespace string `json:"namespace"`
}

// Contents are the services of an environment as its row composes them, in the order of the configuration.
func (r Row) Contents() []Content {
	contents := []Content{}
	commits, hosts := r.environmentData()
	links := r.linkedNamespaces()
	for _, c := range r.Kustomize.Components {
		part := strings.Split(c, "/") // ../../kustomize-base/services/<service>/run
		if len(part) != 6 || part[3] != "services" {
			continue
		}
		if s := part[4]; part[5] == "run" {
			contents = append(contents, Content{Service: s, Runs: true, Commit: commits[s], Host: hosts[s]})
		} else {
			contents = append(contents, Content{Service: s, Namespace: links[s]})
		}
	}
	return contents
}

// environmentData is what ConfigMap environment says of commits and hosts, by service.
func (r Row) environmentData() (commits, hosts map[string]string) {
	for _, p := range r.Kustomize.Patches {
		if p.Target.Kind != "ConfigMap" || p.Target.Name != "environment" {
			continue
		}
		var configMap struct {
			Data struct{ Commits, Hosts string }
		}
		if json.Unmarshal([]byte(p.Patch), &configMap) == nil {
			_ = json.Unmarshal([]byte(configMap.Data.Commits), &commits) // what isn't there isn't shown
			_ = json.Unmarshal([]byte(configMap.Data.Hosts), &hosts)
		}
	}
	return commits, hosts
}

// linkedNamespaces are where the Services in place of what doesn't run here lead, by service.
func (r Row) linkedNamespaces() map[string]string {
	links := map[string]string{}
	for _, p := range r.Kustomize.Patches {
		service, isLink := strings.CutPrefix(p.Target.LabelSelector, "previewset.dev/link=")
		if !isLink || p.Target.Kind != "Service" {
			continue
		}
		var operations []struct{ Value string }
		if json.Unmarshal([]byte(p.Patch), &operations) != nil || len(operations) != 1 {
			continue
		}
		if part := strings.Split(operations[0].Value, "."); len(part) > 2 { // <service>.<namespace>.svc…
			links[service] = part[1]
		}
	}
	return links
}
