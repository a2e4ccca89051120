package reference

import (
	"strings"

	"github.com/previewset/previewset/internal/reference/openapi"
)

const endpointsIntro = `# HTTP API

The OpenAPI document [http-api.yaml](http-api.yaml) has the parameters, bodies and answers of each endpoint. This page
lists the endpoints.

- The private listener (port 4355) has two kinds of tokens. Argo CD's token gives access to rows only. The API token gives
  access to everything else below ` + "`/api/v1`" + `. Send it as ` + "`Authorization: Bearer <token>`" + `.
- In place of the API token, a client can send a token of [access.yaml](../guides/access.md), or a workflow its token of
  GitHub Actions. It may then do what its role allows. Reading needs the role viewer; to wake, sleep, extend or redeploy,
  developer; to confirm, admin.
- For people in [Argo CD's UI](../guides/argocd-ui.md), Argo CD sends a token that acts for it. The endpoints of the one
  environment that belongs to the named Application are then open, with the role of the person.
- The public listener (port 4356) has webhooks, wake pages and the previews page. Only this one may be reachable from the internet.
- Lists have pages (` + "`limit`, `continue`" + `), a choice of fields (` + "`fields`" + `) and streams of changes (` + "`watch`" + `).
- The running service has the document at ` + "`/api/v1/openapi.yaml`" + `. [Versions](../versions.md) has the promise.
- The body of an error is ` + "`{\"message\": \"…\"}`" + `.

`

// EndpointsPage returns a page with one table for each group of endpoints.
func EndpointsPage(operations []openapi.Operation) Page {
	var b strings.Builder
	b.WriteString(notice + endpointsIntro)
	group := ""
	for _, o := range operations {
		if o.Tag != group {
			if group != "" {
				b.WriteString("\n")
			}
			group = o.Tag
			b.WriteString("## " + group + "\n\n" + openapi.TagDescription(group) + "\n\n| endpoint | effect | authentication " +
				"|\n| --- | --- | --- |\n")
		}
		endpoint := o.Method + " " + openapi.PathTemplate(o.Path)
		if o.Fallback {
			endpoint = "any other path"
		}
		writeRow(&b, "`"+endpoint+"`", o.Summary, authentication(o.Security))
	}
	return Page{"http-api.md", []byte(b.String())}
}

func authentication(scheme string) string {
	return map[string]string{
		openapi.ArgoCDToken: "Argo CD's token", openapi.APIToken: "API token", openapi.WebhookSignature: "signature",
		"": "none",
	}[scheme]
}
