package admission

// IngressNamespace returns the namespace of the ingress controller, or "" where the settings name none or several.
func (s *Settings) IngressNamespace() string {
	if names := s.values("ingress"); len(names) == 1 {
		return names[0]
	}
	return ""
}
