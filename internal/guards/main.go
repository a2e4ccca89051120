// Command guards shows that the random sequences find what they are for: it takes the guards out of the source one by one,
// each in an overlay of its own, and runs the sequences, which must then fail by what they watch. The files themselves
// stay as they are.
package main

import (
	"context"
	"encoding/json"
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

// run takes out the guards whose names contain one of the words; all without any.
func run(ctx context.Context, out io.Writer, words []string) error {
	folder, err := os.MkdirTemp("", "guards")
	if err != nil {
		return err
	}
	defer func() { _ = os.RemoveAll(folder) }()
	began := time.Now()
	for _, s := range []sequences{service, domain, lives} {
		if !slices.ContainsFunc(guards, func(g guard) bool { return g.in == s && g.matches(words) }) {
			continue
		}
		if got, err := s.run(ctx, ""); err != nil {
			return fmt.Errorf("with all guards in place: %w\n%s", err, beginning(got))
		}
	}
	_, _ = fmt.Fprintf(out, "with all guards in place: the runs pass (%s)\n", time.Since(began).Round(time.Second))
	var wrong []error
	for i, g := range guards {
		if g.matches(words) {
			wrong = append(wrong, g.show(ctx, out, filepath.Join(folder, fmt.Sprint(i))))
		}
	}
	_, _ = fmt.Fprintf(out, "%s\n", time.Since(began).Round(time.Second))
	return errors.Join(wrong...)
}

// sequences are a package's test of random sequences.
type sequences struct{ pkg, test string }

var (
	service = sequences{"./generator", "TestNoPreviewIsLost"}
	domain  = sequences{"./internal/preview", "TestNoEnvironmentIsLost"}
	lives   = sequences{"./internal/preview", "TestNothingSleepsWithoutEvidence"}
)

// run plays the sequences, from the first seed on, with the source that an overlay changes.
func (s sequences) run(ctx context.Context, overlay string) (output string, err error) {
	args := []string{"test", "-vet=off", "-count=1", "-run", "^" + s.test + "$", s.pkg, "-seed", "1"}
	if overlay != "" {
		args = append([]string{"test", "-overlay", overlay}, args[1:]...)
	}
	cmd := exec.CommandContext(ctx, "go", args...) //nolint:gosec // G204: the arguments are this file's
	cmd.Env = append(os.Environ(), "GOGC=400")
	content, err := cmd.CombinedOutput()
	return string(content), err
}

// guard is a rule that keeps environments from vanishing, and the change that takes it out.
type guard struct {
	name  string
	in    sequences
	edits []edit
}

// edit is a change of a file: the old text, which stands there once, and the new.
type edit struct{ file, old, new string }

func (g guard) matches(words []string) bool {
	for _, w := range words {
		if strings.Contains(g.name, w) {
			return true
		}
	}
	return len(words) == 0
}

var (
	violation = regexp.MustCompile(`(?m)^\s*\S+_test\.go:\d+: (seed \d+ step \d+: .*)$`)
	broken    = regexp.MustCompile(`\[(build|setup) failed\]|panic:|fatal error:`)
)

// show runs the sequences without the guard and prints what they find.
func (g guard) show(ctx context.Context, out io.Writer, folder string) error {
	overlay, err := g.overlay(folder)
	if err != nil {
		return err
	}
	output, err := g.in.run(ctx, overlay)
	found := violation.FindStringSubmatch(output)
	switch {
	case broken.MatchString(output):
		return fmt.Errorf("guard %q taken out: it doesn't run:\n%s", g.name, beginning(output))
	case err == nil:
		return fmt.Errorf("guard %q taken out: no sequence fails; let more of what it is against happen in %s", g.name, g.in.pkg)
	case found == nil:
		return fmt.Errorf("guard %q taken out: it fails for something else:\n%s", g.name, beginning(output))
	}
	_, err = fmt.Fprintf(out, "guard %q taken out: %s fails at %s\n", g.name, g.in.pkg, found[1])
	return err
}

// beginning is as much of an output as a person reads.
func beginning(output string) string { return output[:min(len(output), 4<<10)] }

// overlay writes the changed files and the list of them that the go command takes.
func (g guard) overlay(folder string) (string, error) {
	if err := os.MkdirAll(folder, 0o700); err != nil {
		return "", err
	}
	changed, err := g.changed()
	if err != nil {
		return "", err
	}
	var list struct{ Replace map[string]string }
	list.Replace = map[string]string{}
	for file, content := range changed {
		to := filepath.Join(folder, strings.ReplaceAll(file, "/", "_"))
		if err = os.WriteFile(to, []byte(content), 0o600); err != nil {
			return "", err
		}
		list.Replace[file] = to
	}
	content, err := json.Marshal(list)
	if err != nil {
		return "", err
	}
	overlay := filepath.Join(folder, "overlay.json")
	return overlay, os.WriteFile(overlay, content, 0o600)
}

// changed are the files as they are without the guard. The current folder is the module's.
func (g guard) changed() (map[string]string, error) {
	files := map[string]string{}
	for _, e := range g.edits {
		text, ok := files[e.file]
		if !ok {
			content, err := os.ReadFile(e.file)
			if err != nil {
				return nil, err
			}
			text = string(content)
		}
		if n := strings.Count(text, e.old); n != 1 {
			return nil, fmt.Errorf("guard %q: %s has %d times, and not once:\n%s\nwrite in internal/guards/table.go how it is taken out now", g.name, e.file, n, e.old)
		}
		files[e.file] = strings.Replace(text, e.old, e.new, 1)
	}
	return files, nil
}
