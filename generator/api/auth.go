package api

import (
	"net/http"
	"strings"

	"github.com/gin-gonic/gin"

	"github.com/previewset/previewset/generator/httpserver"
	"github.com/previewset/previewset/generator/secret"
)

// authorize requires the secret as a bearer token. Kind names it in messages.
func authorize(kind string, token *secret.File) gin.HandlerFunc {
	return func(c *gin.Context) {
		if token == nil {
			httpserver.Fail(c, http.StatusUnauthorized, "this endpoint is off: the service runs without %s", kind)
			return
		}
		scheme, sent, _ := strings.Cut(c.GetHeader("Authorization"), " ")
		switch {
		case sent == "":
			httpserver.Fail(c, http.StatusUnauthorized, "missing bearer token; send %s", kind)
		case strings.HasPrefix(sent, "$"):
			httpserver.Fail(c, http.StatusUnauthorized,
				"the token starts with $: Argo CD didn't find the key in the Secret that the plugin's ConfigMap names")
		case !strings.EqualFold(scheme, "Bearer") || !token.Matches(sent):
			httpserver.Fail(c, http.StatusUnauthorized, "wrong token; send %s", kind)
		}
	}
}
