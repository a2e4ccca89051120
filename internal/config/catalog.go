package config

import "strings"

// catalog has the components of kustomize-base by kind: services with run or link, optional components, datasets,
// exporters, and stores that can start anew. Folders with secrets are there by their path, such as services/orders or
// data/postgres/datasets/full; "" is that of all.
type catalog struct {
	run, link, components, reset map[string]bool
	cloud                        map[string]bool
	secrets                      map[string]bool
	snapshots                    map[string]bool            // datasets of snapshots, as store/dataset
	exporters                    map[string]bool            // as store/preset
	datasets                     map[string]map[string]bool // by store
}

func catalogOf(t Tree) catalog {
	c := catalog{
		run:        map[string]bool{},
		link:       map[string]bool{},
		components: map[string]bool{},
		reset:      map[string]bool{},
		cloud:      map[string]bool{},
		secrets:    map[string]bool{},
		snapshots:  map[string]bool{},
		exporters:  map[string]bool{},
		datasets:   map[string]map[string]bool{},
	}
	for folder := range t.Kustomizations {
		part := strings.Split(folder, "/")
		if part[0] != BaseFolder {
			continue
		}
		switch {
		case part[len(part)-1] == SecretsFolder && len(part) == 2:
			c.secrets[""] = true
		case part[len(part)-1] == SecretsFolder && len(part) == 4 && (part[1] == "services" || part[1] == "data"):
			c.secrets[part[1]+"/"+part[2]] = true
		case part[len(part)-1] == SecretsFolder && len(part) == 6 && part[1] == "data" && part[3] == "datasets":
			c.secrets[strings.Join(part[1:5], "/")] = true
		case len(part) == 6 && part[1] == "data" && part[3] == "datasets" && part[5] == "snapshot":
			c.snapshots[part[2]+"/"+part[4]] = true
		case len(part) == 4 && part[1] == "services" && part[3] == "run":
			c.run[part[2]] = true
		case len(part) == 4 && part[1] == "services" && part[3] == "link":
			c.link[part[2]] = true
		case len(part) == 3 && part[1] == "components":
			c.components[part[2]] = true
		case len(part) == 3 && part[1] == "cloud":
			c.cloud[part[2]] = true
		case len(part) == 3 && part[1] == "data":
			c.store(part[2])
		case len(part) == 4 && part[1] == "data" && part[3] == "reset":
			c.reset[part[2]] = true
		case len(part) == 5 && part[1] == "data" && part[3] == "exporters":
			c.exporters[part[2]+"/"+part[4]] = true
		case len(part) == 5 && part[1] == "data" && part[3] == "datasets":
			c.store(part[2])[part[4]] = true
		}
	}
	return c
}

func (c catalog) store(name string) map[string]bool {
	if c.datasets[name] == nil {
		c.datasets[name] = map[string]bool{}
	}
	return c.datasets[name]
}

func (c catalog) hasDataset(name string) bool {
	for _, sets := range c.datasets {
		if sets[name] {
			return true
		}
	}
	return false
}
