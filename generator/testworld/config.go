package testworld

import (
	"fmt"
	"strings"

	"github.com/previewset/previewset/internal/config"
)

// AllNames are the live environments of New.
var AllNames = []string{"gateway-pr-1", "gateway-pr-2", "shop-pr-7"}

// DeployPolicy is Policy with another label. Live environments wait for confirmation then.
var DeployPolicy = strings.Replace(Policy, "pullRequests: {", "pullRequests: {label: deploy, ", 1)

// Tree is commit n of the config branch, with a policy and all folders that Policy needs.
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
