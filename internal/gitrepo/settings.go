package gitrepo

import (
	"context"
	"errors"
	"fmt"
	"os/exec"
	"strings"
	"time"

	"github.com/go-git/go-git/v5/plumbing/object"
)

// settings are Git's configuration and its environment. git itself reads the configuration, with all scopes and
// includes. Without a git program it is empty.
type settings struct {
	values  map[string]string // by lower-case key; the last value wins
	folder  string
	environ []string
}

func readSettings(ctx context.Context, o Options) (*settings, error) {
	s := &settings{values: map[string]string{}, folder: o.Folder, environ: o.Environ}
	const names = `^(user|author|committer|gpg|commit)\.`
	out, err := runProgram(ctx, o.Folder, o.Environ, nil, "git", "config", "--null", "--get-regexp", names)
	var exit *exec.ExitError
	switch {
	case errors.Is(err, exec.ErrNotFound), errors.As(err, &exit) && exit.ExitCode() == 1: // 1: no such key
		return s, nil
	case err != nil:
		return nil, fmt.Errorf("read Git's configuration: %w", err)
	}
	for line := range strings.SplitSeq(string(out), "\x00") {
		key, value, hasValue := strings.Cut(line, "\n")
		if !hasValue {
			value = "true" // "[commit] gpgSign" alone
		}
		s.values[strings.ToLower(key)] = value
	}
	return s, nil
}

// signatures returns author and committer. It searches the options, the environment and the configuration in this
// order, as git does. Unlike git it doesn't derive an author from the names of the user and the machine.
func (s *settings) signatures(option Person, now time.Time) (author, committer object.Signature, err error) {
	a := option.withDefaultsOf(s.configuredPerson("AUTHOR"))
	c := s.configuredPerson("COMMITTER").withDefaultsOf(a)
	for _, p := range []Person{a, c} {
		if err := p.checkPerson(); err != nil {
			return author, committer, err
		}
	}
	return a.signature(now), c.signature(now), nil
}

func (s *settings) configuredPerson(role string) Person {
	section := strings.ToLower(role)
	inEnvironment := Person{lookupEnv(s.environ, "GIT_"+role+"_NAME"), lookupEnv(s.environ, "GIT_"+role+"_EMAIL")}
	ofRole := Person{s.values[section+".name"], s.values[section+".email"]}
	user := Person{s.values["user.name"], s.values["user.email"]}
	fallback := Person{Email: lookupEnv(s.environ, "EMAIL")}
	return inEnvironment.withDefaultsOf(ofRole).withDefaultsOf(user).withDefaultsOf(fallback)
}

func (p Person) withDefaultsOf(q Person) Person {
	if p.Name == "" {
		p.Name = q.Name
	}
	if p.Email == "" {
		p.Email = q.Email
	}
	return p
}

func (p Person) checkPerson() error {
	if strings.TrimSpace(p.Name) == "" || strings.TrimSpace(p.Email) == "" {
		return fmt.Errorf("%w; run git config --global user.name and user.email, "+
			"or set GIT_AUTHOR_NAME and GIT_AUTHOR_EMAIL", ErrNoAuthor)
	}
	if text := p.Name + p.Email; !isPrintableLine(text) || strings.ContainsAny(text, "<>") {
		return fmt.Errorf("%w: %q <%q> has characters that an author can't have", ErrNoAuthor, p.Name, p.Email)
	}
	return nil
}

func (p Person) signature(when time.Time) object.Signature {
	return object.Signature{Name: strings.TrimSpace(p.Name), Email: strings.TrimSpace(p.Email), When: when}
}
