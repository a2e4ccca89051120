package stories

import (
	"context"
	"os"
	"path/filepath"
	"strings"
	"syscall"
	"testing"

	"github.com/previewset/previewset/e2e/gitserver"
	"github.com/previewset/previewset/e2e/stand"
	"github.com/previewset/previewset/e2e/standtest"
	"github.com/previewset/previewset/internal/githubtest"
)

// The guide docs/guides/stories/ci-job.md: a CI job without access to the cluster creates an environment, tests it and
// deletes it. One job's tests pass. Another job's tests fail, and the environment is deleted all the same.
func TestStoryOfTheCIJob(t *testing.T) {
	t.Parallel()
	w := shared
	head := githubtest.SHA("story of the CI job")
	w.gateway.SetBranch("story-ci", head)
	passes := w.startJob(t, "ci-story-passes", "0")
	w.waitRuns(t, passes.preview, gatewayImage, head)
	w.WaitDecision(t, passes.name, standtest.Decision{Outcome: "live", State: "awake"})
	variables := passes.waitVariables(t)
	for key, want := range map[string]string{
		"PREVIEW_URL": "https://" + passes.name + "." + stand.Domain, "PREVIEW_NAMESPACE": passes.application,
	} {
		if variables[key] != want {
			t.Errorf("the job's tests got %s=%q, want %q", key, variables[key], want)
		}
	}
	app := w.waitSynced(t, passes.preview)
	if app.Labels["previewset.dev/owner"] != "ci" || app.Annotations["previewset.dev/expires-at"] == "" {
		t.Errorf("its labels are %v and its annotations %v", app.Labels, app.Annotations)
	}
	if err := passes.end(t); err != nil {
		t.Errorf("the job: %v", err)
	}
	w.waitGone(t, passes.preview)

	fails := w.startJob(t, "ci-story-fails", "7")
	fails.waitVariables(t)
	if err := fails.end(t); err == nil || !strings.Contains(err.Error(), "exit status 7") {
		t.Errorf("the job ended with %v, want the tests' exit code 7", err)
	}
	w.waitGone(t, fails.preview)
	if files, err := w.Git.Ask(t.Context(), "ls-tree", "-r", "--name-only", gitserver.Branch); err != nil || strings.Contains(files, "ci-story") {
		t.Errorf("%v: the jobs left files:\n%s", err, files)
	}
}

// job is a running `previewctl ci`. Its tests wait for the story to end them.
type job struct {
	preview
	w         *world
	variables string   // the file with the tests' variables
	ending    *os.File // a named pipe
	result    chan error
}

// startJob runs a CI job. Its tests write their variables to a file, wait for the story, and end with an exit code.
func (w *world) startJob(t *testing.T, name, code string) *job {
	t.Helper()
	folder := t.TempDir()
	j := &job{preview: named(name), w: w, variables: filepath.Join(folder, "variables"), result: make(chan error, 1)}
	pipe := filepath.Join(folder, "ending")
	err := syscall.Mkfifo(pipe, 0o600)
	if err != nil {
		t.Fatal(err)
	}
	if j.ending, err = os.OpenFile(pipe, os.O_RDWR, 0); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { // also after a failure of the story
		_, _ = j.ending.WriteString("end\n")
		<-j.result
		_ = j.ending.Close()
	})
	script := `env >"$0.part" && mv "$0.part" "$0" && read -r _ <"$1"; exit "$2"`
	args := append([]string{"ci", name, "--service=gateway=branch:story-ci", "--owner=ci", "--every=200ms", longWait}, w.APIFlags()...)
	args = append(args, w.gitFlags(t)...)
	args = append(args, "--", "sh", "-c", script, j.variables, pipe, code)
	go func() {
		w.mu.Lock() // as in byHand
		defer w.mu.Unlock()
		defer close(j.result)
		_, err := w.Previewctl(t.Context(), args...)
		j.result <- err
		if head, err := w.Git.Head(context.WithoutCancel(t.Context())); err == nil {
			w.commits = append(w.commits, head)
		}
	}()
	return j
}

// waitVariables waits until the tests run, and returns their variables.
func (j *job) waitVariables(t *testing.T) map[string]string {
	t.Helper()
	variables := map[string]string{}
	j.w.Eventually(t, standtest.Patience, "the tests of "+j.name+" run", func(context.Context) error {
		content, err := os.ReadFile(j.variables)
		for line := range strings.Lines(string(content)) {
			key, value, _ := strings.Cut(strings.TrimSpace(line), "=")
			variables[key] = value
		}
		return err
	})
	return variables
}

// end ends the tests, and returns the result of the job.
func (j *job) end(t *testing.T) error {
	t.Helper()
	if _, err := j.ending.WriteString("end\n"); err != nil {
		t.Fatal(err)
	}
	return <-j.result
}
