package preview

// result is what becomes of a desired environment.
type result struct {
	desired *desiredEnvironment // with the holds of its members
	hold    *hold               // why it isn't created or updated; nil if it is
	planned *plannedEnvironment // nil unless it is created or updated
	live    *Remembered
	members []memberResult
	// isOwnSubject is true if there is a decision about the environment itself, besides those about its members.
	isOwnSubject bool
	// counted are the environments with a removal that the deletion guard counts, also if it is stopped.
	counted []*Remembered
	// expired is the entry of an environment that its lifetime takes away.
	expired *Expired
	// followUp is the file's environment if an adopted one loses its pull request.
	followUp *desiredEnvironment
}

func (r *result) countRemoval(e *Remembered) { r.counted = append(r.counted, e) }

// memberResult is what becomes of a pull request that asks for the environment.
type memberResult struct {
	*member
	outcome memberOutcome
	hold    *hold
	// dedicated is the environment that it keeps instead.
	dedicated *Remembered
}

// memberOutcome is the kind of a memberResult.
type memberOutcome int

const (
	memberRuns           memberOutcome = iota // it runs at its head
	memberStays                               // it stays as it was
	memberKeptOut                             // it isn't in the environment
	memberKept                                // its dedicated environment stays as it was
	memberKeepsDedicated                      // it stays in its dedicated environment
)

// kept is an environment that stays as it was, without a desired one.
type kept struct {
	*Remembered
	hold *hold
	head string // the pull request's head commit, as far as it is known
}
