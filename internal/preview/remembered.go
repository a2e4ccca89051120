package preview

import (
	"cmp"
	"strconv"
	"time"

	"github.com/previewset/previewset/internal/config"
)

// Remembered is a live environment of the last snapshot.
type Remembered struct {
	// Members are its pull requests, by repository and number.
	Members []Member
	// IsGuarded is true if the deletion guard keeps the environment until a person confirms the removal, or asks for
	// it again.
	IsGuarded bool `json:"Braked"`
	Row       Row
	// IsLease is true if its file made it a lease. It is remembered, because the file is gone when the lease is released.
	IsLease bool `json:"Lease,omitempty"`
	// Person is the login that limits.perOwner counts it for, if that isn't the author.
	Person string `json:",omitempty"`
	Hosts  []string
	// Run are the services that run in it. For a pull request it only grows: Argo CD would prune a data store that
	// left.
	Run map[string]config.ServiceRef
}

// Member is a pull request in a live environment.
type Member struct {
	Repository string // lower case
	// RepositoryID is GitHub's numeric identity of the repository; 0 if unknown.
	RepositoryID int64 `json:",omitempty"`
	Number       int
	// Label is the configured label by which it was last admitted; empty after a loss of memory.
	Label string `json:",omitempty"`
	// Profile is the one that its labels named when it was last admitted to a named environment. It counts while the
	// member is held.
	Profile string `json:",omitempty"`
	// Updated is GitHub's updated_at when the label was first read; zero if unknown. Later updates don't change it,
	// because each comment is one.
	Updated time.Time `json:",omitzero"`
}

// Leaving is how a member leaves its environment, as GitHub shows it.
type Leaving struct {
	// To is leavesClosed, leavesUnlabelled, leavesJoin, or the environment that it joins.
	To string
	// Seen is the time of the first direct read that showed it; zero if there was none.
	Seen time.Time `json:",omitzero"`
	// Read is the time of the last direct read that showed it. A clock jump doesn't change it, so that the same read is
	// known as such. It is zero in the state of earlier versions.
	Read time.Time `json:",omitzero"`
	// IsSure is true after a second direct read, about one poll later, or after a webhook that says the same.
	IsSure bool `json:"Sure,omitempty"`
	// IsLabelDeleted is true if the repository lacked the label that the member lost. Then a person must confirm.
	IsLabelDeleted bool `json:"LabelDeleted,omitempty"`
}

// The values of Leaving.To besides the names of environments.
const (
	leavesClosed     = "(closed)"
	leavesUnlabelled = "(unlabelled)"
	leavesJoin       = "(own environment)"
)

func (m Member) subject() string { return subject(m.Repository, m.Number) }

// lasting returns a key of the pull request that a new name of the repository doesn't change.
func (m Member) lasting() string {
	if m.RepositoryID == 0 {
		return m.subject()
	}
	return strconv.FormatInt(m.RepositoryID, 10) + "#" + strconv.Itoa(m.Number)
}

// soleMember returns the only member; zero if there are several, or none.
func (e *Remembered) soleMember() Member {
	if e == nil || len(e.Members) != 1 {
		return Member{}
	}
	return e.Members[0]
}

// limitOwner returns the login that limits.perOwner counts a live environment for.
func (e *Remembered) limitOwner() string { return cmp.Or(e.Person, e.Row.Author) }

// Decided is a decision without its texts.
type Decided struct {
	Outcome Outcome
	Rule    Rule
	Since   time.Time
	// Ticket orders the waiting environments: the lowest is the next one; 0 if it doesn't wait. It grows, and isn't a
	// time, because clocks jump.
	Ticket int `json:"Place,omitempty"`
}

// The causes of sleep that lifetime settings don't decide alone.
const (
	SleptMaxAwake  config.SleepCause = "max-awake"
	SleptAsked     config.SleepCause = "asked"
	SleptForLimit  config.SleepCause = "limit"
	SleptRevoked   config.SleepCause = "approval"  // a commit from a fork isn't approved any more
	SleptPreempted config.SleepCause = "preempted" // it is a lease, and another environment needed its place
	SleptAtStart   config.SleepCause = "start"     // lifetime.start is asleep, and it was never awake
)

// Requests has the last requests about one environment.
type Requests struct {
	// Woken is the time of the last visit or wake request, Slept that of the last request to sleep.
	Woken time.Time `json:",omitzero"`
	Slept time.Time `json:",omitzero"`
	// AwakeUntil is the time until which it is kept awake, ExpiresNotBefore the time until which it doesn't expire.
	AwakeUntil       time.Time `json:"Held,omitzero"`
	ExpiresNotBefore time.Time `json:"Extended,omitzero"`
	// Renewed is the time of the last extension.
	Renewed time.Time `json:",omitzero"`
	// Redeployed is the time of the last request to redeploy. It is in Pod templates, so a clock jump doesn't change it.
	Redeployed time.Time `json:",omitzero"`
	By         string    `json:",omitempty"`
}

// Expired is an environment that its lifetime removed while it is still asked for.
type Expired struct {
	Rule   Rule
	Reason string
	// Heads are the commits that it was made from, as hashes. Members are its pull requests.
	Heads   string
	Members []Member
}

// Life has the activity and the state of a live environment. It changes without its row.
type Life struct {
	// Since is the time at which it went live, or became a file's environment. Changed is the time of its last change
	// of state.
	Since, Changed time.Time
	// Heads are the pushed commits, as hashes. Pushed is the time at which the newest was first seen.
	Heads  string
	Pushed time.Time
	// Active is the time of its last known or possible use.
	Active time.Time
	// Closed is the time at which its pull request was first seen closed; zero while that is open.
	Closed time.Time `json:",omitzero"`
	// Revoked is the time of the first read that showed a commit from a fork in it without approval; zero while all are
	// approved. It doesn't wake then.
	Revoked time.Time `json:",omitzero"`
	// Why is the cause of its sleep.
	Why config.SleepCause `json:",omitempty"`
	// Ticket orders the environments that wait to wake; 0 if it doesn't wait.
	Ticket int `json:"Place,omitempty"`
	// Unsure is true if Since is by a clock that couldn't be compared with GitHub's.
	Unsure bool `json:",omitempty"`
	// Took is the duration of the last wake.
	Took time.Duration `json:",omitempty"`
}
