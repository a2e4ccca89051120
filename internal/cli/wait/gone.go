package wait

import (
	"context"
	"fmt"
	"net/http"

	"github.com/previewset/previewset/internal/cli/apiclient"
	"github.com/previewset/previewset/internal/cli/flags"
	"github.com/previewset/previewset/internal/preview"
)

// isGone reports whether the service has removed the environment and Argo CD has deleted its Application.
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
	if name == "" && decision == nil {
		return false, w.unknown()
	}
	if name == "" {
		return true, nil // a pull request without an environment
	}
	application, err := w.Client.Application(ctx, name)
	isDeleted, hasNoCluster := apiclient.IsStatus(err, http.StatusNotFound), apiclient.IsStatus(err, http.StatusNotImplemented)
	switch {
	case (isDeleted || hasNoCluster) && decision == nil && w.Name == "":
		return false, w.unknown()
	case isDeleted:
		return true, nil
	case hasNoCluster:
		w.Env.Notef("the service has no access to a cluster: Argo CD may still have the Application")
		return true, nil
	case err != nil:
		return false, err
	}
	w.state = "Argo CD is deleting it"
	if !application.Deleting {
		w.state = "Argo CD hasn't started to delete it"
	}
	return false, nil
}

// unknown returns the error for a name that the service doesn't know: a mistyped name must not count as removed.
func (w *waiter) unknown() error {
	return fmt.Errorf("the service knows no environment %s, so it can't tell whether it is gone\n"+
		"check the name: previewctl list --all", w.Target)
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
