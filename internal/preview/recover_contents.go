package preview

import (
	"encoding/json"
	"errors"
	"fmt"
	"strings"

	"github.com/previewset/previewset/internal/config"
)

// recoverContents sets services and links from the Kustomize part of a row, which is all that an Application has.
func (r *Row) recoverContents() error {
	r.Services, r.Links = []RunningService{}, []Link{}
	commits, hosts, err := r.Kustomize.environmentData()
	namespaces := r.Kustomize.linkedNamespaces()
	for _, c := range r.Kustomize.Components {
		part := strings.Split(c, "/") // ../../kustomize-base/services/<service>/run
		if len(part) != 6 || part[3] != "services" {
			continue
		}
		if s := part[4]; part[5] == "run" {
			r.Services = append(r.Services, RunningService{Service: s, Commit: commits[s], Host: hosts[s]})
		} else {
			r.Links = addLink(r.Links, namespaces[s], s)
		}
	}
	return err
}

// environmentData returns the commits and hosts of ConfigMap environment, by service.
func (k Kustomize) environmentData() (commits, hosts map[string]string, err error) {
	for _, p := range k.Patches {
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
func (k Kustomize) linkedNamespaces() map[string]string {
	links := map[string]string{}
	for _, p := range k.Patches {
		service, isLink := strings.CutPrefix(p.Target.LabelSelector, config.LinkLabel+"=")
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
