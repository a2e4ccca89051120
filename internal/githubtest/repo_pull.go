package githubtest

// Open opens a pull request and returns its number.
func (r *Repo) Open(p PullRequest) int {
	c, unlock := r.begin()
	defer unlock()
	return c.openPull(r.repo, p).Number
}

// PullRequest returns a copy of a pull request.
func (r *Repo) PullRequest(number int) (PullRequest, bool) {
	_, unlock := r.begin()
	defer unlock()
	p := r.repo.pulls[number]
	if p == nil {
		return PullRequest{}, false
	}
	return p.PullRequest, true
}

// Edit calls do to change a pull request, and sends the webhooks for the differences.
func (r *Repo) Edit(number int, do func(*PullRequest)) {
	c, unlock := r.begin()
	defer unlock()
	if p := r.repo.pulls[number]; p != nil {
		c.editPull(r.repo, p, do)
	}
}

// Label adds labels to a pull request.
func (r *Repo) Label(number int, labels ...string) {
	r.Edit(number, func(p *PullRequest) { p.addLabels(labels) })
}

// Unlabel removes a label from a pull request.
func (r *Repo) Unlabel(number int, label string) {
	r.Edit(number, func(p *PullRequest) { p.removeLabel(label) })
}

// Close closes a pull request without merging it.
func (r *Repo) Close(number int) {
	r.Edit(number, func(p *PullRequest) { p.State = "closed" })
}

// Reopen opens a closed pull request again.
func (r *Repo) Reopen(number int) {
	r.Edit(number, func(p *PullRequest) { p.State, p.Merged = "open", false })
}

// Merge merges a pull request: it is closed and its base branch moves.
func (r *Repo) Merge(number int) {
	c, unlock := r.begin()
	defer unlock()
	if p := r.repo.pulls[number]; p != nil {
		c.merge(r.repo, p)
	}
}

// Push moves the branch of a pull request to a new commit and returns the commit's SHA. If files are given, they
// replace the files that the pull request changes.
func (r *Repo) Push(number int, files ...File) string {
	c, unlock := r.begin()
	defer unlock()
	p := r.repo.pulls[number]
	if p == nil {
		return ""
	}
	if files != nil {
		p.Files = files
	}
	return c.push(r.repo, p)
}
