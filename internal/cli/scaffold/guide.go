package scaffold

import (
	"cmp"
	"strings"

	"github.com/previewset/previewset/internal/cli/terminal"
)

// Guide computes the next steps after init.
type Guide struct {
	Dir      string
	Push     bool
	Settings Settings
}

// Notes names the example's values that are still in the files, and changes that the repository's address requires.
func (g Guide) Notes() []string {
	var notes []string
	if g.Settings.RepoURL == "" {
		notes = append(notes, "the repository's address is still the example's, "+ExampleRepoURL+
			"; run init again with --repo-url and --force")
	}
	if g.Settings.Domain == "" {
		notes = append(notes, "the domain is still the example's, "+ExampleDomain+
			"; run init again with --domain and --force")
	}
	if a := g.Settings.RepoURL; a != "" && !strings.HasPrefix(a, "http") {
		notes = append(notes, "the service reads this address without a token; in appsets/generator/deployment.yaml replace "+
			"--config-token-file by --config-ssh-key-file and --config-known-hosts-file (SSH), or remove it")
	}
	return notes
}

// Step is a next step, in words and commands.
type Step struct {
	text     string
	commands []string
}

func (s Step) String() string {
	return strings.Join(append([]string{strings.ReplaceAll(s.text, "\n", "\n     ")}, s.commands...), "\n       ")
}

// Steps returns the next steps. The missing secrets are those that the user must add.
func (g Guide) Steps(missing []string) []Step {
	dir, in, check := terminal.ShellQuote(g.Dir), g.Dir+"/", "previewctl check "+terminal.ShellQuote(g.Dir)
	if g.Push || g.Dir == "." {
		in, check = "", "previewctl check" // after a push, the first step changes to the folder
	}
	var steps []Step
	if g.Push {
		steps = append(steps, Step{
			"Create an environment that runs your branch of one service, with links to all other services:",
			[]string{"cd " + dir, "previewctl create mine --service gateway=branch:my-branch"},
		})
	}
	steps = append(steps, Step{
		"Describe your services in " + in + "previewset.yaml and kustomize-base (or try the demo system first), and\n" +
			"their owners in CODEOWNERS. Check the result:", []string{check},
	})
	if !g.Push {
		steps = append(steps, Step{"Push it:", g.pushing(dir)})
	}
	if len(missing) > 0 {
		steps = append(steps, Step{
			"Put the tokens from GitHub into " + in + SecretsFolder + " (README.md there lists their permissions):",
			[]string{strings.Join(missing, ", ")},
		})
	}
	return append(steps, g.installing(in)...)
}

// installing returns the steps after the push. Paths begin with in.
func (g Guide) installing(in string) []Step {
	return []Step{
		{
			"Install it beside Argo CD, which must be able to read the repository too (" + in + "appsets/README.md\n" +
				"describes how to install, secure, upgrade and remove it):",
			[]string{"kubectl apply -k " + terminal.ShellQuote(in+"appsets")},
		},
		{
			"Add a GitHub webhook for pull requests and pushes, with the secret of webhook.secret, so that\n" +
				"changes arrive at once:",
			[]string{"https://generator." + cmp.Or(g.Settings.Domain, ExampleDomain) + "/webhooks/github"},
		},
		{
			"Label a pull request \"preview\", and list the environments:", []string{
				"kubectl -n " + g.Settings.Namespace + " port-forward service/preview-generator 4355 &",
				"previewctl list --server http://127.0.0.1:4355 --api-token-file " +
					terminal.ShellQuote(in+SecretsFolder+"/api.token"),
			},
		},
	}
}

// pushing returns the commands that make the folder a Git repository and push it.
func (g Guide) pushing(dir string) []string {
	git := "git -C " + dir + " "
	return []string{
		git + "init -b " + g.Settings.Branch, git + "add .", git + "commit -m 'Add preview environments'",
		git + "remote add origin " + terminal.ShellQuote(cmp.Or(g.Settings.RepoURL, ExampleRepoURL)),
		git + "push -u origin " + g.Settings.Branch,
	}
}
