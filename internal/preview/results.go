package preview

// resolved are the results of all steps before explain.
type resolved struct {
	*input
	ids        *identities
	lifecycles *lifecycles
	reconciler *reconciler
	live       *liveSet
	linked     linkResult
	states     runStates
	expired    map[string]Expired // removed by their lifetime, by name
	lastTicket int                // the highest ticket
}

// explanation is the result of the explain step.
type explanation struct {
	decisions []Decision // sorted
	decided   map[string]Decided
	gone      []Decision // environments that were removed lately, the newest last
}
