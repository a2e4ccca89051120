package preview

import "time"

// The states of an environment, as its row says them, besides Asleep: no replicas; volumes, Secrets and ConfigMaps stay.
const (
	Awake = "awake"
	// Waking has its replicas again, but its hosts still lead to the page that says so.
	Waking = "waking"
)

// Measurement is what was measured of how environments are used. The zero value is that nobody knows.
type Measurement struct {
	// At is when the newest whole measurement began; zero where there is none.
	At time.Time
	// Window is how far back one measurement looks.
	Window time.Duration
	// Used says of each namespace whether it was used within Window before At. One that is missing wasn't measured.
	Used map[string]bool
	// Problem is why nothing newer is known; empty where the last measurement succeeded.
	Problem string
}

// Workload is a Deployment or StatefulSet, as it is in the cluster.
type Workload struct {
	Namespace string `json:"-"`
	Kind      string `json:"kind"`
	Name      string `json:"name"`
	// Replicas are how many it is to have, Ready how many serve.
	Replicas int `json:"replicas"`
	Ready    int `json:"ready"`
	// CPU and Memory are what each replica requests, in thousandths of a core and bytes.
	CPU    int64 `json:"cpu_millicores"`
	Memory int64 `json:"memory_bytes"`
}

// Request is something that somebody asks of an environment.
type Request struct {
	Environment string
	// Action is "wake", "sleep" or "extend".
	Action string
	// For is how long a woken environment is kept awake, or from now until when an extended one isn't over; zero where it
	// wasn't said.
	For time.Duration
	// By is who asks, for people: a login, a command, or "a visit". Hostile.
	By string
	At time.Time
}

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
	Rule, Reason string
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
	// Why is why it sleeps.
	Why string `json:",omitempty"`
	// Place orders those that wait until they may wake; 0 is of who doesn't wait.
	Place int `json:",omitempty"`
	// Unsure says that Since is of a clock that nobody could compare.
	Unsure bool `json:",omitempty"`
	// Took is how long it took to wake the last time.
	Took time.Duration `json:",omitempty"`
}
