package gitrepo

import (
	"context"
	"errors"
	"fmt"
	"io"
	"strings"
	"time"

	"github.com/go-git/go-git/v5/plumbing"
	"github.com/go-git/go-git/v5/plumbing/format/packfile"
	"github.com/go-git/go-git/v5/plumbing/protocol/packp"
	"github.com/go-git/go-git/v5/plumbing/protocol/packp/capability"
	"github.com/go-git/go-git/v5/plumbing/protocol/packp/sideband"
	"github.com/go-git/go-git/v5/plumbing/transport"
	"github.com/go-git/go-git/v5/plumbing/transport/client"
	"github.com/go-git/go-git/v5/storage/memory"
)

// parseURL parses an address as go-git does. Its errors don't show the address: it may hold a password.
func parseURL(raw string) (*transport.Endpoint, error) {
	const use = "use https://, ssh://, git@host:path or file://"
	if raw == "" {
		return nil, errors.New("missing repository address; " + use)
	}
	e, err := transport.NewEndpoint(raw)
	if err != nil {
		return nil, errors.New("the repository's address is not a URL; " + use)
	}
	switch e.Protocol {
	case "http", "https", "ssh", "file":
	default:
		return nil, fmt.Errorf("%s:// is not supported; %s", e.Protocol, use)
	}
	if e.Password != "" || strings.Contains(e.User, ":") || (e.User != "" && e.Protocol != "ssh") {
		return nil, errors.New("the repository's address contains a user or password; remove it and set a token")
	}
	return e, nil
}

// remote lists, fetches and pushes. Each conversation ends after timeout.
type remote struct {
	endpoint    *transport.Endpoint
	timeout     time.Duration
	credentials *credentials
	// HTTP sessions are kept, because they remember the target of redirects. They keep no connection open.
	readSession  transport.UploadPackSession  // named after the server's part, upload-pack
	writeSession transport.ReceivePackSession // the server's receive-pack
	// readCapabilities are the capabilities in the last listing for reading.
	readCapabilities *capability.List
}

// isStateless reports whether each request is independent of a connection, as over HTTP.
func (r *remote) isStateless() bool {
	return r.endpoint.Protocol != "ssh" && r.endpoint.Protocol != "file"
}

// openFunc opens a connection with the credentials.
type openFunc func(transport.Transport, *transport.Endpoint, transport.AuthMethod) error

// authenticated calls open. If the server asks for credentials, it calls open again with those of a credential
// helper.
func (r *remote) authenticated(ctx context.Context, open openFunc) error {
	t, err := client.NewClient(r.endpoint)
	if err != nil {
		return err
	}
	auth, err := r.credentials.initial()
	if err != nil {
		return err
	}
	// Each session has its own endpoint: a redirect changes it, and credentials must not follow to another host.
	endpoint := *r.endpoint
	err = open(t, &endpoint, auth)
	if !errors.Is(err, transport.ErrAuthenticationRequired) {
		if err == nil {
			r.credentials.approve(ctx)
		}
		return err
	}
	if auth = r.credentials.askHelper(ctx); auth == nil {
		return err
	}
	endpoint = *r.endpoint
	if err = open(t, &endpoint, auth); errors.Is(err, transport.ErrAuthenticationRequired) {
		r.credentials.reject(ctx)
	} else if err == nil {
		r.credentials.approve(ctx)
	}
	return err
}

// listForReading returns the remote's references.
func (r *remote) listForReading(ctx context.Context) (map[string]plumbing.Hash, error) {
	ctx, cancel := context.WithTimeout(ctx, r.timeout)
	defer cancel()
	session, advertised, err := r.openForReading(ctx)
	if err != nil {
		return nil, r.explain(err)
	}
	if !r.isStateless() {
		_ = session.Close()
	}
	return advertised.References, nil
}

func (r *remote) openForReading(ctx context.Context) (transport.UploadPackSession, *packp.AdvRefs, error) {
	var advertised *packp.AdvRefs
	err := r.authenticated(ctx, func(t transport.Transport, e *transport.Endpoint, auth transport.AuthMethod) (err error) {
		if r.readSession, err = t.NewUploadPackSession(e, auth); err != nil {
			return err
		}
		advertised, err = r.readSession.AdvertisedReferencesContext(ctx)
		return closeOnError(r.readSession, err)
	})
	if err != nil {
		return nil, nil, err
	}
	r.readCapabilities = advertised.Capabilities
	return r.readSession, advertised, nil
}

// closeOnError closes s if err isn't nil, and returns err.
func closeOnError(s io.Closer, err error) error {
	if err != nil {
		_ = s.Close()
	}
	return err
}

// fetchRequest asks for commits: want, and its ancestors up to depth commits or back to have.
type fetchRequest struct {
	want, have plumbing.Hash // have is zero if the store is empty
	depth      int           // 0 means no limit
	// filter leaves out objects if the server can; the result may have them all the same.
	filter packp.Filter
}

// fetchInto adds the requested commits and their files to the store.
func (r *remote) fetchInto(ctx context.Context, store *memory.Storage, request fetchRequest) error {
	return r.fetch(ctx, request, func(pack io.Reader) error { return packfile.UpdateObjectStorage(store, pack) })
}

// fetch requests commits and calls unpack with the answer.
func (r *remote) fetch(ctx context.Context, request fetchRequest, unpack func(pack io.Reader) error) error {
	ctx, cancel := context.WithTimeout(ctx, r.timeout)
	defer cancel()
	session := r.readSession
	if session == nil || !r.isStateless() {
		var err error
		if session, _, err = r.openForReading(ctx); err != nil {
			return r.explain(err)
		}
		defer func() { _ = session.Close() }()
	}
	return r.explain(r.receivePack(ctx, session, r.requestFor(request), unpack))
}

func (r *remote) requestFor(f fetchRequest) *packp.UploadPackRequest {
	req := packp.NewUploadPackRequestFromCapabilities(r.readCapabilities)
	if r.readCapabilities.Supports(capability.NoProgress) {
		_ = req.Capabilities.Set(capability.NoProgress)
	}
	_ = req.Capabilities.Set(capability.Shallow)
	req.Wants = []plumbing.Hash{f.want}
	if f.filter != "" && r.readCapabilities.Supports(capability.Filter) {
		_ = req.Capabilities.Set(capability.Filter)
		req.Filter = f.filter
	}
	if f.depth > 0 {
		req.Depth = packp.DepthCommits(f.depth)
	}
	if !f.have.IsZero() {
		req.Haves = []plumbing.Hash{f.have}
		req.Shallows = []plumbing.Hash{f.have}
	}
	return req
}

// receivePack requests a pack and calls unpack with it. It reads the answer to its end: a local Git server runs until
// its last byte was read, and closing the answer waits for it.
func (r *remote) receivePack(
	ctx context.Context, session transport.UploadPackSession, req *packp.UploadPackRequest, unpack func(io.Reader) error,
) (err error) {
	pack, err := session.UploadPack(ctx, req)
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, pack.Close()) }()
	answer := &rateReader{Reader: pack, now: time.Now}
	var content io.Reader = answer
	switch {
	case req.Capabilities.Supports(capability.Sideband64k):
		content = sideband.NewDemuxer(sideband.Sideband64k, answer)
	case req.Capabilities.Supports(capability.Sideband):
		content = sideband.NewDemuxer(sideband.Sideband, answer)
	}
	if err = unpack(content); err == nil || r.endpoint.Protocol == "file" {
		_, restErr := io.Copy(io.Discard, answer)
		err = errors.Join(err, restErr)
	}
	return err
}

// explain converts a transport error to an error of this package with a remedy.
func (r *remote) explain(err error) error { return explainTransport(err, r.credentials.remedies()) }
