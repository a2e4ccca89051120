package preview

import (
	"fmt"
	"time"
)

// Facts are everything that the generator read, as it was at the time of the read. Facts never change.
type Facts struct {
	// Repositories by lower-case "owner/name". A configured repository without an entry never had a
	// complete read.
	Repositories map[string]Repository
	// ConfigReadAt is the start of the newest read of the config branch that found a valid configuration.
	ConfigReadAt time.Time
	// Protected are the namespaces of the service and of Argo CD. No environment may have them, nor those that
	// configuration protects.
	Protected []string
	// Cluster has the objects of Argo CD; zero if they weren't read.
	Cluster Cluster
	// Activity is the newest measurement of the environments' use.
	Activity Measurement
	// Skew is GitHub's time less the generator's; nil if unknown.
	Skew *time.Duration
	// PollInterval is the time between two polls. Two reads that show the same departure are at least 90 % of it apart.
	PollInterval time.Duration
	// Settled are the waking environments that Argo CD found synced and healthy with their last row. Without a cluster
	// it has all of them.
	Settled map[string]bool
}

// Cluster has the objects of Argo CD.
type Cluster struct {
	// Taken are the Applications that no plugin generator made, with a description of their owner.
	Taken map[string]string
	// Plugins are all plugin generators of all ApplicationSets, also those in matrix and merge generators.
	Plugins []Plugin
}

// Plugin is a plugin generator of an ApplicationSet.
type Plugin struct {
	ApplicationSet string
	ConfigMap      string
	Parameters     map[string]any // input.parameters
}

// Repository is a complete read of a repository.
type Repository struct {
	// ID is GitHub's numeric identity. No other repository ever has it. 0 is unknown.
	ID int64
	// FullName is "owner/name" as GitHub spells it.
	FullName string
	// PullRequests are all open pull requests in ascending order.
	PullRequests []PullRequest
	// Unread are the pull requests of Wants.Live with an unknown state, and the reason.
	Unread map[int]string
	// Observed are the pull requests that were read directly, and whether they are closed. Those of Wants.Live are read
	// directly if the list lacks them or shows that they leave their environment. It is nil if the whole list was read
	// directly, and is evidence itself.
	Observed map[int]bool
	// Announced are pull requests of webhooks that came before the read. They aren't facts: they only confirm Observed.
	Announced []PullRequest
	// Branches and Tags have the commit SHAs of the names in Wants; annotated tags are peeled. A wanted name without an
	// entry doesn't exist.
	Branches, Tags map[string]string
	// Commits are the wanted commits that a branch or tag of the repository contains.
	Commits map[string]bool
	// Checks are the commit statuses and check runs of the wanted commits, by SHA. A wanted commit without an entry
	// couldn't be read.
	Checks map[string][]Check
	// Labels says whether the repository has the labels of Wants.Labels, by lower-case name. A label without an entry
	// couldn't be read. It is nil if labels aren't read; then a person took off each label that a pull request lost.
	Labels map[string]bool
	// ReadAt is when the read began.
	ReadAt time.Time
}

// Check is the newest result of one App or user for one name: a commit status or a check run.
type Check struct {
	Name string
	// App is the slug of the App that reported it; empty if a user set the status, whatever the user's login.
	App string
	// AppID is the App's numeric ID; 0 for a status, because GitHub names only the App's account there.
	AppID int64
	// User and UserID are the login and the numeric ID of a user who set the status.
	User   string
	UserID int64
	// Green is true only for a status or a conclusion "success". Pending, neutral and skipped aren't green.
	Green bool
}

// PullRequest is an open pull request. Its texts are untrusted: they are as GitHub sent them.
type PullRequest struct {
	Number  int
	Title   string
	URL     string // html_url
	Author  string // login; empty for a deleted account
	Bot     bool   // the author isn't human
	Draft   bool
	Labels  []string // names, in GitHub's order
	Created time.Time
	Updated time.Time // updated_at; zero if unknown
	// ReviewRequested is true while a person or a team is asked for a review.
	ReviewRequested bool
	// Closed is true only for announced pull requests. All others are open.
	Closed bool

	Branch, TargetBranch string // head.ref, base.ref
	HeadSHA, BaseSHA     string
	// HeadRepositoryID and BaseRepositoryID are numeric identities. The head's is 0 if that repository is deleted.
	HeadRepositoryID, BaseRepositoryID int64

	// Changes are the changed paths between BaseSHA and HeadSHA; nil if unwanted or not read.
	Changes *Changes
	// Approvals are the approving reviews that weren't dismissed, the newest of each reviewer for each commit; nil if
	// unwanted or not read.
	Approvals []Approval
	// CommitAuthors are the logins of the head commit's author and committer; read with Approvals.
	CommitAuthors []string
	// Labellings are all additions of labels, also of labels that were removed, the newest last; nil if unwanted or
	// not read.
	Labellings []Labelling
	// Problem says which detail couldn't be read; empty if there is none.
	Problem string
	// Stale is true if the pull request couldn't be read. All of it is as of an earlier read then.
	Stale bool
}

// Labelling is the addition of a label to a pull request.
type Labelling struct {
	Label string // its name at that time
	By    string // login; empty for a deleted account
	Human bool
}

// Approval is one reviewer's approval of one commit.
type Approval struct {
	Reviewer string // login
	SHA      string // the commit that was reviewed
	// Writer is true for a human with write permission.
	Writer bool
	// Superseded is true if the reviewer decided about another commit later. It approves no new deployment then.
	Superseded bool
	// Unread is true if GitHub's answer doesn't say whether the reviewer has write permission.
	Unread bool
}

// Changes are the changed paths of a pull request. A rename has both paths.
type Changes struct {
	Paths []string
	// All is true if there are more files than GitHub lists (3,000). Everything counts as changed then.
	All bool
}

// IdentityError reports that a repository's name belongs to another repository now. Facts of that one aren't facts of
// the first.
type IdentityError struct{ Was, Is int64 }

func (e *IdentityError) Error() string {
	return fmt.Sprintf("the name now belongs to another repository (ID %d → %d); the facts of the first one stay",
		e.Was, e.Is)
}

// Wants are the details of one repository that the configuration needs.
type Wants struct {
	// ID is the identity that the repository must have. Another one is an IdentityError. 0 allows any.
	ID int64
	// Live returns the pull requests with an environment by number, for the repository's identity; nil is none. If the
	// list of open pull requests lacks one, or shows that it leaves, it is read directly: the list is no evidence.
	Live func(id int64) map[int]Known

	Branches, Tags []string
	// Commits are full SHAs in refs. They may run only if a branch or tag contains them.
	Commits []string
	// Changes reports whether the changed paths of a pull request are needed.
	Changes func(PullRequest) bool
	// Checks reports whether the checks of a pull request's head are needed; nil is no. BranchChecks is true if those
	// of Branches, Tags and Commits are needed.
	Checks       func(PullRequest) bool
	BranchChecks bool
	// Approvals reports whether the reviews of a pull request are needed; nil is no.
	Approvals func(PullRequest) bool
	// Labellings reports whether the labellings of a pull request are needed; nil is no.
	Labellings func(PullRequest) bool
	// Labels returns the labels by which live pull requests asked for their environments and that they lack now, for the
	// repository's identity and its open pull requests; nil is none.
	Labels func(id int64, open []PullRequest) []string
	// Expected are pull requests from webhooks, open or closed. They aren't facts. Their details may be read together
	// with the list, and count only if the list has the same commits.
	Expected []PullRequest
	// Announced are the times of the newest changes that webhooks announced, by number. An answer about a pull request with
	// an environment from before that time is stale.
	Announced map[int]time.Time
}

// Known is a pull request with an environment, as memory has it.
type Known struct {
	// Updated is a time at which it was updated. An answer of GitHub with an older time is stale. Zero is unknown.
	Updated time.Time
	// IsClosed is true if there is enough evidence that it is closed. Then a conditional read is enough.
	IsClosed bool
	// NeedsDirectRead reports whether the pull request, as the list shows it, leaves its environment without enough
	// evidence; nil is no.
	NeedsDirectRead func(listed PullRequest) bool
}
