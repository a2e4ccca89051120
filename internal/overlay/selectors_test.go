package overlay

import (
	"strings"
	"testing"
)

func TestCheckFindsServicesThatSelectPodsOfOthers(t *testing.T) {
	t.Parallel()
	labelled := strings.NewReplacer("labels: {app: web}", "labels: {app: web, part: shop}", "IMAGE", "ghcr.io/acme/web")
	web := labelled.Replace(deploymentText)
	api := strings.NewReplacer("web", "api").Replace(web) + "---\napiVersion: v1\nkind: Service\nmetadata: {name: api}\n" +
		"spec: {selector: {part: shop}, ports: [{port: 80}]}\n"
	wantFound(t, []brokenShop{{
		"labels that two services have",
		map[string]string{
			"kustomize-base/services/web/run/deployment.yaml": web, "kustomize-base/services/api/run/api.yaml": api,
		},
		[]string{
			"kustomize-base/services/api",
			"Service api of service api selects the Pods of Deployment web, which belongs to service web",
		},
		0,
	}})
}
