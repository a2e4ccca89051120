package scaffold

import (
	"errors"
	"fmt"
	"maps"
	"os"
	"path"
	"regexp"
	"slices"
	"strconv"
	"strings"

	"sigs.k8s.io/yaml"

	"github.com/previewset/previewset/internal/overlay/newservice"
)

// DefaultGateway is the controller of the example's Gateway.
const DefaultGateway = "envoy-gateway"

// controller has the values of a controller that routes requests. The namespace is that of its Pods, and of the Gateway.
type controller struct {
	class, namespace string
	port             int // of the Gateway's listener
}

// gateways are the known controllers of the Gateway API, by the name of their preset for activity.
var gateways = map[string]controller{
	DefaultGateway:         {class: "eg", namespace: "envoy-gateway-system", port: 443},
	"istio":                {class: "istio", namespace: "istio-ingress", port: 443},
	"nginx-gateway-fabric": {class: "nginx", namespace: "nginx-gateway", port: 443},
	"traefik":              {class: "traefik", namespace: "traefik", port: 8443}, // the port of its entry point
}

// ingresses are the known controllers of Ingresses, by the name that users know. Their presets are in ingressPresets.
var ingresses = map[string]controller{
	"nginx":   {class: "nginx", namespace: "ingress-nginx"},
	"traefik": {class: "traefik", namespace: "traefik"},
}

var ingressPresets = map[string]string{"nginx": "ingress-nginx", "traefik": "traefik"}

// Gateways returns the controllers of the Gateway API that Settings.Gateway can name.
func Gateways() []string { return slices.Sorted(maps.Keys(gateways)) }

// Ingresses returns the controllers that Settings.Ingress can name.
func Ingresses() []string { return slices.Sorted(maps.Keys(ingresses)) }

func (s Settings) checkRoutes() error {
	switch {
	case s.Gateway != "" && s.Ingress != "":
		return errors.New("--gateway and --ingress exclude each other; use --ingress only without the Gateway API")
	case s.Gateway != "" && gateways[s.Gateway] == (controller{}):
		return fmt.Errorf("--gateway %q is unknown; use one of %s", s.Gateway, strings.Join(Gateways(), ", "))
	case s.Ingress != "" && ingresses[s.Ingress] == (controller{}):
		return fmt.Errorf("--ingress %q is unknown; use one of %s", s.Ingress, strings.Join(Ingresses(), ", "))
	}
	return nil
}

// The files that exist in only one of the two forms.
var (
	ingressFiles = []string{"appsets/generator/ingress.yaml", "appsets/generator/wildcard.yaml"}
	gatewayFiles = []string{
		"appsets/gateway.yaml", "appsets/generator/httproute.yaml", "kustomize-base/components/guardrails/gateway.yaml",
	}
	serviceRoute = regexp.MustCompile(`^kustomize-base/services/([^/]+)/run/httproute\.yaml$`)
	stagingHosts = regexp.MustCompile(`path: /spec/hostnames\n( +)value: \[(.*)\]\n`)
	routesLabel  = regexp.MustCompile(`(?m)^ +previewset\.dev/routes: .*\n`)
)

// setRoutes applies the choice between a Gateway and Ingresses to the example, which has a Gateway.
func (s Settings) setRoutes(files map[string]string) error {
	if s.Ingress != "" {
		return useIngresses(files, ingresses[s.Ingress], ingressPresets[s.Ingress])
	}
	for _, name := range ingressFiles {
		delete(files, name)
	}
	name, example := DefaultGateway, gateways[DefaultGateway]
	if s.Gateway != "" {
		name = s.Gateway
	}
	c := gateways[name]
	files["previewset.yaml"] = strings.Replace(files["previewset.yaml"], presetOf(DefaultGateway), presetOf(name), 1)
	files["appsets/gateway.yaml"] = strings.NewReplacer(
		"gatewayClassName: "+example.class+"\n", "gatewayClassName: "+c.class+"\n",
		"port: "+strconv.Itoa(example.port)+"\n", "port: "+strconv.Itoa(c.port)+"\n",
	).Replace(files["appsets/gateway.yaml"])
	useNamespace(files, c.namespace)
	return nil
}

// refuseChangeOfRoutes refuses the default where a folder already has Ingresses: the user may not want to change to the
// Gateway API.
func (s Settings) refuseChangeOfRoutes(root *os.Root) error {
	if root == nil || s.Ingress != "" || s.Gateway != "" {
		return nil
	}
	content, err := root.ReadFile("appsets/kustomization.yaml")
	if err != nil || !strings.Contains(string(content), "- generator/wildcard.yaml") {
		return nil // Compare reports an unreadable file
	}
	return fmt.Errorf("the folder has Ingresses, and the default is the Gateway API\n"+
		"use --ingress %s to keep them, or --gateway %s to change to HTTPRoutes", strings.Join(Ingresses(), "|"),
		strings.Join(Gateways(), "|"))
}

func presetOf(name string) string { return "preset: " + name + "}" }

// useNamespace writes the namespace of a controller in place of the example's.
func useNamespace(files map[string]string, namespace string) {
	for name, text := range files {
		if path.Ext(name) != ".yaml" {
			continue // documents name all controllers
		}
		files[name] = strings.ReplaceAll(text, gateways[DefaultGateway].namespace, namespace)
	}
}

// ingressEdits replace the Gateway in the files that name it.
var ingressEdits = []edit{
	{"appsets/kustomization.yaml", "  - gateway.yaml", "  - generator/deployment.yaml", `  - generator/ingress.yaml
  - generator/wildcard.yaml
`},
	{"kustomize-base/components/guardrails/kustomization.yaml", "patches:", "", ""},
}

// useIngresses changes the example to Ingresses. Those of services are the ones that a new service gets.
func useIngresses(files map[string]string, c controller, preset string) error {
	for name, text := range files {
		found := serviceRoute.FindStringSubmatch(name)
		if found == nil {
			continue
		}
		port, err := backendPort(text)
		if err != nil {
			return fmt.Errorf("read the example: %s: %w", name, err) // a bug
		}
		content, err := newservice.Ingress(found[1], c.class, port)
		if err != nil {
			return err
		}
		folder := path.Dir(name)
		files[folder+"/ingress.yaml"] = string(content)
		delete(files, name)
		list := folder + "/kustomization.yaml"
		files[list] = strings.Replace(files[list], "- httproute.yaml\n", "- ingress.yaml\n", 1)
	}
	for _, name := range gatewayFiles {
		delete(files, name)
	}
	for _, name := range ingressFiles {
		files[name] = strings.Replace(files[name], "ingressClassName: nginx\n", "ingressClassName: "+c.class+"\n", 1)
	}
	const staging = "overlays/staging/kustomization.yaml"
	files[staging] = strings.ReplaceAll(files[staging], "kind: HTTPRoute\n", "kind: Ingress\n")
	files[staging] = stagingHosts.ReplaceAllString(files[staging], "path: /spec/rules/0/host\n${1}value: $2\n")
	for _, name := range []string{"overlays/preview/namespace.yaml", "overlays/staging/namespace.yaml"} {
		files[name] = routesLabel.ReplaceAllString(files[name], "")
	}
	files["previewset.yaml"] = strings.Replace(files["previewset.yaml"], presetOf(DefaultGateway), presetOf(preset), 1)
	useNamespace(files, c.namespace)
	return apply(files, ingressEdits)
}

// backendPort returns the port of an HTTPRoute's first backend.
func backendPort(text string) (int, error) {
	var route struct {
		Spec struct {
			Rules []struct {
				BackendRefs []struct {
					Port int `json:"port"`
				} `json:"backendRefs"`
			} `json:"rules"`
		} `json:"spec"`
	}
	if err := yaml.Unmarshal([]byte(text), &route); err != nil {
		return 0, err
	}
	if len(route.Spec.Rules) == 0 || len(route.Spec.Rules[0].BackendRefs) == 0 {
		return 0, errors.New("it has no backend")
	}
	return route.Spec.Rules[0].BackendRefs[0].Port, nil
}
