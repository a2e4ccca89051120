package api

import (
	"net/http"
	"strings"

	"github.com/gin-gonic/gin"

	"github.com/previewset/previewset/generator/httpserver"
	"github.com/previewset/previewset/internal/config"
)

// The headers of Argo CD's proxy extension. Argo CD's API server sets its namespace, and checks that the person may see
// the Application and may invoke the extension, before it sends a request on. It passes on all other headers of the
// browser, also Argocd-User-Groups of a person without groups: so no group counts here.
// https://argo-cd.readthedocs.io/en/stable/developer-guide/extensions/proxy-extensions/
const (
	argoNamespaceHeader   = "Argocd-Namespace"
	argoApplicationHeader = "Argocd-Application-Name" // "namespace:name"
	argoUserHeader        = "Argocd-Username"         // the e-mail address, or the name of a local account
)

// identifyPerson finds the person for whom Argo CD sends a request. Its headers count only with the token that access.yaml
// marks for that. The person may use only the environment of the Application that Argo CD has checked, and has the
// higher role of two: the given one, and the one that access.yaml gives to the e-mail address.
func (a *API) identifyPerson(c *gin.Context, lowest config.Role) {
	user := onlyValue(c.Request.Header, argoUserHeader)
	name := config.Shorten(config.Printable(user), maxCallerName)
	if name == "" {
		httpserver.Fail(c, http.StatusForbidden, "Argo CD named no person; sign in to Argo CD")
		return
	}
	namespace := onlyValue(c.Request.Header, argoNamespaceHeader)
	application := onlyValue(c.Request.Header, argoApplicationHeader)
	environment := c.Param("name")
	p := a.Service.Published() // not nil: the token is known
	if namespace == "" || environment == "" || application != namespace+":"+p.NamespacePrefix()+environment {
		httpserver.Fail(c, http.StatusForbidden,
			"through Argo CD a request may only be about the preview of the Application that it names in %s",
			argoApplicationHeader)
		return
	}
	person := config.Person{Email: user}
	role := higher(lowest, a.access().RoleOf(person))
	if role == "" {
		httpserver.Fail(c, http.StatusForbidden, "%s gives %s no role; ask the platform team to add the e-mail address",
			config.AccessFile, name)
		return
	}
	c.Set(callerKey, caller{name: name, role: role, person: &person})
}

// higher returns the role that includes the other one.
func higher(a, b config.Role) config.Role {
	if b == "" || a.Includes(b) {
		return a
	}
	return b
}

// onlyValue returns a header; "" if it is missing or was sent twice.
func onlyValue(h http.Header, name string) string {
	if all := h.Values(name); len(all) == 1 {
		return strings.TrimSpace(all[0])
	}
	return ""
}
