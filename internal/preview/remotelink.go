package preview

// RemoteLink is a link to a preview that an issue tracker shows on an issue.
type RemoteLink struct {
	// ID tells the link from all others of the issue. A link with the same ID is changed instead of added.
	ID string
	// URL is where the link leads, Title its text, and Summary the text after it. Summary may be empty.
	URL, Title, Summary string
	// Resolved says that the preview is gone. The tracker strikes the link out.
	Resolved bool
}
