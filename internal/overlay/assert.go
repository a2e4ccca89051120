package overlay

import (
	"fmt"
	"slices"
	"strings"

	"github.com/previewset/previewset/internal/preview"
)

// verdict collects what is wrong with one build.
type verdict struct {
	title, file string
	objects     []object
	problems    preview.Problems
}

func (v *verdict) problem(file, message, remedy string) {
	v.problems = append(v.problems, preview.Problem{File: file, Path: v.title, Message: message, Remedy: remedy})
}

// assertObjects checks what holds for everything that Argo CD applies: one namespace, no object twice, only kinds that
// the AppProject allows. p is nil where no AppProject is known.
func (v *verdict) assertObjects(namespace string, p *project) {
	seen := map[string]bool{}
	for _, o := range v.objects {
		if !o.clusterScoped && o.namespace != namespace {
			v.problem(v.file, fmt.Sprintf("%s is in namespace %q, not %s", o, o.namespace, namespace), "remove metadata.namespace from it and `namespace` from its kustomization")
		}
		if seen[o.identity()] {
			v.problem(v.file, o.String()+" is there twice", "keep one of them")
		}
		seen[o.identity()] = true
		if p != nil && !p.permits(o) {
			v.problem(v.file, fmt.Sprintf("%s: AppProject %s doesn't allow kind %s of group %q", o, p.name, o.kind, o.group), "remove it, or allow the kind in appsets/")
		}
	}
	v.assertNamespace(namespace)
}

// assertNamespace looks for exactly one Namespace: it is what goes with the Application.
func (v *verdict) assertNamespace(namespace string) {
	var names []string
	for _, o := range v.objects {
		if o.kind == "Namespace" && o.group == "" {
			names = append(names, o.name)
		}
	}
	if len(names) != 1 || names[0] != namespace {
		v.problem(v.file, fmt.Sprintf("makes the Namespaces %q, not exactly %s", names, namespace), "keep the one Namespace of "+defaultOverlay+" and let Kustomize rename it")
	}
}

// assertEnvironment checks what an environment promises: that what runs runs at the pinned commits, that every name
// resolves, that its hosts are its own, and that its Pods are told about it.
func (v *verdict) assertEnvironment(c *preview.Config, p preview.Plan, row preview.Row) {
	for _, s := range c.Policy.Services {
		if _, runs := p.Run[s.Name]; runs {
			v.assertRuns(c.Policy, s, row)
		} else {
			v.assertLinked(c.Policy, s, p.Links[s.Name])
		}
	}
	v.assertHosts(c.Policy, row)
	told := v.find("ConfigMap", "environment")
	if told == nil || told.text("data", "name") != row.Name || told.text("data", "namespace") != row.Namespace {
		v.problem(v.file, "has no ConfigMap environment that tells the Pods where they run", "keep the one of "+defaultOverlay+", without a name suffix")
	}
}

func (v *verdict) assertRuns(policy *preview.Policy, s preview.Service, row preview.Row) {
	folder := baseFolder + "/services/" + s.Name + "/run"
	pinned := slices.IndexFunc(row.Kustomize.Images, func(image string) bool { return strings.HasPrefix(image, s.Image+":") })
	if pinned >= 0 && !slices.ContainsFunc(v.objects, func(o object) bool {
		return slices.Contains(o.images(), row.Kustomize.Images[pinned])
	}) {
		v.problem(folder, fmt.Sprintf("service %s: no container runs image %s, so that no commit could be deployed", s.Name, s.Image),
			"write that image in its workload, or correct services."+s.Name+".image in previewset.yaml")
	}
	if service := v.find("Service", s.Name); isCalled(policy, s.Name) && (service == nil || service.text("spec", "type") == "ExternalName") {
		v.problem(folder, fmt.Sprintf("there is no Service %s, though other services call it", s.Name), "add one of that name to its run component")
	}
	if s.Public && !slices.ContainsFunc(v.objects, func(o object) bool { return o.labels[publicLabel] == s.Name && len(o.hosts()) > 0 }) {
		v.problem(folder, fmt.Sprintf("service %s is public, but no Ingress or HTTPRoute is labelled %s: %s", s.Name, publicLabel, s.Name),
			"label its route, or remove public from previewset.yaml")
	}
}

const publicLabel = "previewset.dev/public"

func isCalled(policy *preview.Policy, name string) bool {
	return slices.ContainsFunc(policy.Services, func(s preview.Service) bool { return slices.Contains(s.Calls, name) })
}

func (v *verdict) assertLinked(policy *preview.Policy, s preview.Service, namespace string) {
	if namespace == "" {
		namespace = policy.Baseline.Namespace
	}
	want := s.Name + "." + namespace + ".svc.cluster.local"
	service := v.find("Service", s.Name)
	if service == nil || service.text("spec", "type") != "ExternalName" || service.text("spec", "externalName") != want {
		v.problem(baseFolder+"/services/"+s.Name+"/link", fmt.Sprintf("service %s is linked, but no ExternalName Service %s leads to %s", s.Name, s.Name, want),
			fmt.Sprintf("add one of that name, labelled previewset.dev/link: %s, whose externalName is then filled in", s.Name))
	}
}

// assertHosts refuses hosts that aren't this environment's, and a URL that no route serves.
func (v *verdict) assertHosts(policy *preview.Policy, row preview.Row) {
	own, served := hostsOf(policy, row.Name), false
	for _, o := range v.objects {
		for _, host := range o.hosts() {
			served = served || "https://"+host == row.URL
			if !slices.Contains(own, host) {
				v.problem(v.file, fmt.Sprintf("%s has host %q, which isn't one of %s", o, host, row.Name),
					fmt.Sprintf("label it %s: <service>; the host is then filled in, in the first rule", publicLabel))
			}
		}
	}
	if row.URL != "" && !served {
		v.problem(v.file, "no Ingress or HTTPRoute serves "+row.URL, "label the public service's route "+publicLabel+": <service>")
	}
}

// hostsOf are the hosts that an environment may have.
func hostsOf(policy *preview.Policy, name string) []string {
	hosts := []string{name + "." + policy.Domain}
	for _, s := range policy.Services {
		if s.Public {
			hosts = append(hosts, s.Name+"-"+hosts[0])
		}
	}
	return hosts
}

func (v *verdict) find(kind, name string) *object {
	for i, o := range v.objects {
		if o.kind == kind && o.name == name && o.group == "" {
			return &v.objects[i]
		}
	}
	return nil
}
