package scaffold

import (
	"cmp"
	"strings"

	"github.com/previewset/previewset/internal/cli/terminal"
)

// Guide is what tells a person how to go on after init.
type Guide struct {
	Dir      string
	Push     bool
	Settings Settings
}

// Placeholders tells which of the example's values nobody has replaced.
func (o Guide) Placeholders() []string {
	var lines []string
	if o.Settings.RepoURL == "" {
		lines = append(lines, "the repository's address is still the example's, "+ExampleRepoURL+": run again with --repo-url and --force")
	}
	if o.Settings.Domain == "" {
		lines = append(lines, "the domain is still the example's, "+ExampleDomain+": run again with --domain and --force")
	}
	if a := o.Settings.RepoURL; a != "" && !strings.HasPrefix(a, "http") {
		lines = append(lines, "the service reads this address without a token: in appsets/generator/deployment.yaml replace --config-token-file "+
			"by --config-ssh-key-file and --config-known-hosts-file (SSH), or leave it out")
	}
	return lines
}

// Step is what to do next, in words and in commands.
type Step struct {
	say string
	do  []string
}

func (s Step) String() string {
	return strings.Join(append([]string{strings.ReplaceAll(s.say, "\n", "\n     ")}, s.do...), "\n       ")
}

func (o Guide) Steps(missing []string) []Step {
	dir, in, check := terminal.ShellQuote(o.Dir), o.Dir+"/", "previewctl check "+terminal.ShellQuote(o.Dir)
	if o.Push || o.Dir == "." {
		in, check = "", "previewctl check" // somebody who follows the first step is in the folder then
	}
	var steps []Step
	if o.Push {
		steps = append(steps, Step{
			"Make an environment that runs your branch of one service, with everything else linked:",
			[]string{"cd " + dir, "previewctl create mine --service gateway=branch:my-branch"},
		})
	}
	steps = append(steps, Step{
		"Say which services you have, in " + in + "previewset.yaml and kustomize-base (or try the demo system first), who\n" +
			"owns what, in CODEOWNERS, and see whether it fits together:", []string{check},
	})
	if !o.Push {
		steps = append(steps, Step{"Push it:", o.pushing(dir)})
	}
	if len(missing) > 0 {
		steps = append(steps, Step{
			"Put the tokens from GitHub into " + in + SecretsFolder + " (README.md there says what each may do):",
			[]string{strings.Join(missing, ", ")},
		})
	}
	return append(steps, o.installing(in)...)
}

// installing is what is left when the repository is pushed. Paths begin with in.
func (o Guide) installing(in string) []Step {
	return []Step{
		{
			"Install it beside Argo CD, which must be able to read the repository too (" + in + "appsets/README.md says how, and how\n" +
				"to secure, upgrade and remove it):", []string{"kubectl apply -k " + terminal.ShellQuote(in+"appsets")},
		},
		{
			"Let GitHub tell the service at once: add a webhook for pull requests and pushes, with the secret from webhook.secret, to",
			[]string{"https://generator." + cmp.Or(o.Settings.Domain, ExampleDomain) + "/webhooks/github"},
		},
		{
			"Label a pull request \"preview\", and watch:", []string{
				"kubectl -n " + o.Settings.Namespace + " port-forward service/preview-generator 4355 &",
				"previewctl list --server http://127.0.0.1:4355 --api-token-file " + terminal.ShellQuote(in+SecretsFolder+"/api.token"),
			},
		},
	}
}

// pushing are the commands that make the folder a Git repository and push it.
func (o Guide) pushing(dir string) []string {
	git := "git -C " + dir + " "
	return []string{
		git + "init -b " + o.Settings.Branch, git + "add .", git + "commit -m 'Add preview environments'",
		git + "remote add origin " + terminal.ShellQuote(cmp.Or(o.Settings.RepoURL, ExampleRepoURL)), git + "push -u origin " + o.Settings.Branch,
	}
}
