package testworld

import (
	"fmt"
	"strings"

	"github.com/previewset/previewset/internal/config"
)

var AllNames = []string{"gateway-pr-1", "gateway-pr-2", "shop-pr-7"}

// deployPolicy asks for another label: what is live by "preview" is withheld then.
var DeployPolicy = strings.Replace(Policy, "pullRequests: {", "pullRequests: {label: deploy, ", 1)

// treeOf is a config branch with everything that the policy needs, at the nth commit.
func Tree(n int, policy string) config.Tree {
	t := config.Tree{
		Commit: fmt.Sprintf("%040x", n), Prefix: ".",
		Files:  map[string]config.File{"previewset.yaml": {Content: []byte(policy)}},
		Hashes: map[string]string{"kustomize-base": "b1", "overlays/preview": "p1"},
		Kustomizations: map[string]bool{
			"overlays/preview": true, "kustomize-base/components/guardrails": true,
			"kustomize-base/data/redis": true, "kustomize-base/data/redis/datasets/empty": true,
			"kustomize-base/data/postgres": true, "kustomize-base/data/postgres/datasets/empty": true,
		},
	}
	for _, s := range []string{"web", "gateway", "orders"} {
		t.Kustomizations["kustomize-base/services/"+s+"/run"] = true
		t.Kustomizations["kustomize-base/services/"+s+"/link"] = true
	}
	return t
}
