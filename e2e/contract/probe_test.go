package contract
import (
 _ "github.com/previewset/previewset/generator"
 _ "github.com/argoproj/argo-cd/v2/applicationset/controllers/template"
 _ "github.com/argoproj/argo-cd/v2/applicationset/generators"
 _ "sigs.k8s.io/controller-runtime/pkg/client/fake"
)
