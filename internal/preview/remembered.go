package preview

import (
	"cmp"
	"strconv"
	"time"

	"github.com/previewset/previewset/internal/config"
)

// Remembered is one live environment as it was last answered.
type Remembered struct {
	// Members are the pull requests that are in it, by repository and number.
	Members []Member
	// Braked says that it lost what asked for it together with too many others: it stays until somebody confirms that it
	// may go, or asks for it again.
	Braked bool
	Row    Row
	// Person is whom it counts for in limits.perOwner where that isn't its author.
	Person string `json:",omitempty"`
	Hosts  []string
	// Run is what runs in it. For a pull request it only grows: a data store that left the row would be pruned.
	Run map[string]config.ServiceRef
}

// Member is a pull request that is in a live environment.
type Member struct {
	Repository string // lower case
	// RepositoryID is GitHub's numeric identity of it; 0 where nobody knows it.
	RepositoryID int64 `json:",omitempty"`
	Number       int
	// Label is the one that configuration asked for when it last had it; empty where memory was lost since.
	Label string `json:",omitempty"`
	// Profile is the one that its labels named when it was last let in to an environment with a given name; it counts there as
	// long as it stays as it was.
	Profile string `json:",omitempty"`
}

func (m Member) subject() string { return subject(m.Repository, m.Number) }

// lasting names a pull request however its repository is called.
func (m Member) lasting() string {
	if m.RepositoryID == 0 {
		return m.subject()
	}
	return strconv.FormatInt(m.RepositoryID, 10) + "#" + strconv.Itoa(m.Number)
}

// member is the one that a pull request's own environment has.
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
	// Place orders those that wait for a limit: it grows, and is no date, because clocks jump. 0 is of who doesn't wait.
	Place int `json:",omitempty"`
}

// The causes of sleep that lifetime settings don't decide alone.
const (
	SleptMaxAwake config.SleepCause = "max-awake"
	SleptAsked    config.SleepCause = "asked"
	SleptForLimit config.SleepCause = "limit"
)

// Intent is what people asked of one environment last.
type Intent struct {
	// Woken and Slept are when somebody visited it or asked for it, and when somebody sent it to sleep.
	Woken time.Time `json:",omitzero"`
	Slept time.Time `json:",omitzero"`
	// Held is until when it is kept awake, Extended until when it isn't over.
	Held     time.Time `json:",omitzero"`
	Extended time.Time `json:",omitzero"`
	// Renewed is when it was extended last.
	Renewed time.Time `json:",omitzero"`
	By      string    `json:",omitempty"`
}

// Left is an environment that its lifetime took away, while what asks for it is still there.
type Left struct {
	// Rule and Reason are why.
	Rule   Rule
	Reason string
	// Heads are the commits that it was made of, as hashes, and Members its pull requests.
	Heads   string
	Members []Member
}

// Life is what is remembered of how a live environment is used. It changes without its row.
type Life struct {
	// Since is when it became live, or a file's alone; Changed when it got its present state.
	Since, Changed time.Time
	// Heads are the commits of its people's pushes, as hashes, and Pushed is when the newest was first seen.
	Heads  string
	Pushed time.Time
	// Active is when it was last used, or may have been.
	Active time.Time
	// Closed is when its pull request was first seen closed or merged; zero while that is open.
	Closed time.Time `json:",omitzero"`
	// Why is the cause of its sleep.
	Why config.SleepCause `json:",omitempty"`
	// Place orders those that wait until they may wake; 0 is of who doesn't wait.
	Place int `json:",omitempty"`
	// Unsure says that Since is of a clock that nobody could compare.
	Unsure bool `json:",omitempty"`
	// Took is how long it took to wake the last time.
	Took time.Duration `json:",omitempty"`
}
