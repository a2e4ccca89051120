package clusterrules

import (
	"strings"

	corev1 "k8s.io/api/core/v1"
	networkingv1 "k8s.io/api/networking/v1"
	"k8s.io/apimachinery/pkg/util/validation"
	"k8s.io/apimachinery/pkg/util/validation/field"
)

func invalidService(s *corev1.Service, spec *field.Path) field.ErrorList {
	if s.Spec.Type == corev1.ServiceTypeExternalName {
		if s.Spec.ExternalName == "" {
			return field.ErrorList{field.Required(spec.Child("externalName"), "")}
		}
		return nil
	}
	ports := spec.Child("ports")
	if len(s.Spec.Ports) == 0 && s.Spec.ClusterIP != corev1.ClusterIPNone {
		return field.ErrorList{field.Required(ports, "")}
	}
	var errs field.ErrorList
	names, numbers := map[string]bool{}, map[string]bool{}
	for i, p := range s.Spec.Ports {
		path := ports.Index(i)
		errs = append(errs, invalidPort(p.Port, path.Child("port"))...)
		number := string(p.Protocol) + "/" + portText(p.Port)
		switch {
		case p.Name == "" && len(s.Spec.Ports) > 1:
			errs = append(errs, field.Required(path.Child("name"), ""))
		case p.Name != "" && names[p.Name]:
			errs = append(errs, field.Duplicate(path.Child("name"), p.Name))
		case numbers[number]:
			errs = append(errs, field.Duplicate(path, p.Port))
		}
		names[p.Name], numbers[number] = true, true
	}
	return errs
}

func invalidPort(port int32, path *field.Path) field.ErrorList {
	var errs field.ErrorList
	for _, message := range validation.IsValidPortNum(int(port)) {
		errs = append(errs, field.Invalid(path, port, message))
	}
	return errs
}

func invalidIngress(s networkingv1.IngressSpec, spec *field.Path) field.ErrorList {
	if s.DefaultBackend == nil && len(s.Rules) == 0 {
		return field.ErrorList{field.Invalid(spec, s.Rules, "either `defaultBackend` or `rules` must be specified")}
	}
	var errs field.ErrorList
	for i, r := range s.Rules {
		rule := spec.Child("rules").Index(i)
		if r.Host != "" && !strings.HasPrefix(r.Host, "*.") {
			for _, message := range validation.IsDNS1123Subdomain(r.Host) {
				errs = append(errs, field.Invalid(rule.Child("host"), r.Host, message))
			}
		}
		if r.HTTP == nil {
			continue
		}
		paths := rule.Child("http", "paths")
		if len(r.HTTP.Paths) == 0 {
			errs = append(errs, field.Required(paths, ""))
		}
		for j, p := range r.HTTP.Paths {
			errs = append(errs, invalidPath(p, paths.Index(j))...)
		}
	}
	return errs
}

func invalidPath(p networkingv1.HTTPIngressPath, path *field.Path) field.ErrorList {
	var errs field.ErrorList
	if p.PathType == nil {
		errs = append(errs, field.Required(path.Child("pathType"), "pathType must be specified"))
	} else if *p.PathType != networkingv1.PathTypeImplementationSpecific && !strings.HasPrefix(p.Path, "/") {
		errs = append(errs, field.Invalid(path.Child("path"), p.Path, "must be an absolute path"))
	}
	backend := path.Child("backend")
	switch s := p.Backend.Service; {
	case s == nil && p.Backend.Resource == nil:
		errs = append(errs, field.Required(backend, "resource or service backend is required"))
	case s != nil && s.Name == "":
		errs = append(errs, field.Required(backend.Child("service", "name"), ""))
	case s != nil && s.Port.Name == "" && s.Port.Number == 0:
		errs = append(errs, field.Required(backend, "port name or number is required"))
	}
	return errs
}
