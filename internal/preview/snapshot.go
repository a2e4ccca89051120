package preview

// Snapshot is one complete, computed answer. It is never changed after Resolve returned it.
type Snapshot struct {
	// Rows are the live environments, sorted by name.
	Rows []Row
	// Decisions are about every open pull request of a configured repository and every environment file, sorted by
	// repository and number, then name.
	Decisions []Decision
	// Unread names the configured repositories that no whole read exists of, sorted. Who serves the snapshot decides
	// whether that matters: before the first whole snapshot it does.
	Unread []string
	// Memory is what to hand to the next Resolve.
	Memory Memory
	// Problems are what is wrong with configuration that is in force in spite of it, each a sentence for a person.
	Problems []string
}

// Row has the parameters of one environment in the answer to Argo CD (docs/reference/rows.md). All scalars are strings.
type Row struct {
	Name      string `json:"name"`
	Namespace string `json:"namespace"`
	Path      string `json:"path"`
	Revision  string `json:"revision"`

	Source    Source `json:"source"`
	Owner     string `json:"owner"`
	OwnerSlug string `json:"owner_slug"`
	Purpose   string `json:"purpose"`
	Profile   string `json:"profile"`
	State     State  `json:"state"`
	URL       string `json:"url"`
	ExpiresAt string `json:"expires_at"`

	Number           string   `json:"number"`
	Title            string   `json:"title"`
	Branch           string   `json:"branch"`
	BranchSlug       string   `json:"branch_slug"`
	TargetBranch     string   `json:"target_branch"`
	TargetBranchSlug string   `json:"target_branch_slug"`
	HeadSHA          string   `json:"head_sha"`
	HeadShortSHA     string   `json:"head_short_sha"`   // 8 characters
	HeadShortSHA7    string   `json:"head_short_sha_7"` // 7 characters
	Author           string   `json:"author"`
	Labels           []string `json:"labels"`

	Repository     string `json:"repository"`
	RepositorySlug string `json:"repository_slug"`
	PullRequestURL string `json:"pull_request_url"`
	IssueKey       string `json:"issue_key"`

	Kustomize         Kustomize          `json:"kustomize"`
	Info              []Info             `json:"info"`
	IgnoreDifferences []IgnoreDifference `json:"ignoreDifferences"`
	SyncOptions       []string           `json:"syncOptions"`
}

// Kustomize is an Argo CD Application's spec.source.kustomize.
type Kustomize struct {
	Namespace string `json:"namespace"`
	// Components are paths relative to the overlay's folder.
	Components []string `json:"components"`
	// Images are "name:tag".
	Images  []string `json:"images"`
	Patches []Patch  `json:"patches"`
}

// Patch is a Kustomize patch: a strategic merge or RFC 6902 patch, as JSON, and what it is for.
type Patch struct {
	Patch  string `json:"patch"`
	Target Target `json:"target"`
}

// Target selects the objects that a patch is for. Name is a regular expression that Kustomize anchors.
type Target struct {
	Kind               string `json:"kind,omitempty"`
	Name               string `json:"name,omitempty"`
	LabelSelector      string `json:"labelSelector,omitempty"`
	AnnotationSelector string `json:"annotationSelector,omitempty"`
}

// Info is one line of an Application's info; Argo CD's UI makes values that are URLs clickable.
type Info struct {
	Name  string `json:"name"`
	Value string `json:"value"`
}

// IgnoreDifference is one entry of an Application's ignoreDifferences.
type IgnoreDifference struct {
	Group        string   `json:"group"`
	Kind         string   `json:"kind"`
	Name         string   `json:"name"`
	JSONPointers []string `json:"jsonPointers"`
}
