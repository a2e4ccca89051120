// Package previewset holds the example GitOps repository, which is the top level of this repository. previewctl init
// writes it, make demo and the end-to-end tests run on it, and new users read it. It also holds the document of the HTTP
// API, because Go embeds only files below a package.
package previewset

import "embed"

// HTTPAPI is the OpenAPI document of the service's HTTP API. The service serves it.
//
//go:embed docs/reference/http-api.yaml
var HTTPAPI []byte

// Example is the example GitOps repository, with the paths that it has in Git. Of appsets/secrets it holds only what is
// in Git too: a pattern for each file there, and none for the folder, so that no token ends up in a binary.
//
//go:embed previewset.yaml CODEOWNERS schemas/*.json
//go:embed kustomize-base overlays/preview overlays/staging
//go:embed appsets/README.md appsets/*.yaml appsets/admission appsets/argocd-ui appsets/generator appsets/monitoring
//go:embed appsets/notifications
//go:embed appsets/secrets/.gitignore appsets/secrets/README.md
var Example embed.FS
