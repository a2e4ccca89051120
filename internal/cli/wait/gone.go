package wait

import (
	"context"
	"net/http"

	"github.com/previewset/previewset/internal/cli/apiclient"
	"github.com/previewset/previewset/internal/cli/flags"
)

// isGone says whether the service answers the environment no more and Argo CD has deleted it.
func (w *waiter) isGone(ctx context.Context) (bool, error) {
	status, decision, err := w.find(ctx)
	if err != nil {
		return false, err
	}
	if status != nil {
		w.line = "it is live"
		return false, w.explain(ctx)
	}
	name := w.Name
	if name == "" && decision != nil {
		name = decision.Environment
	}
	if name == "" && flags.IsDNSLabel(w.Target) {
		name = w.Target
	}
	if name == "" {
		return true, nil // a pull request that nobody knows: it has no environment
	}
	application, err := w.Client.Application(ctx, name)
	switch {
	case apiclient.IsStatus(err, http.StatusNotFound):
		return true, nil
	case apiclient.IsStatus(err, http.StatusNotImplemented):
		w.Env.Inform("note: the service knows no cluster, so it can't tell whether Argo CD has deleted it yet")
		return true, nil
	case err != nil:
		return false, err
	}
	w.line = "Argo CD is deleting it"
	if !application.Deleting {
		w.line = "Argo CD hasn't begun to delete it"
	}
	return false, nil
}
