package githubtest

// Repo is a repository of the Server. Tests, the demo and benchmarks change it with its methods. Each change happens in the
// name of octocat, except where As or a parameter names another user.
type Repo struct {
	// ID is GitHub's numeric identity. It stays when the repository is renamed.
	ID int64

	repo   *repository
	change change
}

func (c change) handleOf(r *repository) *Repo { return &Repo{ID: r.id, repo: r, change: c} }

// As returns the same repository. Changes through it are made by the user: the webhooks' sender and the issue events' actor.
func (r *Repo) As(login string) *Repo {
	return &Repo{ID: r.ID, repo: r.repo, change: r.change.by(login)}
}

// begin locks the state; the caller unlocks it.
func (r *Repo) begin() (c change, unlock func()) { return r.change, r.change.lock() }

// AddRepository makes the public repository "owner/name" with one commit on its default branch, main.
func (s *Server) AddRepository(fullName string) *Repo {
	defer s.state.lock()()
	c := s.asOctocat()
	return c.handleOf(c.addRepository(fullName, false))
}

// Repository returns the repository that has the name now, or nil.
func (s *Server) Repository(fullName string) *Repo {
	defer s.state.lock()()
	r := s.state.named(fullName)
	if r == nil {
		return nil
	}
	return s.asOctocat().handleOf(r)
}

// Fork makes a copy of the repository that belongs to the owner.
func (r *Repo) Fork(owner string) *Repo {
	c, unlock := r.begin()
	defer unlock()
	return c.handleOf(c.addRepository(owner+"/"+r.repo.name, true))
}

// Rename gives the repository another name, or transfers it if the name has another owner. The former name redirects until
// another repository takes it.
func (r *Repo) Rename(fullName string) {
	c, unlock := r.begin()
	defer unlock()
	c.rename(r.repo, fullName)
}

// SetPrivate hides the repository from tokens that may not read it, or shows it again.
func (r *Repo) SetPrivate(private bool) {
	c, unlock := r.begin()
	defer unlock()
	c.setPrivate(r.repo, private)
}

// Delete removes the repository. After that, head.repo is null in pull requests that came from it.
func (r *Repo) Delete() {
	c, unlock := r.begin()
	defer unlock()
	c.removeRepository(r.repo)
}

// Touch makes the repository look active: its updated_at changes, and with it the ETags of all its lists.
func (r *Repo) Touch() {
	c, unlock := r.begin()
	defer unlock()
	c.recordActivity(r.repo)
}
