package cli

import (
	"cmp"
	"os"
	"regexp"
	"strings"
)

// report says what was done and what comes next.
func (o *initOptions) report(root *os.Root, written, made []string) error {
	if len(written)+len(made) == 0 {
		o.env.say("unchanged: %s is as it would be written", o.dir)
	} else {
		o.env.say("wrote %s and %s to %s", count(len(written), "file"), count(len(made), "token"), o.dir)
	}
	for _, line := range o.placeholders() {
		o.env.tell("note: " + line)
	}
	o.env.say("\nNext:")
	for i, step := range o.steps(missingSecrets(root)) {
		o.env.say("  %d. %s", i+1, step)
	}
	return nil
}

// placeholders tells which of the example's values nobody has replaced.
func (o *initOptions) placeholders() []string {
	var lines []string
	if o.settings.repoURL == "" {
		lines = append(lines, "the repository's address is still the example's, "+exampleRepoURL+": run again with --repo-url and --force")
	}
	if o.settings.domain == "" {
		lines = append(lines, "the domain is still the example's, "+exampleDomain+": run again with --domain and --force")
	}
	if a := o.settings.repoURL; a != "" && !strings.HasPrefix(a, "http") {
		lines = append(lines, "the service reads this address without a token: in appsets/generator/deployment.yaml replace --config-token-file "+
			"by --config-ssh-key-file and --config-known-hosts-file (SSH), or leave it out")
	}
	return lines
}

// step is what to do next, in words and in commands.
type step struct {
	say string
	do  []string
}

func (s step) String() string {
	return strings.Join(append([]string{strings.ReplaceAll(s.say, "\n", "\n     ")}, s.do...), "\n       ")
}

func (o *initOptions) steps(missing []string) []step {
	dir, in, check := shellQuoted(o.dir), o.dir+"/", "previewctl check "+shellQuoted(o.dir)
	if o.push || o.dir == "." {
		in, check = "", "previewctl check" // somebody who follows the first step is in the folder then
	}
	var steps []step
	if o.push {
		steps = append(steps, step{
			"Make an environment that runs your branch of one service, with everything else linked:",
			[]string{"cd " + dir, "previewctl create mine --service gateway=branch:my-branch"},
		})
	}
	steps = append(steps, step{
		"Say which services you have, in " + in + "previewset.yaml and kustomize-base (or try the demo system first), who\n" +
			"owns what, in CODEOWNERS, and see whether it fits together:", []string{check},
	})
	if !o.push {
		steps = append(steps, step{"Push it:", o.pushing(dir)})
	}
	if len(missing) > 0 {
		steps = append(steps, step{
			"Put the tokens from GitHub into " + in + secretsFolder + " (README.md there says what each may do):",
			[]string{strings.Join(missing, ", ")},
		})
	}
	return append(steps, o.installing(in)...)
}

// installing is what is left when the repository is pushed. Paths begin with in.
func (o *initOptions) installing(in string) []step {
	return []step{
		{
			"Install it beside Argo CD, which must be able to read the repository too (" + in + "appsets/README.md says how, and how\n" +
				"to secure, upgrade and remove it):", []string{"kubectl apply -k " + shellQuoted(in+"appsets")},
		},
		{
			"Let GitHub tell the service at once: add a webhook for pull requests and pushes, with the secret from webhook.secret, to",
			[]string{"https://generator." + cmp.Or(o.settings.domain, exampleDomain) + "/webhooks/github"},
		},
		{
			"Label a pull request \"preview\", and watch:", []string{
				"kubectl -n " + o.settings.namespace + " port-forward service/preview-generator 4355 &",
				"previewctl list --server http://127.0.0.1:4355 --api-token-file " + shellQuoted(in+secretsFolder+"/api.token"),
			},
		},
	}
}

// pushing are the commands that make the folder a Git repository and push it.
func (o *initOptions) pushing(dir string) []string {
	git := "git -C " + dir + " "
	return []string{
		git + "init -b " + o.settings.branch, git + "add .", git + "commit -m 'Add preview environments'",
		git + "remote add origin " + shellQuoted(cmp.Or(o.settings.repoURL, exampleRepoURL)), git + "push -u origin " + o.settings.branch,
	}
}

var plainWord = regexp.MustCompile(`^[A-Za-z0-9_./:@~-]+$`)

// shellQuoted is a word as a shell takes it.
func shellQuoted(s string) string {
	if plainWord.MatchString(s) && !strings.HasPrefix(s, "~") {
		return s
	}
	return "'" + strings.ReplaceAll(s, "'", `'\''`) + "'"
}
