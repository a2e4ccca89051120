package githubtest

// Repo is a repository of the Server. Tests, the demo and benchmarks change it with its methods. The user octocat
// makes the changes, unless As or a parameter names another user.
type Repo struct {
	handle
	repoRefs
	repoLabels
	repoChecks
}

func newRepo(c change, r *repository) *Repo {
	h := handle{ID: r.id, repo: r, change: c}
	return &Repo{handle: h, repoRefs: repoRefs{h}, repoLabels: repoLabels{h}, repoChecks: repoChecks{h}}
}

// As returns the same repository. The user makes the changes through it, as the webhooks' sender and the issue
// events' actor.
func (r *Repo) As(login string) *Repo { return newRepo(r.change.by(login), r.repo) }

// AddRepository adds the public repository "owner/name" with one commit on its default branch, main.
func (s *Server) AddRepository(fullName string) *Repo {
	defer s.state.lock()()
	c := s.asOctocat()
	return newRepo(c, c.addRepository(fullName, false))
}

// Repository returns the repository with the name, or nil.
func (s *Server) Repository(fullName string) *Repo {
	defer s.state.lock()()
	r := s.state.byName(fullName)
	if r == nil {
		return nil
	}
	return newRepo(s.asOctocat(), r)
}

// Fork creates a fork of the repository for the owner.
func (r *Repo) Fork(owner string) *Repo {
	c, unlock := r.begin()
	defer unlock()
	return newRepo(c, c.addRepository(owner+"/"+r.repo.name, true))
}

// Rename gives the repository another name, or transfers it if the name has another owner. The former name redirects
// until another repository takes it.
func (r *Repo) Rename(fullName string) {
	c, unlock := r.begin()
	defer unlock()
	c.rename(r.repo, fullName)
}

// SetPrivate hides the repository from tokens without access to it, or shows it again.
func (r *Repo) SetPrivate(private bool) {
	c, unlock := r.begin()
	defer unlock()
	c.setPrivate(r.repo, private)
}

// Delete removes the repository. Then head.repo is null in the pull requests of this fork.
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
