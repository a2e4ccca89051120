// Package gittest has repositories and Git servers for tests: bare repositories on disk, a server over HTTP, a server
// over SSH and an SSH agent. It knows Git, and nothing about the meaning of the files.
package gittest

import (
	"bytes"
	"maps"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"testing"
)

// Deleted is the content of a file that a commit deletes.
const Deleted = "\x00deleted"

// Environ returns an environment for git that ignores the machine's configuration and sets one author.
func Environ(more ...string) []string {
	return append([]string{
		"PATH=" + os.Getenv("PATH"), "HOME=/nonexistent", "GIT_CONFIG_GLOBAL=/dev/null", "GIT_CONFIG_NOSYSTEM=1",
		"GIT_TERMINAL_PROMPT=0",
		"GIT_AUTHOR_NAME=Test", "GIT_AUTHOR_EMAIL=test@example.com", "GIT_COMMITTER_NAME=Test",
		"GIT_COMMITTER_EMAIL=test@example.com",
	}, more...)
}

// Git runs git in a folder and returns its trimmed output.
func Git(tb testing.TB, dir string, args ...string) string {
	tb.Helper()
	return GitWith(tb, dir, Environ(), "", args...)
}

// GitWith is Git with an environment and an input.
func GitWith(tb testing.TB, dir string, environ []string, stdin string, args ...string) string {
	tb.Helper()
	cmd := exec.CommandContext(tb.Context(), "git", args...)
	cmd.Dir, cmd.Env, cmd.Stdin = dir, environ, strings.NewReader(stdin)
	var stderr bytes.Buffer
	cmd.Stderr = &stderr
	out, err := cmd.Output()
	if err != nil {
		tb.Fatalf("git %s: %v: %s", strings.Join(args, " "), err, &stderr)
	}
	return strings.TrimSpace(string(out))
}

// NewEmpty creates a bare repository without a commit, named config.git, and returns its path.
func NewEmpty(tb testing.TB) string {
	tb.Helper()
	bare := filepath.Join(tb.TempDir(), "config.git")
	Git(tb, "", "init", "--quiet", "--bare", "--initial-branch=main", bare)
	Git(tb, bare, "config", "http.receivepack", "true")
	return bare
}

// New creates a bare repository with the files in one commit on main.
func New(tb testing.TB, files map[string]string) string {
	tb.Helper()
	bare := NewEmpty(tb)
	Import(tb, bare, files)
	return bare
}

// Import moves main to a new commit without parents. A file with the content "-> x" is a symbolic link to x, one
// with "!x" is an executable file with the content x. It returns the commit's SHA.
func Import(tb testing.TB, bare string, files map[string]string) string {
	tb.Helper()
	return commit(tb, bare, "main", "", files)
}

// Commit adds a commit on top of main, or the first one. Files are as in Import; the content Deleted
// deletes a file. It returns the
// SHA.
func Commit(tb testing.TB, bare string, files map[string]string) string {
	tb.Helper()
	return CommitTo(tb, bare, "main", files)
}

// CommitTo is Commit on another branch; a new branch begins at main.
func CommitTo(tb testing.TB, bare, branch string, files map[string]string) string {
	tb.Helper()
	for _, parent := range []string{branch, "main"} {
		if Git(tb, bare, "for-each-ref", "refs/heads/"+parent) != "" {
			return commit(tb, bare, branch, Git(tb, bare, "rev-parse", "refs/heads/"+parent), files)
		}
	}
	return commit(tb, bare, branch, "", files)
}

func commit(tb testing.TB, bare, branch, parent string, files map[string]string) string {
	tb.Helper()
	index := Environ("GIT_INDEX_FILE=" + filepath.Join(tb.TempDir(), "index"))
	args := []string{"commit-tree", "-m", "Change files"}
	if parent != "" {
		GitWith(tb, bare, index, "", "read-tree", parent)
		args = append(args, "-p", parent)
	}
	for _, name := range slices.Sorted(maps.Keys(files)) {
		stage(tb, bare, index, name, files[name])
	}
	sha := Git(tb, bare, append(args, GitWith(tb, bare, index, "", "write-tree"))...)
	Git(tb, bare, "update-ref", "refs/heads/"+branch, sha)
	return sha
}

func stage(tb testing.TB, bare string, index []string, name, content string) {
	tb.Helper()
	if content == Deleted {
		GitWith(tb, bare, index, "0 "+strings.Repeat("0", 40)+"\t"+name+"\n", "update-index", "--index-info")
		return
	}
	mode := "100644"
	if target, ok := strings.CutPrefix(content, "-> "); ok {
		mode, content = "120000", target
	} else if script, ok := strings.CutPrefix(content, "!"); ok {
		mode, content = "100755", script
	}
	blob := GitWith(tb, bare, index, content, "hash-object", "-w", "--stdin")
	GitWith(tb, bare, index, "", "update-index", "--add", "--replace", "--cacheinfo", mode+","+blob+","+name)
}

// Files returns the files on main by path, with trimmed contents.
func Files(tb testing.TB, bare string) map[string]string {
	tb.Helper()
	all := map[string]string{}
	for name := range strings.FieldsSeq(Git(tb, bare, "ls-tree", "-r", "--name-only", "main")) {
		all[name] = Git(tb, bare, "show", "main:"+name)
	}
	return all
}

// Head returns the commit of main.
func Head(tb testing.TB, bare string) string {
	tb.Helper()
	return Git(tb, bare, "rev-parse", "main")
}

// WriteFile writes a file with its folders.
func WriteFile(tb testing.TB, name, content string, mode os.FileMode) {
	tb.Helper()
	if err := os.MkdirAll(filepath.Dir(name), 0o755); err != nil {
		tb.Fatal(err)
	}
	if err := os.WriteFile(name, []byte(content), mode); err != nil {
		tb.Fatal(err)
	}
}
