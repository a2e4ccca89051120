package networkpolicy

import (
	"bytes"
	"cmp"
	"slices"
	"strings"
	"testing"

	"sigs.k8s.io/yaml"
)

// objectHeader is the part of each object that the tests read.
type objectHeader struct {
	Kind     string   `json:"kind"`
	Metadata metadata `json:"metadata"`
}

type workload struct {
	Spec struct {
		Template struct {
			Metadata metadata `json:"metadata"`
			Spec     podSpec  `json:"spec"`
		} `json:"template"`
	} `json:"spec"`
}

type podSpec struct {
	AutomountServiceAccountToken *bool            `json:"automountServiceAccountToken"`
	ServiceAccountName           string           `json:"serviceAccountName"`
	HostNetwork                  bool             `json:"hostNetwork"`
	HostPID                      bool             `json:"hostPID"`
	HostIPC                      bool             `json:"hostIPC"`
	SecurityContext              map[string]any   `json:"securityContext"`
	InitContainers               []container      `json:"initContainers"`
	Containers                   []container      `json:"containers"`
	Volumes                      []map[string]any `json:"volumes"`
}

type container struct {
	Name            string         `json:"name"`
	Ports           []port         `json:"ports"`
	SecurityContext map[string]any `json:"securityContext"`
}

func (p podSpec) containers() []container { return slices.Concat(p.InitContainers, p.Containers) }

func (p podSpec) ports() []port {
	var found []port
	for _, c := range p.containers() {
		for _, own := range c.Ports {
			own.Protocol = cmp.Or(own.Protocol, "TCP")
			found = append(found, own)
		}
	}
	return found
}

type service struct {
	Spec struct {
		ExternalName string            `json:"externalName"`
		Selector     map[string]string `json:"selector"`
		Ports        []struct {
			Port       int    `json:"port"`
			TargetPort any    `json:"targetPort"`
			Protocol   string `json:"protocol"`
		} `json:"ports"`
	} `json:"spec"`
}

type route struct {
	Metadata struct {
		Namespace string `json:"namespace"`
	} `json:"metadata"`
	Spec struct {
		Rules []struct {
			BackendRefs []struct {
				Name string `json:"name"`
				Port int    `json:"port"`
			} `json:"backendRefs"`
		} `json:"rules"`
	} `json:"spec"`
}

// apply adds the objects of manifests that matter for connections.
func (c *cluster) apply(t *testing.T, manifests []byte) {
	t.Helper()
	for document := range bytes.SplitSeq(manifests, []byte("\n---\n")) {
		m := decode[objectHeader](t, document)
		name := m.Metadata.Namespace + "/" + m.Metadata.Name
		switch m.Kind {
		case "Namespace":
			c.namespace(m.Metadata.Name, m.Metadata.Labels)
		case "NetworkPolicy":
			c.policies = append(c.policies, parsePolicy(t, document))
		case "Service":
			c.services[name] = decode[service](t, document)
		case "HTTPRoute":
			c.routes = append(c.routes, decode[route](t, document))
		case "Deployment", "StatefulSet":
			pod := decode[workload](t, document).Spec.Template
			c.add(endpoint{name: name, namespace: m.Metadata.Namespace, labels: pod.Metadata.Labels, pod: pod.Spec})
		case "Pod", "ReplicaSet", "DaemonSet", "Job", "CronJob":
			t.Fatalf("%s %s: this test doesn't read the Pods of such objects", m.Kind, name)
		}
	}
}

func decode[T any](t *testing.T, document []byte) T {
	t.Helper()
	var v T
	if err := yaml.Unmarshal(document, &v); err != nil {
		t.Fatalf("%v in:\n%s", err, document)
	}
	return v
}

// ours returns the Pods of the example's manifests.
func (c *cluster) ours() []endpoint {
	return slices.DeleteFunc(slices.Clone(c.endpoints), func(e endpoint) bool { return !e.isOurs() })
}

func (e endpoint) isOurs() bool { return len(e.pod.Containers) > 0 }

// target is one Pod behind a Service, and the container port that a port of the Service leads to.
type target struct {
	endpoint
	port
}

// lookup returns the Pods behind a name in a namespace, for one port of the Service, or for all of them (0).
func (c *cluster) lookup(namespace, name string, number int) []target {
	s := c.services[namespace+"/"+name]
	if s.Spec.ExternalName != "" {
		parts := strings.SplitN(s.Spec.ExternalName, ".", 3)
		return c.lookup(parts[1], parts[0], number)
	}
	var found []target
	for _, e := range c.endpoints {
		if e.namespace != namespace || len(s.Spec.Selector) == 0 || !(selector{MatchLabels: s.Spec.Selector}).matches(e.labels) {
			continue
		}
		for _, p := range s.Spec.Ports {
			if number == 0 || number == p.Port {
				to := policyPort{Protocol: p.Protocol, Port: p.TargetPort}
				found = append(found, target{e, e.pod.port(to)})
			}
		}
	}
	return found
}

// port returns the container port that a Service's target port leads to.
func (p podSpec) port(to policyPort) port {
	for _, own := range p.ports() {
		if to.is(own) {
			return own
		}
	}
	return port{}
}
