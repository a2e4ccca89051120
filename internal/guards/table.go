package main

// The tests that play random sequences.
var (
	service = sequences{"./generator", "TestNoPreviewIsLost", "1"}
	domain  = sequences{"./internal/preview", "TestNoEnvironmentIsLost", "1"}
	// more begin with a sequence that the first ones of service lack.
	more = sequences{"./generator", "TestNoPreviewIsLost", "680"}
	// late begin with a copy of GitHub that lags behind a webhook while lists can't be read.
	late  = sequences{"./generator", "TestNoPreviewIsLost", "201178"}
	sleep = sequences{"./internal/preview", "TestNothingSleepsWithoutEvidence", "1"}
	// All tests of a package without random sequences.
	replicas   = sequences{pkg: "./generator/replica", test: "Test.*"}
	savedState = sequences{pkg: "./internal/cluster", test: "Test.*"}
)

// guards are all rules that keep environments from vanishing or from falling asleep. Where two protect from the same
// thing, both are disabled at once.
var guards = []guard{
	{"a failed read keeps the repository's last facts", service, markers("failed-read")},
	{"a page that can't be read is an error", service, markers("unreadable-page")},
	{"an answer without a list is an error", service, markers("missing-list")},
	{"a full page has a next one, even without a link", service, markers("full-page")},
	{
		"a pull request that is missing in the list is read directly", service,
		markers("missing-pull-request", "observed-directly", "second-observation"),
	},
	{
		"a missing pull request is read directly after a restart", service,
		markers("missing-after-restart", "observed-directly", "second-observation"),
	},
	{
		"a pull request that can't be read directly counts as open", service,
		markers("unreadable-counts-as-open", "second-observation"),
	},
	{
		"a pull request that leaves by the list is read directly", service,
		markers("leaves-in-list", "older-state", "observed-directly", "second-observation"),
	},
	{"a stale direct read removes nothing", service, markers("older-state", "second-observation")},
	{"an answer from before an announced state is no evidence", late, markers("announced-state")},
	{"an unread pull request stays after a restart", service, markers("unread-member")},
	{"no answer before every repository was read", service, markers("everything-read")},
	{"state is saved before its snapshot is served", service, markers("saved-before-served")},
	{"saved state is read at the start", service, markers("saved-state-read")},
	{
		"unknown activity counts as activity", service,
		markers("measurement-is-new", "namespace-is-measured", "idle-at-measurement"),
	},
	{"corrupt saved state doesn't count as empty", service, markers("corrupt-saved-state")},
	{"lost state is recovered from Applications", service, markers("recovery")},
	{
		"a reused repository name says nothing about the first repository", service,
		markers("other-repository", "same-identity"),
	},
	{"members of repositories that can't be read stay", service, markers("unreadable-repository")},
	{"members of repositories removed from the configuration stay", service, markers("removed-repository")},
	{"another label in the configuration removes nothing", service, markers("other-label")},
	{"environments of a deleted label stay", service, markers("deleted-label")},
	{"a changed filter that selects nothing waits for confirmation", service, markers("changed-filter")},
	{"no more environments lose their label at once than people remove", service, markers("deletion-guard")},
	{"no large share of a repository's environments is lost at once", more, markers("deletion-guard-share")},
	{"a guarded removal stays guarded", service, markers("guarded-before")},
	{"a clock jump allows no more deletions", service, markers("clock-jump-and-deletions")},
	{"a rule that holds new environments removes no live one", service, markers("held-stays-live")},
	{"invalid configuration keeps the last valid one in force", service, markers("invalid-config")},
	{"a required folder that isn't a plain folder makes the configuration invalid", service, markers("plain-folder")},
	{"an unreadable config branch keeps the last configuration in force", service, markers("unreadable-config")},
	{"a commit that changes nothing of an environment keeps its revision", service, markers("unchanged-revision")},
	{"rows are in order", service, markers("row-order")},
	{"an environment keeps its namespace", domain, markers("namespace-stays")},
	{"an environment keeps its services", domain, markers("services-stay")},
	{"no commit of a fork runs without approval", domain, markers("fork-approval")},
	{"no commit runs before it is ready", domain, markers("ready")},
	{"no more environments are created than limits allow", domain, markers("limits")},
	{"unknown use counts as use", sleep, markers("unknown-use")},
	{"a namespace without a measurement isn't idle", sleep, markers("namespace-is-measured")},
	{"an old measurement says nothing", sleep, markers("old-measurement")},
	{"a gap between two measurements counts as use", sleep, markers("gap")},
	{"a clock that differs from GitHub's puts nothing to sleep", sleep, markers("clock-agrees")},
	{"a clock that has just jumped puts nothing to sleep", sleep, markers("clock-jumped-just-now")},
	{"a clock jump makes nothing older", sleep, markers("clock-jump")},
	{"a file's keepAwake keeps its environment awake", sleep, markers("stays-awake")},
	{"a user's hold keeps an environment awake", sleep, markers("kept-awake", "kept-awake-at-limit")},
	{"links from awake environments keep their target awake", sleep, markers("linked", "linked-at-limit")},
	{"grace ends by a reliable clock only", sleep, markers("grace-clock")},
	{"grace ends by a read since then", sleep, markers("grace-read")},
	{"a forwarded request isn't forwarded again", replicas, markers("no-forward-loop")},
	{"only another replica names the client of a forwarded request", replicas, markers("forwarded-proof")},
	{"a follower without news of the leader doesn't answer", replicas, markers("saved-state-age")},
	{"a follower answers with the state that is saved now", replicas, markers("newest-saved-state")},
	{"a follower doesn't decide about a changed filter", replicas, markers("saved-filter")},
	{"a leader answers with the state that is saved now", replicas, markers("newest-answer")},
	{"a part of another save is an error", savedState, markers("part-is-checked")},
	{"a save leaves the parts of the one before", savedState, markers("other-set")},
	{"only the present writer replaces parts", savedState, markers("part-needs-writer")},
	{"a leader claims the saved state only with its lease", savedState, markers("claim-needs-lease")},
	{"a writer notices another one", savedState, markers("other-writer-noticed")},
}

func markers(names ...string) []string { return names }
