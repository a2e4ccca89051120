package source

import (
	"errors"
	"fmt"
	"slices"
	"strconv"
	"strings"

	"github.com/previewset/previewset/internal/overlay/manifest"
)

// httpPort is the name of the port that the ingress policy of guardrails admits.
const httpPort = "http"

// servedPort is the port of a public service that its route leads to.
type servedPort struct {
	workload  Object
	container string // its name
	number    string
	rename    string // its name, where that isn't http
}

// Endpoint is the Pods and ports behind a Service.
type Endpoint struct {
	Labels map[string]string
	Ports  []EndpointPort
}

// EndpointPort is a port of Pods.
type EndpointPort struct {
	Number   int
	Protocol string
}

// findPort finds the port that a public service's route leads to.
func (a *adaption) findPort() error {
	if !a.options.Public {
		return nil
	}
	services := a.selected.Services(a.options.Name)
	if len(services) == 0 || services[0].Name != a.options.Name {
		return fmt.Errorf("service %s has no Service %s, so it can't be public\nadd the Service, or leave out --public",
			a.options.Name, a.options.Name)
	}
	port, err := a.choosePort(services[0])
	if err != nil {
		return err
	}
	if a.result.ServicePort = port.At("port"); fmt.Sprint(a.result.ServicePort) == "<nil>" {
		return fmt.Errorf("the Service %s has a port without a number\nwrite its port", a.options.Name)
	}
	for _, w := range a.selected.Workloads() {
		if !selects(services[0], w) {
			continue
		}
		a.port.workload = w
		if a.servedBy(w, targetPort(port)) {
			return nil
		}
	}
	return a.unknownPort(services[0], targetPort(port))
}

// choosePort returns the port of a Service that a route leads to: the one of --port, else its only one, else the one
// that is called http, web or is 80.
func (a *adaption) choosePort(service Object) (manifest.Object, error) {
	ports := service.Items("spec", "ports")
	var names []string
	for _, is := range []func(p manifest.Object) bool{
		func(p manifest.Object) bool {
			n := strconv.Itoa(a.options.Port)
			return fmt.Sprint(p.At("port")) == n || targetPort(p) == n
		},
		func(manifest.Object) bool { return len(ports) == 1 },
		func(p manifest.Object) bool { return a.options.Port == 0 && p.Text("name") == httpPort },
		func(p manifest.Object) bool { return a.options.Port == 0 && p.Text("name") == "web" },
		func(p manifest.Object) bool { return a.options.Port == 0 && fmt.Sprint(p.At("port")) == "80" },
	} {
		if i := slices.IndexFunc(ports, is); i >= 0 {
			return ports[i], nil
		}
	}
	for _, p := range ports {
		names = append(names, fmt.Sprint(p.At("port")))
	}
	if len(names) == 0 {
		return manifest.Object{}, fmt.Errorf("the Service %s has no port, so it can't be public\nadd its port", service.Name)
	}
	return manifest.Object{}, fmt.Errorf("the port of public service %s is ambiguous: its Service has %s\n"+
		"choose one with --port", service.Name, strings.Join(names, ", "))
}

// servedBy sets the container and the port of a workload that a target port leads to.
func (a *adaption) servedBy(w Object, target string) bool {
	containers := podOf(w).Items("containers")
	for _, c := range containers {
		for _, p := range c.Items("ports") {
			number := fmt.Sprint(p.At("containerPort"))
			if p.Text("name") != target && number != target {
				continue
			}
			a.port.container, a.port.number = c.Text("name"), number
			if name := p.Text("name"); name != httpPort {
				a.port.rename = name
			}
			return true
		}
	}
	_, err := strconv.Atoi(target)
	if err != nil && a.options.Port != 0 {
		a.port.rename, target, err = target, strconv.Itoa(a.options.Port), nil
	}
	i := slices.IndexFunc(containers, func(c manifest.Object) bool {
		return ImageName(c.Text("image")) == a.selected.Image
	})
	if err != nil || i < 0 {
		return false
	}
	a.port.container, a.port.number = containers[i].Text("name"), target
	return true
}

func (*adaption) unknownPort(service Object, target string) error {
	return fmt.Errorf("the Service %s leads to port %q, which no container declares\n"+
		"give its number with --port, or declare it in the container", service.Name, target)
}

// adaptPorts removes ports of the node, and names the port that the ingress policy admits.
func (a *adaption) adaptPorts(o Object, c manifest.Object, container fields) {
	isServed := a.options.Public && a.port.container == c.Text("name") && a.port.workload.Identity() == o.Identity()
	var ports []any
	isNamed, isChanged := false, false
	if len(c.Items("ports")) > 0 { // a directive for a list that doesn't exist would stay in the object
		ports = append(ports, map[string]any{"$patch": "replace"})
	}
	for _, p := range c.Items("ports") {
		copied := map[string]any{}
		for _, key := range p.Keys() {
			copied[key] = p.At(key)
		}
		if p.At("hostPort") != nil || p.At("hostIP") != nil {
			delete(copied, "hostPort")
			delete(copied, "hostIP")
			isChanged = true
			a.note(o, "port %v has no port of the node", p.At("containerPort"))
		}
		isThis := isServed && !isNamed && fmt.Sprint(p.At("containerPort")) == a.port.number && p.Text("protocol") != "UDP"
		switch {
		case isThis && p.Text("name") != httpPort:
			copied["name"], isChanged = httpPort, true
		case isServed && !isThis && p.Text("name") == httpPort:
			copied["name"], isChanged = "http-"+fmt.Sprint(p.At("containerPort")), true
		}
		if name := fmt.Sprint(copied["name"]); copied["name"] != nil && name != p.Text("name") {
			inPlaceOf := ""
			if old := p.Text("name"); old != "" {
				inPlaceOf = " in place of " + old
			}
			a.note(o, "port %v is called %s%s", p.At("containerPort"), name, inPlaceOf)
		}
		isNamed = isNamed || isThis
		ports = append(ports, copied)
	}
	if isServed && !isNamed {
		number, _ := strconv.Atoi(a.port.number)
		ports, isChanged = append(ports, map[string]any{"name": httpPort, "containerPort": number}), true
	}
	if name := a.undeclaredPort(o, c); name != "" {
		ports, isChanged = append(ports, map[string]any{"name": name, "containerPort": a.options.Port}), true
	}
	if isChanged {
		container["ports"] = ports
	}
	if isServed && a.port.rename != "" {
		renameInProbes(c, container, a.port.rename)
	}
}

// undeclaredPort returns the name of a Service's target port that no container declares and that --port gives the
// number of. It returns "" for other containers than the one with the service's image.
func (a *adaption) undeclaredPort(o Object, c manifest.Object) string {
	if a.options.Port == 0 || ImageName(c.Text("image")) != a.selected.Image {
		return ""
	}
	for _, s := range a.selected.Services(a.options.Name) {
		for _, port := range s.Items("spec", "ports") {
			target := targetPort(port)
			_, err := strconv.Atoi(target)
			if err != nil && selects(s, o) && target != a.port.rename && !declaresPort(o, target) {
				return target
			}
		}
	}
	return ""
}

func declaresPort(o Object, name string) bool {
	for _, c := range podOf(o).Items("containers") {
		if slices.ContainsFunc(c.Items("ports"), func(p manifest.Object) bool { return p.Text("name") == name }) {
			return true
		}
	}
	return false
}

// renameInProbes follows a port's new name in probes and hooks.
func renameInProbes(c manifest.Object, container fields, from string) {
	for _, handler := range [][]string{
		{"livenessProbe"}, {"readinessProbe"}, {"startupProbe"}, {"lifecycle", "postStart"}, {"lifecycle", "preStop"},
	} {
		for _, kind := range []string{"httpGet", "tcpSocket"} {
			if at := append(slices.Clone(handler), kind, "port"); c.At(at...) == from {
				container.set(httpPort, at...)
			}
		}
	}
}

// findEndpoints finds the Pods and ports behind all Services.
func (a *adaption) findEndpoints() error {
	var problems []error
	for _, s := range a.selected.Services(a.options.Name) {
		a.result.Names = append(a.result.Names, s.Name)
		e := Endpoint{Labels: textsOf(s.At("spec", "selector"))}
		for _, port := range s.Items("spec", "ports") {
			number, err := a.portNumber(s, targetPort(port))
			if err != nil {
				problems = append(problems, err)
				continue
			}
			protocol := port.Text("protocol")
			if protocol == "" {
				protocol = "TCP"
			}
			e.Ports = append(e.Ports, EndpointPort{number, protocol})
		}
		a.addEndpoint(e)
	}
	return errors.Join(problems...)
}

// addEndpoint adds an endpoint. It merges those with the same Pods.
func (a *adaption) addEndpoint(e Endpoint) {
	for i, known := range a.result.Endpoints {
		if fmt.Sprint(known.Labels) != fmt.Sprint(e.Labels) {
			continue
		}
		for _, p := range e.Ports {
			if !slices.Contains(known.Ports, p) {
				a.result.Endpoints[i].Ports = append(a.result.Endpoints[i].Ports, p)
			}
		}
		return
	}
	var ports []EndpointPort
	for _, p := range e.Ports {
		if !slices.Contains(ports, p) {
			ports = append(ports, p)
		}
	}
	if e.Ports = ports; len(ports) > 0 {
		a.result.Endpoints = append(a.result.Endpoints, e)
	}
}

// portNumber returns the number of a target port.
func (a *adaption) portNumber(service Object, target string) (int, error) {
	if n, err := strconv.Atoi(target); err == nil {
		return n, nil
	}
	for _, w := range a.selected.Workloads() {
		if !selects(service, w) {
			continue
		}
		for _, c := range podOf(w).Items("containers") {
			for _, p := range c.Items("ports") {
				if p.Text("name") == target {
					return strconv.Atoi(fmt.Sprint(p.At("containerPort")))
				}
			}
		}
	}
	if a.options.Port != 0 {
		return a.options.Port, nil
	}
	return 0, a.unknownPort(service, target)
}
