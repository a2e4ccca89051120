package gitrepo

import (
	"bytes"
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

// parseURL takes an address apart as go-git does. What is wrong with it isn't shown: it may hold a password.
func parseURL(raw string) (*transport.Endpoint, error) {
	if raw == "" {
		return nil, errors.New("no repository is given; write https://, ssh://, git@host:path or file://")
	}
	e, err := transport.NewEndpoint(raw)
	if err != nil {
		return nil, errors.New("the repository's address is no URL; write https://, ssh://, git@host:path or file://")
	}
	switch e.Protocol {
	case "http", "https", "ssh", "file":
	default:
		return nil, fmt.Errorf("%s:// isn't a way to push; write https://, ssh://, git@host:path or file://", e.Protocol)
	}
	if e.Password != "" || strings.Contains(e.User, ":") || (e.User != "" && e.Protocol != "ssh") {
		return nil, errors.New("the repository's address holds user or password; give a token, or set up a Git credential helper instead")
	}
	return e, nil
}

// remote is the other side: it lists, fetches and pushes, each within the time-out.
type remote struct {
	endpoint    *transport.Endpoint
	timeout     time.Duration
	credentials *credentials
	// Over HTTP a session is no connection, and is kept: it remembers where the server redirected us to.
	upload  transport.UploadPackSession
	receive transport.ReceivePackSession
	// uploads are the capabilities of the last listing for reading.
	uploads *capability.List
}

// isStateless: every request stands alone.
func (r *remote) isStateless() bool {
	return r.endpoint.Protocol != "ssh" && r.endpoint.Protocol != "file"
}

// authenticated calls open, with credentials once the server has asked for them.
func (r *remote) authenticated(ctx context.Context, open func(transport.Transport, *transport.Endpoint, transport.AuthMethod) error) error {
	t, err := client.NewClient(r.endpoint)
	if err != nil {
		return err
	}
	auth, err := r.credentials.known()
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
	if auth = r.credentials.ask(ctx); auth == nil {
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

// readable lists the remote for reading.
func (r *remote) readable(ctx context.Context) (map[string]plumbing.Hash, error) {
	ctx, cancel := context.WithTimeout(ctx, r.timeout)
	defer cancel()
	session, advertised, err := r.openUpload(ctx)
	if err != nil {
		return nil, explain(err)
	}
	if !r.isStateless() {
		_ = session.Close()
	}
	return advertised.References, nil
}

func (r *remote) openUpload(ctx context.Context) (transport.UploadPackSession, *packp.AdvRefs, error) {
	var advertised *packp.AdvRefs
	err := r.authenticated(ctx, func(t transport.Transport, e *transport.Endpoint, auth transport.AuthMethod) (err error) {
		if r.upload, err = t.NewUploadPackSession(e, auth); err != nil {
			return err
		}
		advertised, err = r.upload.AdvertisedReferencesContext(ctx)
		return closed(r.upload, err)
	})
	if err != nil {
		return nil, nil, err
	}
	r.uploads = advertised.Capabilities
	return r.upload, advertised, nil
}

// closed closes a session that came to nothing, and returns why.
func closed(s io.Closer, err error) error {
	if err != nil {
		_ = s.Close()
	}
	return err
}

// fetch brings a commit into the store: alone where the store has nothing, else with all that came since have. The
// whole way since have is wanted, because it tells whether a push of ours, whose answer got lost, is in it.
func (r *remote) fetch(ctx context.Context, store *memory.Storage, want, have plumbing.Hash) error {
	ctx, cancel := context.WithTimeout(ctx, r.timeout)
	defer cancel()
	session := r.upload
	if session == nil || !r.isStateless() {
		var err error
		if session, _, err = r.openUpload(ctx); err != nil {
			return explain(err)
		}
		defer func() { _ = session.Close() }()
	}
	return explain(r.unpack(ctx, session, store, r.packRequest(want, have)))
}

func (r *remote) packRequest(want, have plumbing.Hash) *packp.UploadPackRequest {
	req := packp.NewUploadPackRequestFromCapabilities(r.uploads)
	if r.uploads.Supports(capability.NoProgress) {
		_ = req.Capabilities.Set(capability.NoProgress)
	}
	_ = req.Capabilities.Set(capability.Shallow)
	req.Wants = []plumbing.Hash{want}
	if have.IsZero() {
		req.Depth = packp.DepthCommits(1)
		return req
	}
	req.Haves = []plumbing.Hash{have}
	req.Shallows = []plumbing.Hash{have}
	return req
}

func (r *remote) unpack(ctx context.Context, session transport.UploadPackSession, store *memory.Storage, req *packp.UploadPackRequest) (err error) {
	pack, err := session.UploadPack(ctx, req)
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, pack.Close()) }()
	var content io.Reader = pack
	switch {
	case req.Capabilities.Supports(capability.Sideband64k):
		content = sideband.NewDemuxer(sideband.Sideband64k, pack)
	case req.Capabilities.Supports(capability.Sideband):
		content = sideband.NewDemuxer(sideband.Sideband, pack)
	}
	return packfile.UpdateObjectStorage(store, content)
}

// pushing is a listing of the remote for writing, and the way to write.
type pushing struct {
	remote       *remote
	session      transport.ReceivePackSession
	refs         map[string]plumbing.Hash
	capabilities *capability.List
}

// writable lists the remote for writing: who may not push learns it here, before anything was done.
func (r *remote) writable(ctx context.Context) (*pushing, error) {
	ctx, cancel := context.WithTimeout(ctx, r.timeout)
	defer cancel()
	var advertised *packp.AdvRefs
	list := func(t transport.Transport, e *transport.Endpoint, auth transport.AuthMethod) (err error) {
		if r.receive == nil || !r.isStateless() {
			if r.receive, err = t.NewReceivePackSession(e, auth); err != nil {
				return err
			}
		}
		advertised, err = r.receive.AdvertisedReferencesContext(ctx)
		if err = closed(r.receive, err); err != nil {
			r.receive = nil
		}
		return err
	}
	if err := r.authenticated(ctx, list); err != nil {
		return nil, explain(err)
	}
	return &pushing{remote: r, session: r.receive, refs: advertised.References, capabilities: advertised.Capabilities}, nil
}

func (p *pushing) close() {
	if !p.remote.isStateless() {
		_ = p.session.Close()
	}
}

// push sends the objects and moves the branch from old to commit, if it still is at old. Status is the server's word
// about the branch, if it came to that; said is what its hooks printed.
func (p *pushing) push(ctx context.Context, store *memory.Storage, ref plumbing.ReferenceName, old, commit plumbing.Hash, objects []plumbing.Hash) (status, said string, err error) {
	ctx, cancel := context.WithTimeout(ctx, p.remote.timeout)
	defer cancel()
	var pack, progress bytes.Buffer
	// No deltas: what is sent is small, and go-git can't make deltas against what the server has.
	if _, err = packfile.NewEncoder(&pack, store, false).Encode(objects, 0); err != nil {
		return "", "", err
	}
	req := packp.NewReferenceUpdateRequestFromCapabilities(p.capabilities)
	if p.capabilities.Supports(capability.Sideband64k) {
		_ = req.Capabilities.Set(capability.Sideband64k)
		req.Progress = &progress
	}
	req.Commands = []*packp.Command{{Name: ref, Old: old, New: commit}}
	req.Packfile = io.NopCloser(&pack)
	report, err := p.session.ReceivePack(ctx, req)
	if err == nil && report == nil && req.Capabilities.Supports(capability.ReportStatus) {
		err = errors.New("the server answered nothing to the push")
	}
	return statusOf(report), progress.String(), err
}

func statusOf(report *packp.ReportStatus) string {
	if report == nil {
		return ""
	}
	for _, s := range report.CommandStatuses {
		if s.Error() != nil {
			return s.Status
		}
	}
	if report.Error() != nil {
		return "unpacking: " + report.UnpackStatus
	}
	return ""
}
