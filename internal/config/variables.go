package config

import (
	"fmt"
	"iter"
	"maps"
	"regexp"
	"slices"
	"strings"
)

// Bounds of the variables of one service. All rows together must fit into the answer and the saved state.
const (
	maxVariables     = 20
	maxVariableName  = 100
	maxVariableValue = 500 // bytes
)

var variableName = regexp.MustCompile(`^[A-Za-z_][A-Za-z0-9_]*$`)

// validateEnv checks the variables of a service.
func (v *validator) validateEnv(at string, env map[string]string) {
	if v.lines[at] != 0 && len(env) == 0 {
		v.mistake(at, "has no variable", "write one, like {LOG_LEVEL: debug}, or remove env")
	}
	if len(env) > maxVariables {
		v.mistake(at, fmt.Sprintf("has %d variables", len(env)), fmt.Sprintf("write at most %d", maxVariables))
		return
	}
	for _, name := range slices.Sorted(maps.Keys(env)) {
		value := env[name]
		switch {
		case len(name) > maxVariableName || !variableName.MatchString(name):
			v.mistake(at+"."+name, "is not the name of a variable",
				fmt.Sprintf("write at most %d of A to Z, a to z, 0 to 9 and _, without a digit at the start", maxVariableName))
		case len(value) > maxVariableValue:
			v.mistake(at+"."+name, fmt.Sprintf("has %d bytes", len(value)), fmt.Sprintf("write at most %d", maxVariableValue))
		case strings.Contains(value, "$("):
			v.mistake(at+"."+name, `contains "$(", which Kubernetes replaces by another variable`, "write the whole value")
		case Printable(value) != value:
			v.mistake(at+"."+name, "has a control character", "write printable text on one line")
		}
	}
}

// RefOf returns the ref of a service that the file says; false if it says none.
func (e *Environment) RefOf(service string) (Ref, bool) {
	ref := e.Services[service].Ref
	return ref, ref != Ref{}
}

// EachRef yields the services that the file says a ref for.
func (e *Environment) EachRef() iter.Seq2[string, Ref] {
	return func(yield func(string, Ref) bool) {
		for name, s := range e.Services {
			if s.Ref != (Ref{}) && !yield(name, s.Ref) {
				return
			}
		}
	}
}

// RefServices returns the names of the services that the file says a ref for, sorted.
func (e *Environment) RefServices() []string {
	var names []string
	for name := range e.EachRef() {
		names = append(names, name)
	}
	slices.Sort(names)
	return names
}

// Variables returns the variables of services; nil if there are none.
func (e *Environment) Variables() map[string]map[string]string {
	var env map[string]map[string]string
	for name, s := range e.Services {
		if len(s.Env) == 0 {
			continue
		}
		if env == nil {
			env = map[string]map[string]string{}
		}
		env[name] = s.Env
	}
	return env
}
