package pending

import "slices"

// maxClicks bounds the waiting clicks. Each costs a request to GitHub. After a dropped one, the user can click again.
const maxClicks = 50

// ButtonRerun is the button of GitHub's own "Re-run" and "Re-run all checks".
const ButtonRerun = "rerun"

// Click is a click on a button of a check run at GitHub. Nothing in it is proven, except that GitHub sent it.
type Click struct {
	// Repository is the webhook's repository, "owner/name". After a rename, it isn't the configured name.
	Repository string
	// CheckRun is the ID of the check run, and ExternalID what it names. Both are empty in a click on "Re-run all checks",
	// which names only the commit.
	CheckRun   int64
	ExternalID string
	Commit     string
	// Button is the identifier of the button.
	Button string
	// Login and UserID name the user who clicked.
	Login  string
	UserID int64
}

// Clicks are clicks in the order of arrival, each once.
type Clicks []Click

// Merge returns the clicks with newer ones.
func (c Clicks) Merge(newer Clicks) Clicks {
	for _, click := range newer {
		if len(c) < maxClicks && !slices.Contains(c, click) {
			c = append(c, click)
		}
	}
	return c
}
