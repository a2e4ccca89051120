// Command guards shows that the tests of random sequences find the mistakes they are written for. A guard is code that
// keeps an environment from vanishing or from falling asleep. Marker comments in the source name the guards. The
// command disables one guard after another in an overlay, which doesn't touch the files, and runs the sequences. They
// must fail.
//
//	go run ./internal/guards [WORD...]    only guards with one of the words in their name or marker
package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"time"
)

func main() {
	if err := run(context.Background(), os.Stdout, os.Args[1:]); err != nil {
		fmt.Fprintln(os.Stderr, "guards:", err)
		os.Exit(1)
	}
}

func run(ctx context.Context, out io.Writer, words []string) error {
	began := time.Now()
	found, err := findMarkers(".")
	if err != nil {
		return err
	}
	folder, err := os.MkdirTemp("", "guards")
	if err != nil {
		return err
	}
	defer func() { _ = os.RemoveAll(folder) }()
	chosen := slices.DeleteFunc(slices.Clone(guards), func(g guard) bool { return !g.matches(words) })
	if err := runUnchanged(ctx, chosen); err != nil {
		return err
	}
	_, _ = fmt.Fprintf(out, "all guards enabled: the sequences pass (%s)\n", time.Since(began).Round(time.Second))
	var problems []error
	for i, g := range chosen {
		problems = append(problems, g.show(ctx, out, found, filepath.Join(folder, fmt.Sprint(i))))
	}
	_, _ = fmt.Fprintf(out, "%d guards in %s\n", len(chosen), time.Since(began).Round(time.Second))
	return errors.Join(problems...)
}

// runUnchanged runs the sequences of the guards with all guards enabled. They must pass.
func runUnchanged(ctx context.Context, chosen []guard) error {
	for _, s := range []sequences{service, domain, sleep, replicas, savedState} {
		if !slices.ContainsFunc(chosen, func(g guard) bool { return g.in == s }) {
			continue
		}
		if output, err := s.run(ctx, ""); err != nil {
			return fmt.Errorf("all guards enabled: %w\n%s", err, beginning(output))
		}
	}
	return nil
}

// sequences are a package's test of random sequences, and the seed of the first one. Without a seed they are ordinary tests,
// by a pattern of their names.
type sequences struct{ pkg, test, seed string }

// run plays the sequences from the first seed on. The file overlay, if not empty, says which source files to replace.
func (s sequences) run(ctx context.Context, overlay string) (output string, err error) {
	args := []string{"test"}
	if overlay != "" {
		args = append(args, "-overlay", overlay)
	}
	args = append(args, "-vet=off", "-count=1", "-run", "^"+s.test+"$", s.pkg)
	if s.seed != "" {
		args = append(args, "-seed", s.seed)
	}
	cmd := exec.CommandContext(ctx, "go", args...)
	cmd.Env = append(os.Environ(), "GOGC=400")
	content, err := cmd.CombinedOutput()
	return string(content), err
}

// guard is a rule that keeps environments, the sequences that show it, and the markers of the code that enforces it.
type guard struct {
	name    string
	in      sequences
	markers []string
}

func (g guard) matches(words []string) bool {
	text := g.name + " " + strings.Join(g.markers, " ")
	return len(words) == 0 || slices.ContainsFunc(words, func(w string) bool { return strings.Contains(text, w) })
}

var (
	violation = regexp.MustCompile(`(?m)^\s*\S+_test\.go:\d+: (seed \d+ step \d+: .*)$`)
	failure   = regexp.MustCompile(`(?m)^\s*(\S+_test\.go:\d+: .*)$`)
	broken    = regexp.MustCompile(`\[(build|setup) failed\]|panic:|fatal error:`)
)

// show runs the sequences without the guard and prints the first violation that they find.
func (g guard) show(ctx context.Context, out io.Writer, found map[string]marker, folder string) error {
	overlay, err := g.overlay(found, folder)
	if err != nil {
		return err
	}
	output, err := g.in.run(ctx, overlay)
	failed := violation
	if g.in.seed == "" {
		failed = failure
	}
	at := failed.FindStringSubmatch(output)
	switch {
	case broken.MatchString(output):
		return fmt.Errorf("guard disabled: %s: the sequences don't run:\n%s", g.name, beginning(output))
	case err == nil:
		return fmt.Errorf(
			"guard disabled: %s: no sequence fails; let %s play more of what the guard is against", g.name, g.in.test,
		)
	case at == nil:
		return fmt.Errorf("guard disabled: %s: the test fails for another reason:\n%s", g.name, beginning(output))
	}
	_, err = fmt.Fprintf(out, "guard disabled: %s: %s fails at %s\n", g.name, g.in.test, at[1])
	return err
}

// beginning returns as much of an output as a person reads.
func beginning(output string) string { return output[:min(len(output), 4<<10)] }
