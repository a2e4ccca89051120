package pages

import (
	"maps"
	"net/http"
	"slices"
)

// Kind is the kind of a wake page: the state or phase of a preview, as far as a visitor may know it. It is the value of
// "state" in the JSON answer, and of the header Previewset-State.
type Kind string

// The kinds.
const (
	Unready  Kind = "unready" // the generator has just started and has no snapshot yet
	Unknown  Kind = "unknown"
	Asleep   Kind = "asleep"
	Queued   Kind = "queued" // it must wake, and waits for a limit
	Waking   Kind = "waking"
	Starting Kind = "starting" // it is awake, and its route doesn't exist yet
	Building Kind = "building"
	Held     Kind = "held"
	Gone     Kind = "gone"
)

// presentation is the content of a kind of page. The code is always 503 or 404, so no client takes the page for the
// application.
type presentation struct {
	word, says string
	code       int
	// retry is the Retry-After header in seconds; 0 if nothing changes without a user.
	retry int
	// moving pages reload themselves.
	moving bool
}

// becomes ends the text of moving pages. These texts fit into the lines that the page reserves, so that nothing shifts
// when one replaces another.
const becomes = " This page becomes the application by itself."

// namePlaceholder is replaced by the environment's name.
const namePlaceholder = "{name}"

var presentations = map[Kind]presentation{
	Unready: {
		word: "Not ready", code: http.StatusServiceUnavailable, retry: 5, moving: true,
		says: "The preview service has just started and can’t look up previews yet." + becomes,
	},
	Unknown: {
		word: "Not found", code: http.StatusNotFound,
		says: "No preview has this address. Compare it with the link that you have. " +
			"To see the state of a pull request’s preview, run: previewctl why owner/repo#12",
	},
	Asleep: {
		word: "Asleep", code: http.StatusServiceUnavailable, retry: 30,
		says: "This preview is asleep. Its data is kept.",
	},
	Queued: {
		word: "Waiting to wake", code: http.StatusServiceUnavailable, retry: 30, moving: true,
		says: "The limit of awake previews is reached. It wakes as soon as possible." + becomes,
	},
	Waking: {
		word: "Waking up", code: http.StatusServiceUnavailable, retry: 10, moving: true,
		says: "It was asleep and starts again with all its data." + becomes,
	},
	Starting: {
		word: "Starting", code: http.StatusServiceUnavailable, retry: 10, moving: true,
		says: "It is starting or being updated." + becomes + " If it takes minutes, previewctl show says why.",
	},
	Building: {
		word: "Building", code: http.StatusServiceUnavailable, retry: 30, moving: true,
		says: "Its newest commit is being built." + becomes + " If that fails, its pull request shows it.",
	},
	Held: {
		word: "On hold", code: http.StatusServiceUnavailable, retry: 300,
		says: "This preview doesn’t run until a problem is fixed. To see the problem, run: previewctl why " + namePlaceholder,
	},
	Gone: {
		word: "Gone", code: http.StatusNotFound,
		says: "This preview was removed. To get it back, push to its pull request, or reopen or label it again. " +
			"If it was made by hand and has expired, run: previewctl extend " + namePlaceholder,
	},
}

// Kinds returns all kinds, sorted.
func Kinds() []Kind { return slices.Sorted(maps.Keys(presentations)) }
