package gitrepo

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"os/exec"
	"strings"
	"time"

	"github.com/go-git/go-git/v5/plumbing/object"
)

// settings are Git's own: its configuration, all scopes and includes as git itself reads them, and its environment.
// Without a git program there is no configuration, since nothing else on the machine would write one.
type settings struct {
	config  map[string]string // by lower-case key; the last value wins
	environ []string
}

func readSettings(ctx context.Context, o Options) (*settings, error) {
	s := &settings{config: map[string]string{}, environ: o.Environ}
	out, err := run(ctx, o, nil, "git", "config", "--null", "--get-regexp", `^(user|author|committer|gpg|commit)\.`)
	var exit *exec.ExitError
	switch {
	case errors.Is(err, exec.ErrNotFound), errors.As(err, &exit) && exit.ExitCode() == 1: // 1: there is none
		return s, nil
	case err != nil:
		return nil, fmt.Errorf("read Git's configuration: %w", err)
	}
	for line := range strings.SplitSeq(string(out), "\x00") {
		key, value, hasValue := strings.Cut(line, "\n")
		if !hasValue {
			value = "true" // "[commit] gpgSign" alone
		}
		s.config[strings.ToLower(key)] = value
	}
	return s, nil
}

// env returns a variable of the environment.
func (s *settings) env(name string) string { return lookup(s.environ, name) }

func lookup(environ []string, name string) string {
	value := ""
	for _, e := range environ {
		if k, v, _ := strings.Cut(e, "="); k == name {
			value = v
		}
	}
	return value
}

// people returns author and committer: options, then environment, then configuration, as git itself does. Nothing is
// made up from the names of the user and the machine.
func (s *settings) people(given Person, now time.Time) (author, committer object.Signature, err error) {
	a := given.or(s.person("AUTHOR"))
	c := s.person("COMMITTER").or(a)
	for _, p := range []Person{a, c} {
		if err := p.check(); err != nil {
			return author, committer, err
		}
	}
	return a.at(now), c.at(now), nil
}

func (s *settings) person(role string) Person {
	section := strings.ToLower(role)
	environ := Person{s.env("GIT_" + role + "_NAME"), s.env("GIT_" + role + "_EMAIL")}
	own := Person{s.config[section+".name"], s.config[section+".email"]}
	user := Person{s.config["user.name"], s.config["user.email"]}
	return environ.or(own).or(user).or(Person{Email: s.env("EMAIL")})
}

// or fills in what is missing.
func (p Person) or(q Person) Person {
	if p.Name == "" {
		p.Name = q.Name
	}
	if p.Email == "" {
		p.Email = q.Email
	}
	return p
}

func (p Person) check() error {
	if strings.TrimSpace(p.Name) == "" || strings.TrimSpace(p.Email) == "" {
		return fmt.Errorf("%w; set it with git config --global user.name and user.email, or GIT_AUTHOR_NAME and GIT_AUTHOR_EMAIL", ErrNoAuthor)
	}
	if text := p.Name + p.Email; !isLine(text) || strings.ContainsAny(text, "<>") {
		return fmt.Errorf("%w: %q <%q> has characters that a commit's author can't have", ErrNoAuthor, p.Name, p.Email)
	}
	return nil
}

func (p Person) at(when time.Time) object.Signature {
	return object.Signature{Name: strings.TrimSpace(p.Name), Email: strings.TrimSpace(p.Email), When: when}
}

// run runs one of the user's programs in the folder and returns what it printed. What it said of its failure is in the
// error.
func run(ctx context.Context, o Options, stdin []byte, program string, args ...string) ([]byte, error) {
	cmd := exec.CommandContext(ctx, program, args...) //nolint:gosec // git, or the program that Git's configuration names for signing
	cmd.Dir, cmd.Env, cmd.Stdin = o.Folder, o.Environ, bytes.NewReader(stdin)
	var out, complaints bytes.Buffer
	cmd.Stdout, cmd.Stderr = &out, &complaints
	if err := cmd.Run(); err != nil {
		if said := strings.TrimSpace(complaints.String()); said != "" {
			err = fmt.Errorf("%w: %s", err, said)
		}
		return out.Bytes(), fmt.Errorf("%s %s: %w", program, args[0], err)
	}
	return out.Bytes(), nil
}
