package replica

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/http/httputil"
	"net/url"
	"time"
)

const (
	// connectTimeout bounds the time to reach the leader, askTimeout the time for its answer to Argo CD, which waits 30
	// seconds.
	connectTimeout = time.Second
	askTimeout     = 8 * time.Second
	// readAgain is the age of the known holder after which the Lease is read before a request is forwarded. The election
	// reads it every 2 seconds.
	readAgain = 3 * time.Second
)

// transport connects to the leader. It uses no proxy, and leaves compressed answers as they are.
func transport() *http.Transport {
	return &http.Transport{
		DialContext: (&net.Dialer{Timeout: connectTimeout}).DialContext, DisableCompression: true,
		MaxIdleConnsPerHost: 64, IdleConnTimeout: 30 * time.Second,
	}
}

// leader returns the address of another replica that leads.
func (r *Replica) leader(ctx context.Context) (Address, error) {
	h := r.Lease.Holder()
	var err error
	if h.Identity == "" || h.IsSelf || time.Since(h.ReadAt) > readAgain {
		if h, err = r.Lease.Read(ctx); err != nil {
			return Address{}, err
		}
	}
	a, ok := parseAddress(h.Identity)
	switch {
	case h.Identity == "":
		return Address{}, errors.New("no replica leads")
	case h.IsSelf:
		return Address{}, errors.New("this replica begins or ends to lead")
	case !ok:
		return Address{}, fmt.Errorf("the holder of lease %s, %q, is no address of a replica", r.Lease.Name(), h.Identity)
	}
	return a, nil
}

// addressOf returns the address of a listener.
func (a Address) addressOf(listener string) string {
	if listener == publicListener {
		return a.Public
	}
	return a.Private
}

// forward sends a request to the leader, and its answer to the client. It calls failed if there is no whole answer, or
// if accept refuses it.
func (r *Replica) forward(
	w http.ResponseWriter, request *http.Request, listener string,
	accept func(*http.Response) error, failed func(error),
) {
	if isForwarded(request) { // guard no-forward-loop: false
		failed(errors.New("this replica doesn't lead any more"))
		return
	}
	a, err := r.leader(request.Context())
	if err != nil {
		failed(err)
		return
	}
	target := &url.URL{Scheme: "http", Host: a.addressOf(listener)}
	proxy := &httputil.ReverseProxy{
		Transport: r.transport, ErrorLog: r.errorLog, ModifyResponse: accept,
		ErrorHandler: func(_ http.ResponseWriter, _ *http.Request, err error) { failed(err) },
		Rewrite:      func(p *httputil.ProxyRequest) { r.rewrite(p, target, listener) },
	}
	proxy.ServeHTTP(w, request)
}

// rewrite leaves a request as it is, except for its target and the proof. ReverseProxy drops what the proxies in front of
// the generator have set.
func (r *Replica) rewrite(p *httputil.ProxyRequest, target *url.URL, listener string) {
	p.SetURL(target)
	p.Out.Host, p.Out.URL.RawQuery = p.In.Host, p.In.URL.RawQuery
	for _, name := range []string{"Forwarded", "X-Forwarded-For", "X-Forwarded-Host", "X-Forwarded-Proto"} {
		if values, isSet := p.In.Header[name]; isSet {
			p.Out.Header[name] = values
		}
	}
	if _, isSet := p.In.Header["User-Agent"]; !isSet {
		p.Out.Header["User-Agent"] = nil // otherwise Go names itself
	}
	r.prover.sign(p.Out, listener, p.In.RemoteAddr)
}

// ask forwards a request of Argo CD. It reads the leader's whole answer before it passes it on, so that an interrupted one
// leaves the choice of another answer. Failed is called if the leader doesn't answer, or answers with an error of its own.
func (r *Replica) ask(w http.ResponseWriter, request *http.Request, body []byte, failed func(error)) {
	ctx, cancel := context.WithTimeout(request.Context(), askTimeout)
	defer cancel()
	out := request.WithContext(ctx)
	out.Body = io.NopCloser(bytes.NewReader(body))
	r.forward(w, out, privateListener, func(answer *http.Response) error {
		if answer.StatusCode >= http.StatusInternalServerError {
			return fmt.Errorf("the leader answers %d", answer.StatusCode)
		}
		content, err := io.ReadAll(answer.Body)
		if err != nil {
			return err
		}
		_ = answer.Body.Close() // it was read to its end
		answer.Body = io.NopCloser(bytes.NewReader(content))
		return r.count(answer)
	}, failed)
}

// count counts an answer of the leader.
func (r *Replica) count(*http.Response) error {
	r.metrics.forwarded.WithLabelValues("answered").Inc()
	return nil
}
