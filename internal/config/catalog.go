package config

import "strings"

type catalog struct {
	run, link, components map[string]bool
	datasets              map[string]map[string]bool // by store
}

func catalogOf(t Tree) catalog {
	k := catalog{
		run:        map[string]bool{},
		link:       map[string]bool{},
		components: map[string]bool{},
		datasets:   map[string]map[string]bool{},
	}
	for folder := range t.Kustomizations {
		part := strings.Split(folder, "/")
		if part[0] != BaseFolder {
			continue
		}
		switch {
		case len(part) == 4 && part[1] == "services" && part[3] == "run":
			k.run[part[2]] = true
		case len(part) == 4 && part[1] == "services" && part[3] == "link":
			k.link[part[2]] = true
		case len(part) == 3 && part[1] == "components":
			k.components[part[2]] = true
		case len(part) == 3 && part[1] == "data":
			k.store(part[2])
		case len(part) == 5 && part[1] == "data" && part[3] == "datasets":
			k.store(part[2])[part[4]] = true
		}
	}
	return k
}

func (k catalog) store(name string) map[string]bool {
	if k.datasets[name] == nil {
		k.datasets[name] = map[string]bool{}
	}
	return k.datasets[name]
}

func (k catalog) hasDataset(name string) bool {
	for _, sets := range k.datasets {
		if sets[name] {
			return true
		}
	}
	return false
}
