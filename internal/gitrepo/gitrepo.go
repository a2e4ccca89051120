// Package gitrepo is the only code that uses Git, for the generator and for the command. It reads one branch of a
// remote repository, adds commits to it, and reads a local clone. It must not know the meaning of the files.
//
// Reads are shallow and in memory. A change is a function from the newest tree to edits. After a lost push it is
// applied again to the newer tree. So commits of other users are never merged, overwritten or lost.
//
// The package uses go-git's transports and builds trees and packs itself. go-git's Fetch and Push are made for
// complete clones: they list the remote once more, walk the full tree on every push, and request too much after a
// fetch of depth 1. The package runs programs of the user if a library can't replace them: git for its configuration,
// credential helpers and working trees; gpg and ssh-keygen for keys in agents and hardware. A push with a token needs
// no program.
//
// The main types are Repository (a remote branch), Checkout (a working tree to commit in) and Clone (a working tree
// to read).
package gitrepo

import (
	"cmp"
	"context"
	"os"
	"time"
)

// Options name a branch, the credentials for it and the author of commits. Only URL is required.
type Options struct {
	// URL is https://, http://, ssh://, git@host:path or file://. It must not contain a password, and a
	// user name only for SSH.
	URL    string
	Branch string // main by default
	// Token returns the token for HTTP. Git's credential helpers are asked if it is nil or returns "".
	Token func() (string, error)
	// SSHKeyFile replaces the keys of the SSH agent and of ~/.ssh. KnownHostsFile replaces OpenSSH's files.
	SSHKeyFile, KnownHostsFile string
	// Unattended restricts credentials to Token, SSHKeyFile and KnownHostsFile. No credential helper, SSH agent or home
	// folder is used.
	Unattended bool
	// Author replaces the author in Git's environment and configuration.
	Author Person
	// Signing of commits; the default is Git's configuration.
	Signing Signing
	// SigningKey replaces user.signingKey.
	SigningKey string
	// Folder is the folder in which git looks up its configuration; the current folder by default.
	Folder string
	// Environ is the environment of started programs. Variables such as GIT_AUTHOR_NAME and SSH_AUTH_SOCK are read from
	// it too. Nil means the environment of the process.
	Environ []string
	// Retry limits the attempts after lost races.
	Retry Retry
	// Timeout is the limit for one connection to the remote; one minute by default.
	Timeout time.Duration
}

// Person is an author or committer.
type Person struct{ Name, Email string }

// Signing selects whether commits are signed.
type Signing int

// The default of Signing is commit.gpgSign in Git's configuration.
const (
	SignAsConfigured Signing = iota
	SignAlways
	SignNever
)

// Retry limits the attempts after lost races. Zero values mean the defaults.
type Retry struct {
	Attempts int           // 100 by default
	Min, Max time.Duration // the wait is random, up to a bound between Min and Max; 20 ms and 10 s by default
}

// Change returns edits for the newest tree. After a lost race it is called again with the newer tree, but only if a
// part of the tree that it has read has changed. So its edits must depend only on the tree, and each call starts anew.
// A call may replace variables of the caller that describe its result; after the update they describe the last call,
// which is the one that the commit was made from. Its error ends the update, which returns it without a prefix.
type Change func(ctx context.Context, tree *Tree) (Edits, error)

// Result describes a finished update.
type Result struct {
	// Commit is the new commit, or the newest commit of the branch if nothing changed.
	Commit string
	// Base is the parent of the new commit.
	Base string
	// Branch is the branch of Commit.
	Branch string
	// Unchanged is true if there was nothing to commit.
	Unchanged bool
	// Attempts is the number of attempts to push, including the last one. It is 0 for a dry run.
	Attempts int
	// Patch is the difference in Git's format. Only a dry run sets it.
	Patch string
	// ReviewURL is the page to create a pull request from a proposal, if the kind of Git host is known.
	ReviewURL string
	// ServerOutput is the output of the server's hooks. It is untrusted text.
	ServerOutput string
}

func (o Options) withDefaults() Options {
	o.Branch = cmp.Or(o.Branch, "main")
	o.Timeout = cmp.Or(o.Timeout, time.Minute)
	if o.Environ == nil {
		o.Environ = os.Environ()
	}
	o.Retry.Attempts = cmp.Or(o.Retry.Attempts, 100)
	o.Retry.Min = cmp.Or(o.Retry.Min, 20*time.Millisecond)
	o.Retry.Max = cmp.Or(o.Retry.Max, 10*time.Second)
	return o
}
