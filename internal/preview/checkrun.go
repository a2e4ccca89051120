package preview

// CheckRun is what GitHub shows about a preview as a check of a commit.
type CheckRun struct {
	SHA string
	// Status is queued, in_progress or completed. Conclusion is success, failure or neutral if it is completed.
	Status, Conclusion string
	// ExternalID is ours: it names the pull request, "owner/name#number".
	ExternalID string
	// DetailsURL is the address behind "details", or empty.
	DetailsURL string
	// Title is plain text, Summary is Markdown. Neither is empty.
	Title, Summary string
	// Replaces is the ID of a check run that must not be used again; 0 allows all.
	Replaces int64
	// Actions are the buttons of the check run, at most three.
	Actions []CheckRunAction
}

// IsCompleted reports whether the check run has a result. GitHub doesn't open a completed one again.
func (r CheckRun) IsCompleted() bool { return r.Status == "completed" }

// CheckRunAction is a button of a check run. A label and an identifier have at most 20 characters, a description 40.
type CheckRunAction struct {
	Label       string `json:"label"`
	Description string `json:"description"`
	Identifier  string `json:"identifier"`
}
