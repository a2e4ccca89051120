package preview

import "slices"

// Snapshot is one complete, computed answer. It is never changed after Resolve returned it.
type Snapshot struct {
	// Rows are the live environments, sorted by name.
	Rows []Row
	// Decisions are about every open pull request of a configured repository and every environment file, sorted by
	// repository and number, then name.
	Decisions []Decision
	// Unread names the configured repositories without a complete read, sorted. A service without saved state doesn't
	// answer Argo CD before its first snapshot without such a repository.
	Unread []string
	// Memory is the argument of the next Resolve.
	Memory Memory
	// Problems are the problems of the configuration in force, each a sentence for users.
	Problems []string
}

// State is the state of a live environment.
type State string

// The states.
const (
	Awake  State = "awake"
	Waking State = "waking" // it has its replicas again, but its hosts still lead to the wake page
	Asleep State = "asleep" // it has no replicas and no routes; volumes, Secrets and ConfigMaps stay
)

// Source is the origin of an environment.
type Source string

// The sources.
const (
	FromPullRequest Source = "pull-request"
	FromFile        Source = "environment"
	FromSlot        Source = "slot"
)

// Row has the parameters of one environment in the answer to Argo CD (docs/reference/rows.md). All scalars are strings.
type Row struct {
	// Name is the environment's name.
	Name string `json:"name"`
	// Namespace is the namespace that the Application deploys to.
	Namespace string `json:"namespace"`
	// Path is the folder of the overlay in the GitOps repository.
	Path string `json:"path"`
	// Revision is the commit of the config branch that Argo CD syncs.
	Revision string `json:"revision"`

	// Source is the origin of the environment: pull-request, environment (a file) or slot.
	Source Source `json:"source"`
	// Owner is the GitHub login that the environment belongs to.
	Owner string `json:"owner"`
	// OwnerSlug is the owner as a label value.
	OwnerSlug string `json:"owner_slug"`
	// Purpose is the text of the environment file or of the slot's claim.
	Purpose string `json:"purpose"`
	// Profile is the profile in force.
	Profile string `json:"profile"`
	// State is one of awake, waking and asleep.
	State State `json:"state"`
	// URL is the environment's main address; empty without a public service.
	URL string `json:"url"`
	// ExpiresAt is the fixed time of the expiry (RFC 3339); empty if there is none.
	ExpiresAt string `json:"expires_at"`

	// Number is the pull request's number; empty if the environment has no or several pull requests, as are the next
	// keys.
	Number string `json:"number"`
	// Title is the pull request's title.
	Title string `json:"title"`
	// Branch is the pull request's branch.
	Branch string `json:"branch"`
	// BranchSlug is the branch as a label value.
	BranchSlug string `json:"branch_slug"`
	// TargetBranch is the branch that the pull request wants to change.
	TargetBranch string `json:"target_branch"`
	// TargetBranchSlug is the target branch as a label value.
	TargetBranchSlug string `json:"target_branch_slug"`
	// HeadSHA is the deployed commit of the pull request.
	HeadSHA string `json:"head_sha"`
	// HeadShortSHA is the first 8 characters of head_sha.
	HeadShortSHA string `json:"head_short_sha"`
	// HeadShortSHA7 is the first 7 characters of head_sha.
	HeadShortSHA7 string `json:"head_short_sha_7"`
	// Author is the GitHub login of the pull request's author.
	Author string `json:"author"`
	// Labels are the pull request's labels.
	Labels []string `json:"labels"`

	// Repository is the pull request's repository, "owner/name".
	Repository string `json:"repository"`
	// RepositorySlug is the repository as a label value.
	RepositorySlug string `json:"repository_slug"`
	// PullRequestURL is the pull request's address.
	PullRequestURL string `json:"pull_request_url"`
	// IssueKey is the first match of pullRequests.issueKey in the branch or the title.
	IssueKey string `json:"issue_key"`

	// Services are the services that run in the environment, in the order of previewset.yaml.
	Services []RunningService `json:"services"`
	// Links are the services that don't run in it, by link target.
	Links []Link `json:"links"`

	// Kustomize is the Application's spec.source.kustomize.
	Kustomize Kustomize `json:"kustomize"`
	// Info is the Application's spec.info.
	Info []Info `json:"info"`
	// IgnoreDifferences is the Application's spec.ignoreDifferences.
	IgnoreDifferences []IgnoreDifference `json:"ignoreDifferences"`
	// SyncOptions are additional options of the Application's spec.syncPolicy.
	SyncOptions []string `json:"syncOptions"`
}

// RunningService is a service that runs in an environment.
type RunningService struct {
	// Service is the service's name.
	Service string `json:"service"`
	// Commit is the deployed commit; empty if the image of kustomize-base runs.
	Commit string `json:"commit"`
	// Host is the public host; empty if it has none.
	Host string `json:"host"`
}

// Link has the linked services with the same link target.
type Link struct {
	// Namespace is the link target.
	Namespace string `json:"namespace"`
	// Services are the services' names.
	Services []string `json:"services"`
}

// addLink adds a service to the links of a namespace.
func addLink(links []Link, namespace, service string) []Link {
	i := slices.IndexFunc(links, func(l Link) bool { return l.Namespace == namespace })
	if i < 0 {
		i, links = len(links), append(links, Link{Namespace: namespace})
	}
	links[i].Services = append(links[i].Services, service)
	return links
}

// Kustomize is an Argo CD Application's spec.source.kustomize.
type Kustomize struct {
	// Namespace is the namespace of all objects.
	Namespace string `json:"namespace"`
	// Components are paths relative to the overlay's folder.
	Components []string `json:"components"`
	// Images are image names with tags, "name:tag".
	Images []string `json:"images"`
	// Patches are applied after the overlay's patches.
	Patches []Patch `json:"patches"`
}

// Patch is a Kustomize patch and the selector of the objects that it changes.
type Patch struct {
	// Patch is a strategic merge patch or an RFC 6902 patch, as JSON.
	Patch string `json:"patch"`
	// Target is the selector of the objects to patch.
	Target Target `json:"target"`
}

// Target selects the objects that a patch is for. Name is a regular expression that Kustomize anchors.
type Target struct {
	// Kind is the kind of the objects.
	Kind string `json:"kind,omitempty"`
	// Name is a regular expression that must match the whole name.
	Name string `json:"name,omitempty"`
	// LabelSelector is a selector of labels.
	LabelSelector string `json:"labelSelector,omitempty"`
	// AnnotationSelector is a selector of annotations.
	AnnotationSelector string `json:"annotationSelector,omitempty"`
}

// Info is one line of an Application's info; Argo CD's UI makes values that are URLs clickable.
type Info struct {
	// Name is the name of the line.
	Name string `json:"name"`
	// Value is the text. Argo CD's UI turns a URL into a link.
	Value string `json:"value"`
}

// IgnoreDifference is one entry of an Application's ignoreDifferences.
type IgnoreDifference struct {
	// Group is the API group of the objects.
	Group string `json:"group"`
	// Kind is the kind of the objects.
	Kind string `json:"kind"`
	// Name is the name of the object, or empty for all objects of the kind.
	Name string `json:"name"`
	// JSONPointers are the fields to ignore.
	JSONPointers []string `json:"jsonPointers"`
	// JQPathExpressions are the fields to ignore, as expressions of jq.
	JQPathExpressions []string `json:"jqPathExpressions,omitempty"`
}
