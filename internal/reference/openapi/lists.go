package openapi

import (
	"encoding/json"
	"strconv"

	"github.com/invopop/jsonschema"

	"github.com/previewset/previewset/generator/api"
)

// listText describes how clients read lists.
const listText = "Without parameters, the answer has the whole list. With `limit`, it is one page; `continue` leads to " +
	"the next one. Each page comes from the newest snapshot; items that stay are neither repeated nor left out.\n" +
	"With `watch=true`, the answer is a stream of server-sent events. `put` has an item that is new or has changed, " +
	"`delete` the fields that identify an item that is gone, and `synced` says that the client has the whole list now. " +
	"Its ID is the version of the list. A stream begins with all items: at its first `synced`, the client drops the items " +
	"that this stream hasn't sent. If the list still has the version in the header Last-Event-ID, the stream begins with " +
	"`synced` and this version, and the client's list is right. A stream ends after less than a minute; clients connect " +
	"again."

// listParameters are the parameters of each list.
func listParameters() []Parameter {
	return []Parameter{
		{
			Name: "limit", In: "query", Description: "The largest number of items in the answer; all by default.",
			Schema: &jsonschema.Schema{
				Type: "integer", Minimum: json.Number("1"), Maximum: json.Number(strconv.Itoa(api.MaxLimit)),
			},
		},
		query("continue", "The value of `continue` in the answer with the page before.", "string"),
		{
			Name: "fields", In: "query",
			Description: "The fields of an item to return, such as `name,url,progress.phase`. The fields that identify an " +
				"item are always there.",
			Schema: &jsonschema.Schema{Type: "string"},
		},
		query("watch", "Whether to answer with a stream of changes. Not with `limit` or `continue`.", "boolean"),
		header("Last-Event-ID", "With `watch`: the ID of the last event, as browsers send it."),
	}
}

// selectedList is the schema of a list with the parameter fields: its items have only these fields.
func selectedList(name string, identity []string) *jsonschema.Schema {
	item := &jsonschema.Schema{Type: "object", Required: identity, Description: "The chosen fields of an item."}
	list := &jsonschema.Schema{
		Type: "object", Required: []string{name}, Properties: jsonschema.NewProperties(),
		Description: "The list with `fields`.",
	}
	list.Properties.Set(name, &jsonschema.Schema{Type: "array", Items: item})
	return list
}
