package source

import (
	"fmt"
	"slices"

	"github.com/previewset/previewset/internal/overlay/manifest"
)

// Store is a data store that a service uses.
type Store struct {
	// Name is the name of the store, of its Service and of its Secret. Port is its Service's port.
	Name string
	Port int
	// Variables are the environment variables of a connection to it.
	Variables []Variable
}

// Variable is an environment variable: a text, or a key of a Secret.
type Variable struct{ Name, Value, Secret, Key string }

// StoreOf returns a store with the variables of its kind, such as DATABASE_URL for postgres. A store of an unknown kind
// has none.
func StoreOf(name string, port int) Store {
	password := func(variable string) Variable { return Variable{Name: variable, Secret: name, Key: "password"} }
	s := Store{Name: name, Port: port}
	switch name {
	case "postgres":
		s.Variables = []Variable{password("POSTGRES_PASSWORD"), {
			Name:  "DATABASE_URL",
			Value: fmt.Sprintf("postgres://app:$(POSTGRES_PASSWORD)@%s:%d/app?sslmode=disable", name, port),
		}}
	case "mongodb":
		s.Variables = []Variable{password("MONGODB_PASSWORD"), {
			Name: "MONGODB_URL", Value: fmt.Sprintf("mongodb://app:$(MONGODB_PASSWORD)@%s:%d/app?authSource=admin", name, port),
		}}
	case "redis":
		s.Variables = []Variable{password("REDIS_PASSWORD"), {
			Name: "REDIS_URL", Value: fmt.Sprintf("redis://default:$(REDIS_PASSWORD)@%s:%d", name, port),
		}}
	case "rabbitmq":
		s.Variables = []Variable{password("RABBITMQ_PASSWORD"), {
			Name: "AMQP_URL", Value: fmt.Sprintf("amqp://app:$(RABBITMQ_PASSWORD)@%s:%d", name, port),
		}}
	}
	return s
}

// Env returns the variables as entries of a container's env.
func (s Store) Env() []any {
	var env []any
	for _, v := range s.Variables {
		if v.Secret == "" {
			env = append(env, map[string]any{"name": v.Name, "value": v.Value})
			continue
		}
		ref := map[string]any{"name": v.Secret, "key": v.Key}
		env = append(env, map[string]any{"name": v.Name, "valueFrom": map[string]any{"secretKeyRef": ref}})
	}
	return env
}

// Wait returns an init container that waits until the store accepts connections.
func (s Store) Wait() map[string]any {
	command := fmt.Sprintf("until nc -z -w 2 %s %d; do echo waiting for %s; sleep 1; done", s.Name, s.Port, s.Name)
	return map[string]any{
		"name": "wait-for-" + s.Name, "image": "docker.io/library/busybox:1.36.1",
		"command": []any{"sh", "-c", command},
		"resources": map[string]any{
			"requests": map[string]any{"cpu": "10m", "memory": "8Mi"}, "limits": map[string]any{"cpu": "100m", "memory": "32Mi"},
		},
		"securityContext": map[string]any{
			"allowPrivilegeEscalation": false, "readOnlyRootFilesystem": true,
			"capabilities": map[string]any{"drop": []any{"ALL"}},
		},
	}
}

// addVariables adds the connection variables of all stores. They replace the container's variables of the same names: a
// merge would keep both value and valueFrom.
func (a *adaption) addVariables(o Object, c manifest.Object, container fields) {
	known := map[string]manifest.Object{}
	for _, v := range c.Items("env") {
		known[v.Text("name")] = v
	}
	var env []any
	for _, s := range a.options.Stores {
		for _, entry := range s.Env() {
			v, _ := entry.(map[string]any)
			name := fmt.Sprint(v["name"])
			if old, ok := known[name]; ok {
				for _, key := range []string{"value", "valueFrom"} {
					if v[key] == nil && old.At(key) != nil {
						v[key] = nil
					}
				}
				a.note(o, "%s now leads to store %s", name, s.Name)
			}
			env = append(env, v)
		}
	}
	if len(env) > 0 {
		container["env"] = env
	}
}

func hasImage(pod manifest.Object, image string) bool {
	return slices.Contains(imagesOf(pod.Items("containers")), image)
}
