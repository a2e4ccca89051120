package overlay

import (
	"fmt"
	"slices"
	"strings"

	"github.com/previewset/previewset/internal/config"
	"github.com/previewset/previewset/internal/overlay/manifest"
	"github.com/previewset/previewset/internal/preview"
)

// assertEnvironment checks the promises of an environment: services run at the chosen commits, every service name
// resolves, the hosts belong to the environment, and the Pods know their environment.
func (b *buildCheck) assertEnvironment(c *config.Config, p preview.Plan, row preview.Row) {
	for _, s := range c.Policy.Services {
		if _, runs := p.Run[s.Name]; runs {
			b.assertRuns(c.Policy, s, row)
		} else if c.HasLink(s.Name) {
			b.assertLinked(c.Policy, s, p.Links[s.Name])
		}
	}
	b.assertHosts(c.Policy, row)
	info := b.findObject("ConfigMap", "environment")
	if info == nil || info.Text("data", "name") != row.Name || info.Text("data", "namespace") != row.Namespace {
		b.addProblem(b.file, "has no ConfigMap environment with the environment's name and namespace for the Pods",
			"keep the one of "+defaultOverlay+", without a name suffix")
	}
}

func (b *buildCheck) assertRuns(policy *config.Policy, s config.Service, row preview.Row) {
	folder := baseFolder + "/services/" + s.Name + "/run"
	i := slices.IndexFunc(row.Kustomize.Images, func(image string) bool { return strings.HasPrefix(image, s.Image+":") })
	if i >= 0 && !slices.ContainsFunc(b.objects, func(o manifest.Object) bool {
		return slices.Contains(o.Images(), row.Kustomize.Images[i])
	}) {
		b.addProblem(folder, fmt.Sprintf(
			"service %s: no container runs image %s, so no commit of it can be deployed", s.Name, s.Image,
		),
			"write that image in its workload, or correct services."+s.Name+".image in previewset.yaml")
	}
	service := b.findObject("Service", s.Name)
	if isCalled(policy, s.Name) && (service == nil || service.Text("spec", "type") == "ExternalName") {
		b.addProblem(folder, fmt.Sprintf("there is no Service %s, though other services call it", s.Name),
			"add a Service of that name to its run component")
	}
	isRoute := func(o manifest.Object) bool { return o.Labels[config.PublicLabel] == s.Name && len(o.Hosts()) > 0 }
	if s.Public && !slices.ContainsFunc(b.objects, isRoute) {
		b.addProblem(folder, fmt.Sprintf(
			"service %s is public, but no Ingress or HTTPRoute is labelled %s: %s", s.Name, config.PublicLabel, s.Name,
		),
			"label its route, or remove public from previewset.yaml")
	}
}

func isCalled(policy *config.Policy, name string) bool {
	return slices.ContainsFunc(policy.Services, func(s config.Service) bool { return slices.Contains(s.Calls, name) })
}

// assertLinked checks that a service's name leads to a namespace; an empty namespace is the baseline's.
func (b *buildCheck) assertLinked(policy *config.Policy, s config.Service, namespace string) {
	if namespace == "" {
		namespace = policy.Baseline.Namespace
	}
	for _, name := range append([]string{s.Name}, s.AlsoNamed...) {
		want := name + "." + namespace + ".svc.cluster.local"
		service := b.findObject("Service", name)
		if service == nil || service.Text("spec", "type") != "ExternalName" || service.Text("spec", "externalName") != want {
			b.addProblem(baseFolder+"/services/"+s.Name+"/link",
				fmt.Sprintf("service %s is linked, but no ExternalName Service %s leads to %s", s.Name, name, want),
				fmt.Sprintf(
					"add a Service of that name with label previewset.dev/link: %s; the row then fills in its externalName", s.Name,
				))
		}
	}
}

// assertHosts refuses hosts of other environments, and requires a route for the environment's URL.
func (b *buildCheck) assertHosts(policy *config.Policy, row preview.Row) {
	hosts, isServed := environmentHosts(policy, row.Name), false
	for _, o := range b.objects {
		for _, host := range o.Hosts() {
			isServed = isServed || "https://"+host == row.URL
			if !slices.Contains(hosts, host) {
				b.addProblem(b.file, fmt.Sprintf("%s has host %q, which isn't one of %s", o, host, row.Name),
					fmt.Sprintf("label it %s: <service>; the host is then filled in, in the first rule", config.PublicLabel))
			}
		}
	}
	if row.URL != "" && !isServed {
		b.addProblem(
			b.file, "no Ingress or HTTPRoute serves "+row.URL, "label the public service's route "+config.PublicLabel+": <service>",
		)
	}
}

// environmentHosts returns the hosts that an environment may have.
func environmentHosts(policy *config.Policy, name string) []string {
	hosts := []string{name + "." + policy.Domain}
	for _, s := range policy.Services {
		if s.Public {
			hosts = append(hosts, s.Name+"-"+hosts[0])
		}
	}
	return hosts
}

// assertBaseline checks that every link has a target in the baseline, and that its services have their data stores.
// folders are those that the baseline refers to. A Service of a store's name may lead to a store elsewhere.
func (b *buildCheck) assertBaseline(policy *config.Policy, folders []string) {
	for _, s := range policy.Services {
		if b.findObject("Service", s.Name) == nil && isCalled(policy, s.Name) {
			b.addProblem(b.file, fmt.Sprintf("the baseline has no Service %s, so links to it lead nowhere", s.Name),
				"add services/"+s.Name+"/run to its components")
		}
		if !slices.Contains(folders, baseFolder+"/services/"+s.Name+"/run") {
			continue
		}
		for _, store := range s.Data {
			if !slices.Contains(folders, baseFolder+"/data/"+store) && b.findObject("Service", store) == nil {
				b.addProblem(b.file, fmt.Sprintf("the baseline runs service %s, but not its store %s", s.Name, store),
					"add data/"+store+" and one of its datasets to its components")
			}
		}
	}
}
