package githubtest

// handle gives access to a repository as a user.
type handle struct {
	// ID is GitHub's numeric identity. It stays when the repository is renamed.
	ID int64

	repo   *repository
	change change
}

// begin locks the state; the caller unlocks it.
func (h handle) begin() (c change, unlock func()) { return h.change, h.change.lock() }

// repoRefs are the methods of Repo that change branches and tags.
type repoRefs struct{ handle }

// repoLabels are the methods of Repo that change the labels of the repository.
type repoLabels struct{ handle }

// repoChecks are the methods of Repo that change commit statuses and checks.
type repoChecks struct{ handle }
