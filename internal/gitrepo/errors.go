package gitrepo

import (
	"context"
	"errors"
	"fmt"
	"net"
	"strings"

	"github.com/go-git/go-git/v5/plumbing"
	"github.com/go-git/go-git/v5/plumbing/transport"
	githttp "github.com/go-git/go-git/v5/plumbing/transport/http"
)

// What can stand in the way, apart from what a Change itself refuses. Test with errors.Is.
var (
	// ErrNoPermission: the server knows us and says no, or doesn't know us.
	ErrNoPermission = errors.New("no permission")
	// ErrRefused: a hook or a rule of the server declined the push; the message tells what it said.
	ErrRefused = errors.New("the server refused the push")
	// ErrUnreachable: no answer, or none that makes sense.
	ErrUnreachable = errors.New("the remote can't be reached")
	// ErrNotFound: there is no such repository, or not for us.
	ErrNotFound = errors.New("no such repository")
	// ErrNoBranch: the repository has other branches.
	ErrNoBranch = errors.New("there is no such branch")
	// ErrEmpty: the repository has no commit yet.
	ErrEmpty = errors.New("the repository is empty")
	// ErrBranchExists: the branch of a proposal is there already.
	ErrBranchExists = errors.New("the branch exists already")
	// ErrRace: others were faster every time.
	ErrRace = errors.New("others pushed first every time")
	// ErrUnknownOutcome: the answer to a push got lost, and the remote couldn't be asked since.
	ErrUnknownOutcome = errors.New("it is unknown whether the push arrived")
	// ErrNoAuthor: nothing says in whose name to commit.
	ErrNoAuthor = errors.New("nobody is known as the commit's author")
	// ErrUncommitted: a path of the change has uncommitted changes in the working tree.
	ErrUncommitted = errors.New("there are uncommitted changes")
	// ErrPath: a path that can't be written or deleted.
	ErrPath = errors.New("can't be changed")
)

// changeError is what a Change returned: it comes out as it went in.
type changeError struct{ error }

func (e *changeError) Unwrap() error { return e.error }

// explain says what an error of the transport means and what to do.
func explain(err error) error {
	var dns *net.DNSError
	var status *githttp.Err
	switch {
	case err == nil, errors.Is(err, context.Canceled), isOurs(err):
		return err
	case errors.Is(err, transport.ErrAuthenticationRequired):
		return fmt.Errorf("%w: the server asks who we are%s; give a token, or set up a Git credential helper", ErrNoPermission, reason(err))
	case errors.Is(err, transport.ErrAuthorizationFailed):
		return fmt.Errorf("%w%s; check that the token or account may write to the repository", ErrNoPermission, reason(err))
	case isSSHAuth(err):
		return fmt.Errorf("%w: %w; check that the agent or ~/.ssh holds a key that the server knows", ErrNoPermission, err)
	case errors.Is(err, transport.ErrRepositoryNotFound):
		return fmt.Errorf("%w%s; check the address, and that the token or key may read it", ErrNotFound, reason(err))
	case errors.Is(err, transport.ErrEmptyRemoteRepository):
		return fmt.Errorf("%w; push what previewctl init wrote", ErrEmpty)
	case errors.As(err, &dns):
		return fmt.Errorf("%w: %w; check the address and the network", ErrUnreachable, err)
	case asStatus(err, &status):
		return fmt.Errorf("%w: it answered HTTP %d%s; try again later", ErrUnreachable, status.StatusCode(), quote(status.Reason))
	case errors.Is(err, context.DeadlineExceeded):
		return fmt.Errorf("%w in time: %w; try again later", ErrUnreachable, err)
	}
	return fmt.Errorf("%w: %w; check the address and the network", ErrUnreachable, err)
}

// asStatus finds an HTTP status, which go-git wraps in a type that errors.As can't look into.
func asStatus(err error, status **githttp.Err) bool {
	if unexpected, ok := errors.AsType[*plumbing.UnexpectedError](err); ok {
		err = unexpected.Err
	}
	return errors.As(err, status)
}

func isOurs(err error) bool {
	for _, ours := range []error{ErrNoPermission, ErrRefused, ErrUnreachable, ErrNotFound, ErrEmpty, ErrNoBranch} {
		if errors.Is(err, ours) {
			return true
		}
	}
	return false
}

// isPermanent is true of what another attempt won't mend.
func isPermanent(err error) bool {
	return errors.Is(err, ErrNoPermission) || errors.Is(err, ErrNotFound) || errors.Is(err, ErrEmpty) ||
		errors.Is(err, ErrNoBranch) || errors.Is(err, context.Canceled)
}

// isSSHAuth matches text, because golang.org/x/crypto/ssh has no error for it.
func isSSHAuth(err error) bool {
	return strings.Contains(err.Error(), "unable to authenticate") || errors.Is(err, errNoKey)
}

// isTransient tells a server's trouble with two pushes at a time from a refusal. It matches text, because the protocol
// has nothing else: these are the words of Git's own server, and of JGit's.
func isTransient(status string) bool {
	for _, words := range []string{
		"failed to update ref", "cannot lock ref", "failed to lock", ".lock'", "lock error", "lock failure", "fetch first", "non-fast-forward",
		"incorrect old value", "unable to migrate objects", "transaction", "reference already exists", "stale info",
	} {
		if strings.Contains(strings.ToLower(status), words) {
			return true
		}
	}
	return false
}

// reason is what a server added to its status, cut to what fits a message.
func reason(err error) string {
	_, text, _ := strings.Cut(err.Error(), ": ")
	return quote(text)
}

func quote(text string) string {
	const limit = 200
	text = strings.Join(strings.Fields(text), " ")
	if text == "" {
		return ""
	}
	if r := []rune(text); len(r) > limit {
		text = string(r[:limit]) + "…"
	}
	return fmt.Sprintf(": %q", text)
}
