package preview

// Content is one service of an environment. It runs there, or it is linked.
type Content struct {
	Service string `json:"service"`
	Runs    bool   `json:"runs"`
	// Commit is empty if the image of kustomize-base runs.
	Commit string `json:"commit"`
	// Host is its public host; empty if it has none.
	Host string `json:"host"`
	// Namespace is the link target; empty if the service runs here.
	Namespace string `json:"namespace"`
}

// Contents returns the services of an environment: first those that run, then the linked ones.
func (r Row) Contents() []Content {
	r.fillContents()
	contents := []Content{}
	for _, s := range r.Services {
		contents = append(contents, Content{Service: s.Service, Runs: true, Commit: s.Commit, Host: s.Host})
	}
	for _, l := range r.Links {
		for _, s := range l.Services {
			contents = append(contents, Content{Service: s, Namespace: l.Namespace})
		}
	}
	return contents
}

// fillContents adds services and links to a row without them. Such rows are in the saved state and in the API of
// earlier versions.
func (r *Row) fillContents() {
	if r.Services == nil && r.Links == nil {
		_ = r.recoverContents() // unreadable data is omitted
	}
}
