package standtest

import (
	"context"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/previewset/previewset/e2e/gitserver"
	"github.com/previewset/previewset/e2e/stand"
)

// Patience is the time that tests wait for a change that takes seconds on an idle machine.
const Patience = 5 * time.Minute

// World is a stand with PreviewSet on it, as tests use it.
type World struct{ *stand.Stand }

// Environment is an environment's name and the name of its Application, which is also its namespace.
type Environment struct{ Name, Application string }

// Named returns the environment of that name.
func Named(name string) Environment { return Environment{Name: name, Application: "preview-" + name} }

// Run runs a previewctl command that asks the generator, and returns its stdout.
func (w *World) Run(t testing.TB, command ...string) string {
	t.Helper()
	out, err := w.ask(t.Context(), command)
	if err != nil {
		t.Fatalf("%v\n%s", err, out)
	}
	return out
}

// WaitPrints waits until a previewctl command that asks the generator prints all these parts.
func (w *World) WaitPrints(t testing.TB, command []string, parts ...string) {
	t.Helper()
	what := fmt.Sprintf("previewctl %s prints %q", strings.Join(command, " "), parts)
	w.Eventually(t, Patience, what, func(ctx context.Context) error {
		out, err := w.ask(ctx, command)
		if err != nil {
			return err
		}
		return Contains(out, parts...)
	})
}

func (w *World) ask(ctx context.Context, command []string) (string, error) {
	return w.Previewctl(ctx, slices.Concat(command, w.APIFlags())...)
}

// Change pushes a commit to the config branch and returns its SHA.
func (w *World) Change(t testing.TB, message string, changes ...func(*os.Root) error) string {
	t.Helper()
	sha, err := w.Git.Change(t.Context(), message, gitserver.All(changes...))
	if err != nil {
		t.Fatal(err)
	}
	return sha
}

// RestoreAfter pushes a change when the test has ended.
func (w *World) RestoreAfter(t *testing.T, message string, changes ...func(*os.Root) error) {
	t.Helper()
	t.Cleanup(func() {
		if _, err := w.Git.Change(context.WithoutCancel(t.Context()), message, gitserver.All(changes...)); err != nil {
			t.Error(err)
		}
	})
}

// File returns a file of the GitOps repository as previewctl init wrote it.
func (w *World) File(t testing.TB, name string) string {
	t.Helper()
	content, err := os.ReadFile(filepath.Join(w.Repository(), name))
	if err != nil {
		t.Fatal(err)
	}
	return string(content)
}
