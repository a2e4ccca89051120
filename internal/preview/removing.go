package preview

import (
	"fmt"
	"strings"

	"github.com/previewset/previewset/internal/config"
)

// maxRemaining bounds the named objects of a removal.
const maxRemaining = 3

// Removal says how far the removal of an Application is; "" if it isn't being removed. A cloud resource goes only when its
// controller has deleted the thing outside of the cluster and removed its finalizer.
func (a *ApplicationStatus) Removal() string {
	if a == nil || !a.Deleting {
		return ""
	}
	return "removing" + a.waitsForRemaining()
}

func (a *ApplicationStatus) waitsForRemaining() string {
	if len(a.Remaining) == 0 {
		return ""
	}
	text := strings.Join(a.Remaining[:min(maxRemaining, len(a.Remaining))], ", ")
	if more := len(a.Remaining) - maxRemaining; more > 0 {
		text += fmt.Sprintf(" and %d more", more)
	}
	return config.Printable(": waiting for " + text)
}
