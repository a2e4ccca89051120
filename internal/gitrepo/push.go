package gitrepo

import (
	"bytes"
	"context"
	"errors"
	"io"

	"github.com/go-git/go-git/v5/plumbing"
	"github.com/go-git/go-git/v5/plumbing/format/packfile"
	"github.com/go-git/go-git/v5/plumbing/protocol/packp"
	"github.com/go-git/go-git/v5/plumbing/protocol/packp/capability"
	"github.com/go-git/go-git/v5/plumbing/transport"
	"github.com/go-git/go-git/v5/storage/memory"
)

// pushSession is a listing of the remote for writing, and the connection to push over.
type pushSession struct {
	remote       *remote
	session      transport.ReceivePackSession
	refs         map[string]plumbing.Hash
	capabilities *capability.List
}

// openPush lists the remote for writing. A user without permission to push gets the error here, before anything is
// sent.
func (r *remote) openPush(ctx context.Context) (*pushSession, error) {
	ctx, cancel := context.WithTimeout(ctx, r.timeout)
	defer cancel()
	var advertised *packp.AdvRefs
	list := func(t transport.Transport, e *transport.Endpoint, auth transport.AuthMethod) (err error) {
		if r.writeSession == nil || !r.isStateless() {
			if r.writeSession, err = t.NewReceivePackSession(e, auth); err != nil {
				return err
			}
		}
		advertised, err = r.writeSession.AdvertisedReferencesContext(ctx)
		if err = closeOnError(r.writeSession, err); err != nil {
			r.writeSession = nil
		}
		return err
	}
	if err := r.authenticated(ctx, list); err != nil {
		return nil, r.explain(err)
	}
	return &pushSession{
		remote: r, session: r.writeSession, refs: advertised.References, capabilities: advertised.Capabilities,
	}, nil
}

func (p *pushSession) closeSession() {
	if !p.remote.isStateless() {
		_ = p.session.Close()
	}
}

// refChange moves a reference from one commit to another; from is zero for a new reference.
type refChange struct {
	name     plumbing.ReferenceName
	from, to plumbing.Hash
	objects  []plumbing.Hash // missing at the remote
}

// pushAnswer is the server's answer to a push.
type pushAnswer struct {
	status     string // reason of a refusal; "" after success or without a reason
	hookOutput string
}

// send pushes the objects and changes the reference, unless it has moved away from change.from.
func (p *pushSession) send(ctx context.Context, store *memory.Storage, change refChange) (pushAnswer, error) {
	ctx, cancel := context.WithTimeout(ctx, p.remote.timeout)
	defer cancel()
	var pack, progress bytes.Buffer
	// No deltas: the pack is small, and go-git can't make deltas against the server's objects.
	if _, err := packfile.NewEncoder(&pack, store, false).Encode(change.objects, 0); err != nil {
		return pushAnswer{}, err
	}
	req := packp.NewReferenceUpdateRequestFromCapabilities(p.capabilities)
	if p.capabilities.Supports(capability.Sideband64k) {
		_ = req.Capabilities.Set(capability.Sideband64k)
		req.Progress = &progress
	}
	req.Commands = []*packp.Command{{Name: change.name, Old: change.from, New: change.to}}
	req.Packfile = io.NopCloser(&pack)
	report, err := p.session.ReceivePack(ctx, req)
	if err == nil && report == nil && req.Capabilities.Supports(capability.ReportStatus) {
		err = errors.New("the server didn't answer the push")
	}
	return pushAnswer{status: failureIn(report), hookOutput: progress.String()}, err
}

func failureIn(report *packp.ReportStatus) string {
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
