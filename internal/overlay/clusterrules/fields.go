package clusterrules

import "strings"

// refuseCustom refuses custom resources by the schemas of the repository.
func refuseCustom(b *Build) []Problem {
	if b.Schemas == nil {
		return nil
	}
	var found []Problem
	for _, o := range b.Objects {
		if o.typed == nil {
			const remedy = "correct the fields; compare its CustomResourceDefinition"
			found = append(found, joined(o, "", b.Schemas.Refusals(o.Object), remedy)...)
		}
	}
	return found
}

// refuseUnknownFields refuses unknown fields and values of a wrong type, in the words of the API server.
func refuseUnknownFields(b *Build) []Problem {
	var found []Problem
	for _, o := range b.Objects {
		var messages []string
		for _, err := range strictErrors(o.refusal) {
			messages = append(messages, strings.TrimPrefix(err.Error(), "json: "))
		}
		found = append(found, joined(o, "", messages, "correct or remove the fields; compare kubectl explain")...)
	}
	return found
}
