package scaffold

import (
	"cmp"
	"slices"
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
		notes = append(notes, "the generator reads this address without a token; in appsets/generator/deployment.yaml replace "+
			"--config-token-file by --config-ssh-key-file and --config-known-hosts-file (SSH), or remove it")
	}
	if g.Settings.Version == "" {
		notes = append(notes, "this previewctl was built without a version, so CI installs branch "+ExampleVersion+
			"; write a release or commit as PREVIEWCTL_VERSION in .github/workflows/previews.yaml")
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
	dir := terminal.ShellQuote(g.Dir)
	var steps []Step
	if !g.Push {
		steps = append(steps, Step{"Push it:", g.pushing(dir)})
	}
	steps = append(steps, g.describing(dir))
	if len(missing) > 0 {
		steps = append(steps, Step{
			"Put the tokens from GitHub into " + SecretsFolder + " (README.md there lists their permissions):",
			[]string{strings.Join(missing, ", ")},
		})
	}
	return append(steps, g.installing()...)
}

// describing returns the step in which the user describes the system.
func (g Guide) describing(dir string) Step {
	var commands []string
	if g.Dir != "." {
		commands = append(commands, "cd "+dir)
	}
	if g.Settings.Example {
		return Step{
			"Write the owners into CODEOWNERS, and check the demo system:", append(commands, "previewctl check"),
		}
	}
	return Step{
		"Add your services, each with one command, and write the owners into CODEOWNERS:", append(commands,
			"previewctl service add web --repository OWNER/NAME --image IMAGE:TAG --port 8080 --public", "git pull",
			"previewctl check"),
	}
}

// installing returns the steps after the push, in the folder.
func (g Guide) installing() []Step {
	install := []string{"kubectl apply -k appsets"}
	if g.Settings.Ingress == "" {
		install = slices.Insert(install, 0, "kubectl label namespace "+g.Settings.Namespace+" previewset.dev/routes=true")
	}
	return []Step{
		{
			"Install it beside Argo CD, which must be able to read the repository too (appsets/README.md\n" +
				"describes how to install, secure, upgrade and remove it):",
			install,
		},
		{
			"Add a GitHub webhook for pull requests and pushes, with the secret of webhook.secret, so that\n" +
				"changes arrive at once:",
			[]string{"https://generator." + cmp.Or(g.Settings.Domain, ExampleDomain) + "/webhooks/github"},
		},
		g.firstEnvironment(),
	}
}

// firstEnvironment returns the last step. The demo system without repositories has no pull requests.
func (g Guide) firstEnvironment() Step {
	first := "Label a pull request \"preview\", and list the environments:"
	var create []string
	if g.Settings.Example && len(g.Settings.ExampleRepositories) == 0 {
		first, create = "Create an environment, and list all:", []string{"previewctl create mine --profile full"}
	}
	return Step{
		first, append(create,
			"kubectl -n "+g.Settings.Namespace+" port-forward service/preview-generator 4355 &",
			"previewctl list --server http://127.0.0.1:4355 --api-token-file "+SecretsFolder+"/api.token"),
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
