package githubtest

import (
	"strings"
	"time"
)

// repository is one repository with everything in it.
type repository struct {
	id              int64
	owner, name     string
	private         bool
	fork            bool
	defaultBranch   string
	created, pushed time.Time
	updated         time.Time
	version         int64             // state.version at the last activity of any kind
	permissions     map[string]string // roles by login, in lower case
	labels          map[string]string // names as GitHub shows them, by lower-case name

	nextNumber   int // of the next pull request
	pulls        map[int]*pull
	pullsInOrder []*pull           // by number
	refs         map[string]string // object SHA by "heads/main" or "tags/v1"
	tags         map[string]tagObject
	statuses     map[string][]statusEntry     // by commit, the newest first
	checkRuns    map[string][]checkRunEntry   // by commit
	checkSuites  map[string][]checkSuiteEntry // by commit
	deployments  []*deploymentEntry           // the oldest first

	cachedJSON    []byte
	cachedVersion int64 // version that cachedJSON shows
}

func newRepository(id int64, fullName string, now time.Time) *repository {
	owner, name, _ := strings.Cut(fullName, "/")
	return &repository{
		id: id, owner: owner, name: name, defaultBranch: "main", nextNumber: 1, created: now, pushed: now, updated: now,
		permissions: map[string]string{}, labels: map[string]string{}, pulls: map[int]*pull{}, refs: map[string]string{},
		tags:     map[string]tagObject{},
		statuses: map[string][]statusEntry{}, checkRuns: map[string][]checkRunEntry{},
		checkSuites: map[string][]checkSuiteEntry{},
	}
}

func (r *repository) fullName() string { return r.owner + "/" + r.name }

func (r *repository) apiURL() string { return apiRoot + "/repos/" + r.fullName() }

func (r *repository) htmlURL() string { return htmlRoot + "/" + r.fullName() }

// resolveCommit turns a SHA, a branch or a tag into a commit's SHA.
func (r *repository) resolveCommit(name string) string {
	name = strings.TrimPrefix(name, "refs/")
	for _, ref := range []string{name, "heads/" + name, "tags/" + name} {
		if sha := r.refs[ref]; sha != "" {
			name = sha
			break
		}
	}
	for range 10 {
		t, annotated := r.tags[name]
		if !annotated {
			break
		}
		name = t.sha
	}
	return name
}
