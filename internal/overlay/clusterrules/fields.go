package clusterrules

import "strings"

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
