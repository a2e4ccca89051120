package cli

import (
	"context"
	"os"
	"os/exec"
	"strings"

	"github.com/rogpeppe/go-internal/testscript"
)

// gitops creates a GitOps repository: the example in the bare repository previews.git, and its clone previews.
func gitops(ts *testscript.TestScript, neg bool, args []string) {
	if neg || len(args) != 0 {
		ts.Fatalf("usage: gitops")
	}
	ts.Check(os.WriteFile(ts.MkAbs(".gitconfig"), []byte("[user]\n\tname = Ada\n\temail = ada@example.dev\n"), 0o600))
	ts.Setenv("GIT_CONFIG_GLOBAL", ts.MkAbs(".gitconfig"))
	ts.Setenv("PREVIEWSET_CONFIG_REPO", "file://"+ts.MkAbs("previews.git"))
	ts.Check(ts.Exec("previewctl", "init", "previews", "--domain", "preview.example.dev",
		"--example", "--example-repository", "acme/shop", "--example-repository", "acme/gateway"))
	for line := range strings.Lines(`git init -q --bare -b main previews.git
git -C previews init -q -b main
git -C previews add .
git -C previews commit -q -m Begin
git -C previews remote add origin ../previews.git
git -C previews push -q -u origin main`) {
		words := strings.Fields(line)
		ts.Check(ts.Exec(words[0], words[1:]...))
	}
}

// pushed prints a file of the bare repository: pushed FILE. Without a file it prints the newest commit.
func pushed(ts *testscript.TestScript, neg bool, args []string) {
	git := []string{"-C", "previews.git", "log", "-1", "--format=%an <%ae>%n%B"}
	if len(args) == 1 {
		git = []string{"-C", "previews.git", "show", "main:" + args[0]}
	}
	if err := ts.Exec("git", git...); (err != nil) != neg {
		ts.Fatalf("git %s: %v", strings.Join(git, " "), err)
	}
}

// commits checks the number of commits in the bare repository: commits 2.
func commits(ts *testscript.TestScript, neg bool, args []string) {
	if neg || len(args) != 1 {
		ts.Fatalf("usage: commits NUMBER")
	}
	git := []string{"-C", ts.MkAbs("previews.git"), "rev-list", "--count", "main"}
	out, err := exec.CommandContext(context.Background(), "git", git...).Output()
	ts.Check(err)
	if got := strings.TrimSpace(string(out)); got != args[0] {
		ts.Fatalf("%s commits, want %s", got, args[0])
	}
}
