package replica

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"time"

	"github.com/previewset/previewset/generator/api"
)

const (
	privateListener = "private"
	publicListener  = "public"
	paramsPath      = "/api/v1/getparams.execute"
	// confirmTimeout bounds the time to read the saved state's revision.
	confirmTimeout = 5 * time.Second
)

// private serves Argo CD, the API, metrics and probes.
func (r *Replica) private(s Service, own http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, request *http.Request) {
		switch request.URL.Path {
		case "/livez", "/metrics":
			own.ServeHTTP(w, request)
		case "/readyz":
			r.ready(w, request, s, own)
		case paramsPath:
			r.params(w, request, s, own)
		default:
			r.other(w, request, privateListener, own)
		}
	})
}

// public serves webhooks, visits and the previews page.
func (r *Replica) public(own http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, request *http.Request) {
		r.other(w, request, publicListener, own)
	})
}

// other serves a request that only the leader can answer.
func (r *Replica) other(w http.ResponseWriter, request *http.Request, listener string, own http.Handler) {
	if r.leads.Load() {
		own.ServeHTTP(w, request)
		return
	}
	if request.ContentLength == 0 {
		// The server's read timeout would end a long answer: the server reads on, to see that the client leaves.
		_ = http.NewResponseController(w).SetReadDeadline(time.Time{}) // only tests have writers without a connection
	}
	r.forward(w, request, listener, r.count, func(err error) {
		r.metrics.forwarded.WithLabelValues("failed").Inc()
		r.Logger.Warn("forward request failed", "listener", listener, "error", err)
		cause := ""
		if listener == privateListener { // anonymous visitors learn no addresses
			cause = ": " + err.Error()
		}
		refuse(w, fmt.Sprintf("the leader of the replicas can't be reached%s; try again in some seconds", cause))
	})
}

// params answers Argo CD: with the leader's rows if they are those of the saved state now, and with the saved rows
// otherwise.
func (r *Replica) params(w http.ResponseWriter, request *http.Request, s Service, own http.Handler) {
	if r.leads.Load() {
		r.lead(w, request, s, own)
		return
	}
	body, err := io.ReadAll(io.LimitReader(request.Body, api.MaxRequestBody+1))
	if err != nil {
		refuse(w, "the request can't be read")
		return
	}
	r.ask(w, request, body, func(failure error) {
		if isForwarded(request) {
			refuse(w, failure.Error())
			return
		}
		r.metrics.answers.WithLabelValues("follower").Inc()
		request.Body = io.NopCloser(bytes.NewReader(body))
		r.saved.serve(w, request, failure)
	})
}

// lead answers Argo CD as the leader. A leader that was paused or cut off finds another saved state than its own, or none.
func (r *Replica) lead(w http.ResponseWriter, request *http.Request, s Service, own http.Handler) {
	ctx, cancel := context.WithTimeout(request.Context(), confirmTimeout)
	defer cancel()
	sum, err := r.saved.sum(ctx)
	if err != nil {
		refuse(w, fmt.Sprintf("the leader can't confirm that its answer is the newest: %s", err))
		return
	}
	if p := s.Published(); p != nil && p.Saved == sum { // guard newest-answer: true
		own.ServeHTTP(w, request)
		return
	}
	if s.Published() != nil {
		r.save() // writes a lost state again, or finds another writer
	} else if _, err := r.saved.now(ctx); err != nil {
		own.ServeHTTP(w, request) // says why there is no snapshot
		return
	}
	r.metrics.answers.WithLabelValues("leader").Inc()
	r.saved.serve(w, request, errNotPublished)
}

// ready answers the readiness probe. A replica is ready when it can answer Argo CD.
func (r *Replica) ready(w http.ResponseWriter, request *http.Request, s Service, own http.Handler) {
	_, isVerbose := request.URL.Query()["verbose"]
	if r.leads.Load() && (s.Published() != nil || isVerbose) {
		own.ServeHTTP(w, request)
		return
	}
	ctx, cancel := context.WithTimeout(request.Context(), confirmTimeout)
	defer cancel()
	err := r.saved.check(ctx)
	if err != nil && r.leads.Load() {
		own.ServeHTTP(w, request) // says why there is no snapshot
		return
	}
	code, text := http.StatusOK, "ok\n"
	if err != nil {
		code, text = http.StatusServiceUnavailable, fmt.Sprintf("not ready: %s\n", err)
	}
	if isVerbose {
		text = r.describe() + text
	}
	w.Header().Set("Content-Type", "text/plain; charset=utf-8")
	w.WriteHeader(code)
	_, _ = io.WriteString(w, text) // the client may be gone
}

// describe explains the state of a follower.
func (r *Replica) describe() string {
	h, seen := r.Lease.Holder(), "never"
	if !h.RenewedAt.IsZero() {
		seen = time.Since(h.RenewedAt).Round(time.Second).String() + " ago"
	}
	return fmt.Sprintf("this replica follows; lease %s: held by %q, renewal seen %s\n", r.Lease.Name(), h.Identity, seen)
}

// refuse answers 503 with a reason.
func refuse(w http.ResponseWriter, message string) {
	w.Header().Set("Content-Type", "application/json; charset=utf-8")
	w.Header().Set("Retry-After", "5")
	w.WriteHeader(http.StatusServiceUnavailable)
	_ = json.NewEncoder(w).Encode(map[string]string{"message": message}) // the client may be gone
}
