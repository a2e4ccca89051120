package config

// Labels and annotations of Kubernetes objects that rows, manifests and admission policies have in common. The labels of
// pull requests are in PullRequestPolicy.
const (
	// PreviewLabel marks a Namespace of an environment.
	PreviewLabel = "previewset.dev/preview"
	// EnvironmentLabel marks the Application of an environment. Its value is the environment's name.
	EnvironmentLabel = "previewset.dev/environment"
	// PublicLabel marks the routes and Pods of a public service. A row sets the hosts of these routes.
	PublicLabel = "previewset.dev/public"
	// LinkLabel marks the objects of a service that take its place in environments that link to it.
	LinkLabel = "previewset.dev/link"
	// SharedLabel marks the NetworkPolicy that lets other environments reach a service.
	SharedLabel = "previewset.dev/shared"
	// ImageOfLabel marks the workloads that run the image of a service.
	ImageOfLabel = "previewset.dev/image-of"
	// CloudLabel marks the custom resource of a cloud resource. Its value is the resource's name.
	CloudLabel = "previewset.dev/cloud"
	// SecretsLabel marks a Namespace with whether its environment gets secrets. Only a row sets it.
	SecretsLabel = "previewset.dev/secrets" //nolint:gosec // G101: the name of a label, no credential
	// KeepAwakeLabel is the label or annotation of workloads that run on while their environment sleeps.
	KeepAwakeLabel = "previewset.dev/keep-awake"
	// CommitAnnotation has the deployed commit of a Pod.
	CommitAnnotation = "previewset.dev/commit"
	// RedeployAnnotation has the time of the last request to start new Pods of all services.
	RedeployAnnotation = "previewset.dev/redeploy"
	// ResetAnnotation has the time at which a store's Pods started anew.
	ResetAnnotation = "previewset.dev/reset"
	// VariablesAnnotation has the variables of a connection to a store's Service: NAME=VALUE, one a line. In a value,
	// $(NAME_PASSWORD) and $(NAME_USERNAME) are keys of the store's Secret.
	VariablesAnnotation = "previewset.dev/variables"
	// SecondsAnnotation has the seconds that the copy of a volume takes.
	SecondsAnnotation = "previewset.dev/expected-seconds"
	// LabelsAnnotation has the labels of the pull request of an Application, as JSON.
	LabelsAnnotation = "previewset.dev/labels"
)
