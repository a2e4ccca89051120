// Package gitrepo is the only code that talks Git, for the service and for the command. It reads one branch of a
// remote repository, changes it commit by commit, and reads a local clone. It knows Git and nothing about the meaning
// of the files.
//
// Reads are shallow and in memory. A change is a function of the newest tree. After a lost push it is applied again
// to the newer tree, so no commit of another user is merged, forced or lost.
//
// The package speaks Git's protocol through go-git's transports and builds trees and packs itself. go-git's Fetch and
// Push are made for whole clones: they list the remote once more, walk the full tree on every push, and ask for too
// much after a fetch of depth 1. Programs of the user are run where a library can't replace them: git for its
// configuration, credential helpers and working trees; gpg and ssh-keygen for keys in agents and hardware. A plain
// push with a token needs none of them.
//
// Where to begin: Repository (a remote branch), Checkout (a working tree to commit in), Clone (a working tree to
// read).
package gitrepo

import (
	"cmp"
	"context"
	"os"
	"time"
)

// Options say where a branch is, which credentials to use, and the author of commits. Only URL is
// required.
type Options struct {
	// URL is https://, http://, ssh://, git@host:path or file://. It holds no password, and a user only for SSH.
	URL    string
	Branch string // default main
	// Token is called when an HTTP server asks for credentials. Nil or "" asks Git's credential helpers instead.
	Token func() (string, error)
	// SSHKeyFile replaces the keys of the SSH agent and of ~/.ssh. KnownHostsFile replaces OpenSSH's files.
	SSHKeyFile, KnownHostsFile string
	// Unattended restricts credentials to Token, SSHKeyFile and KnownHostsFile: no helper, agent or home folder is
	// asked.
	Unattended bool
	// Author replaces the author in Git's environment and configuration.
	Author Person
	// Signing of commits; the default is Git's configuration.
	Signing Signing
	// SigningKey replaces user.signingKey.
	SigningKey string
	// Folder is where Git's configuration is looked up; default is the current folder.
	Folder string
	// Environ is the environment of the programs that are run. GIT_AUTHOR_NAME, SSH_AUTH_SOCK and the like are read
	// from it too. Nil is the process's environment.
	Environ []string
	// Retry bounds the attempts after lost races.
	Retry Retry
	// Timeout of one conversation with the remote; default one minute.
	Timeout time.Duration
}

// Person is an author or committer.
type Person struct{ Name, Email string }

// Signing says whether commits are signed.
type Signing int

// The default of Signing is commit.gpgSign in Git's configuration.
const (
	SignAsConfigured Signing = iota
	SignAlways
	SignNever
)

// Retry bounds the attempts after lost races. Zero values are the defaults.
type Retry struct {
	Attempts int           // default 100
	Min, Max time.Duration // of the bound of a random wait; default 20 ms and 10 s
}

// Change is a pure function from the newest tree to edits. It is called again with a newer tree after every lost race
// in which something changed that it has read. Its error ends the update and is returned as it is.
type Change func(ctx context.Context, tree *Tree) (Edits, error)

// Result describes a finished update.
type Result struct {
	// Commit is the new commit, or the newest commit of the branch if nothing changed.
	Commit string
	// Base is the parent of the new commit.
	Base string
	// Branch is the branch that Commit is on.
	Branch string
	// Unchanged is true if there was nothing to commit.
	Unchanged bool
	// Attempts is the number of pushes.
	Attempts int
	// Patch is the difference in Git's format; only of a dry run.
	Patch string
	// ReviewURL is the page on which a proposal becomes a pull request, if the Git host is known.
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
