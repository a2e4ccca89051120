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

// The errors of this package, except those of a Change. Test with errors.Is.
var (
	// ErrNoPermission means that the server refuses the credentials or asks for credentials.
	ErrNoPermission = errors.New("no permission")
	// ErrRefused means that a hook or rule of the server declined the push. The message contains the server's text.
	ErrRefused = errors.New("the server refused the push")
	// ErrUnreachable means that the server gave no usable answer.
	ErrUnreachable = errors.New("the remote can't be reached")
	// ErrNotFound means that the repository doesn't exist, or that the credentials have no access to it.
	ErrNotFound = errors.New("no such repository")
	// ErrNoBranch means that the repository has only other branches.
	ErrNoBranch = errors.New("there is no such branch")
	// ErrEmpty means that the repository has no commit.
	ErrEmpty = errors.New("the repository is empty")
	// ErrTooLarge means that the commit takes more memory than the generator has.
	ErrTooLarge = errors.New("the commit is too large to be read")
	// ErrBranchExists means that the branch of a proposal exists already.
	ErrBranchExists = errors.New("the branch exists already")
	// ErrRace means that other pushes were faster in every attempt.
	ErrRace = errors.New("others pushed first every time")
	// ErrUnknownOutcome means that the answer to a push was lost, and that the remote hasn't answered since.
	ErrUnknownOutcome = errors.New("it is unknown whether the push arrived")
	// ErrNoAuthor means that no option, variable or configuration names an author.
	ErrNoAuthor = errors.New("no author is set for the commit")
	// ErrUncommitted means that a path of the change has uncommitted changes in the working tree.
	ErrUncommitted = errors.New("there are uncommitted changes")
	// ErrPath means that a path can't be written or deleted.
	ErrPath = errors.New("the path can't be changed")
	// ErrNoCommit means that a clone doesn't have the commit.
	ErrNoCommit = errors.New("there is no such commit in this clone")
)

// changeError marks an error of a Change, which Update returns without a prefix.
type changeError struct{ error }

func (e *changeError) Unwrap() error { return e.error }

// authRemedies are the remedies for missing credentials, for insufficient ones, and for a refused SSH key.
type authRemedies struct{ missing, forbidden, key string }

// explainTransport converts an error of go-git's transports to an error of this package with a remedy.
func explainTransport(err error, remedies authRemedies) error {
	var dns *net.DNSError
	var status *githttp.Err
	switch {
	case err == nil, errors.Is(err, context.Canceled), isExplained(err):
		return err
	case errors.Is(err, transport.ErrAuthenticationRequired):
		return fmt.Errorf("%w: the server asks for credentials%s; %s", ErrNoPermission, serverReason(err), remedies.missing)
	case errors.Is(err, transport.ErrAuthorizationFailed):
		return fmt.Errorf("%w%s; %s", ErrNoPermission, serverReason(err), remedies.forbidden)
	case isSSHAuthFailure(err):
		return fmt.Errorf("%w: %w; %s", ErrNoPermission, err, remedies.key)
	case errors.Is(err, transport.ErrRepositoryNotFound):
		return fmt.Errorf("%w%s; check the address, and that the token or key may read it", ErrNotFound, serverReason(err))
	case errors.Is(err, transport.ErrEmptyRemoteRepository):
		return fmt.Errorf("%w; push a first commit to it", ErrEmpty)
	case errors.As(err, &dns):
		return fmt.Errorf("%w: %w; check the address and the network", ErrUnreachable, err)
	case asHTTPStatus(err, &status):
		return fmt.Errorf("%w: it answered HTTP %d%s; try again later",
			ErrUnreachable, status.StatusCode(), quotedText(status.Reason))
	case errors.Is(err, context.DeadlineExceeded):
		return fmt.Errorf("%w in time: %w; try again later", ErrUnreachable, err)
	}
	return fmt.Errorf("%w: %w; check the address and the network", ErrUnreachable, err)
}

// asHTTPStatus finds an HTTP status in an error. go-git wraps it in a type without Unwrap.
func asHTTPStatus(err error, status **githttp.Err) bool {
	if unexpected, ok := errors.AsType[*plumbing.UnexpectedError](err); ok {
		err = unexpected.Err
	}
	return errors.As(err, status)
}

func isExplained(err error) bool {
	for _, known := range []error{
		ErrNoPermission, ErrRefused, ErrUnreachable, ErrNotFound, ErrEmpty, ErrNoBranch, ErrTooLarge,
	} {
		if errors.Is(err, known) {
			return true
		}
	}
	return false
}

// isPermanent reports whether another attempt would fail too.
func isPermanent(err error) bool {
	return errors.Is(err, ErrNoPermission) || errors.Is(err, ErrNotFound) || errors.Is(err, ErrEmpty) ||
		errors.Is(err, ErrNoBranch) || errors.Is(err, context.Canceled)
}

// isSSHAuthFailure matches text, because golang.org/x/crypto/ssh has no error for it.
func isSSHAuthFailure(err error) bool {
	return strings.Contains(err.Error(), "unable to authenticate") || errors.Is(err, errNoKey)
}

// isTransientRefusal reports whether a push was refused because of another push at the same time. It matches texts of
// Git's own server and of JGit, because the protocol has no code for this case.
func isTransientRefusal(status string) bool {
	for _, words := range []string{
		"failed to update ref", "cannot lock ref", "failed to lock", ".lock'", "lock error", "lock failure", "fetch first",
		"non-fast-forward",
		"incorrect old value", "unable to migrate objects", "transaction", "reference already exists", "stale info",
	} {
		if strings.Contains(strings.ToLower(status), words) {
			return true
		}
	}
	return false
}

// serverReason is the text that a server added to its status, shortened and quoted.
func serverReason(err error) string {
	_, text, _ := strings.Cut(err.Error(), ": ")
	return quotedText(text)
}

func quotedText(text string) string {
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
