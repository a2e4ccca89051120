package wait

import (
	"context"
	"net/http"

	"github.com/previewset/previewset/internal/cli/apiclient"
	"github.com/previewset/previewset/internal/cli/flags"
	"github.com/previewset/previewset/internal/preview"
)

// isGone reports whether the generator has removed the environment and Argo CD has deleted its Application.
func (w *waiter) isGone(ctx context.Context) (bool, error) {
	status, decision, err := w.find(ctx)
	if err != nil {
		return false, err
	}
	if status != nil {
		w.state = "it is live"
		return false, w.addReason(ctx)
	}
	name := w.nameOf(decision)
	isUnknown := decision == nil && w.Name == ""
	if name == "" {
		w.noteIf(isUnknown)
		return true, nil // a pull request without an environment
	}
	application, err := w.Client.Application(ctx, name)
	isDeleted := apiclient.IsStatus(err, http.StatusNotFound)
	hasNoCluster := apiclient.IsStatus(err, http.StatusNotImplemented)
	switch {
	case isDeleted:
		w.noteIf(isUnknown)
		return true, nil
	case hasNoCluster:
		w.noteIf(isUnknown)
		w.Env.Notef("the generator has no access to a cluster: Argo CD may still have the Application")
		return true, nil
	case err != nil:
		return false, err
	}
	w.state = "Argo CD is deleting it"
	if len(application.Remaining) > 0 {
		w.state = application.Removal()
	}
	if !application.Deleting {
		w.state = "Argo CD hasn't started to delete it"
	}
	return false, nil
}

// noteIf tells the user that the generator doesn't know the name. A clean-up that runs again must not fail, but the name
// may be mistyped.
func (w *waiter) noteIf(isUnknown bool) {
	if isUnknown {
		w.Env.Notef("the generator knows no environment %s: it was removed more than a day ago, or never existed; "+
			"check the name: previewctl list --all", w.Target)
	}
}

// nameOf returns the environment's name as far as it is known.
func (w *waiter) nameOf(d *preview.Decision) string {
	switch {
	case w.Name != "":
		return w.Name
	case d != nil && d.Environment != "":
		return d.Environment
	case flags.IsDNSLabel(w.Target):
		return w.Target
	}
	return ""
}
