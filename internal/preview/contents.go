package preview

import (
	"encoding/json"
	"errors"
	"fmt"
	"strings"
)

// Content is one service of an environment. It runs there, or it is linked.
type Content struct {
	Service string `json:"service"`
	Runs    bool   `json:"runs"`
	// Commit is empty if the image of kustomize-base runs.
	Commit string `json:"commit"`
	// Host is its public host; empty if it has none.
	Host string `json:"host"`
	// Namespace is the link target; empty if the service runs here.
	Namespace string `json:"namespace"`
}

// Contents returns the services of an environment in the order of the configuration.
func (r Row) Contents() []Content {
	contents := []Content{}
	commits, hosts, _ := r.environmentData() // unreadable data is omitted
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

// environmentData returns the commits and hosts of ConfigMap environment, by service.
func (r Row) environmentData() (commits, hosts map[string]string, err error) {
	for _, p := range r.Kustomize.Patches {
		if p.Target.Kind != "ConfigMap" || p.Target.Name != "environment" {
			continue
		}
		var configMap struct {
			Data struct{ Commits, Hosts string }
		}
		if err := json.Unmarshal([]byte(p.Patch), &configMap); err != nil {
			return nil, nil, fmt.Errorf("ConfigMap environment: %w", err)
		}
		err := errors.Join(
			json.Unmarshal([]byte(configMap.Data.Hosts), &hosts),
			json.Unmarshal([]byte(configMap.Data.Commits), &commits),
		)
		if err != nil {
			return commits, hosts, fmt.Errorf("ConfigMap environment: %w", err)
		}
	}
	return commits, hosts, nil
}

// linkedNamespaces returns the link targets by service.
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
