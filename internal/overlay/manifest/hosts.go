package manifest

// Hosts returns the hosts of an Ingress or a Gateway API route, those of its certificates too. An empty text in the
// result means that the object names no host there, and so serves every host.
func (o Object) Hosts() []string {
	var found []string
	switch o.Kind {
	case "Ingress":
		for _, rule := range o.Items("spec", "rules") {
			found = append(found, rule.Text("host"))
		}
		for _, tls := range o.Items("spec", "tls") {
			found = append(found, textsOrEmpty(tls.At("hosts"))...)
		}
	case "HTTPRoute", "GRPCRoute", "TLSRoute":
		found = textsOrEmpty(o.At("spec", "hostnames"))
	}
	return found
}

func textsOrEmpty(v any) []string {
	if found := Texts(v); len(found) > 0 {
		return found
	}
	return []string{""}
}
