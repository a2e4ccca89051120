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
		o.env.say("  %d. %s", i+1, strings.ReplaceAll(step, "\n", "\n       "))
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

func (o *initOptions) steps(missing []string) []string {
	dir, repoURL := shellQuoted(o.dir), shellQuoted(cmp.Or(o.settings.repoURL, exampleRepoURL))
	var steps []string
	if o.push {
		steps = append(steps, "Make an environment that runs your branch of one service, with everything else linked:\n"+
			"cd "+dir+"\npreviewctl create mine --service gateway=branch:my-branch")
	}
	steps = append(steps,
		"Say which services you have, in "+o.dir+"/previewset.yaml and kustomize-base (or try the demo system first), who\n"+
			"owns what, in CODEOWNERS, and see whether it fits together:\npreviewctl check "+dir)
	if !o.push {
		steps = append(steps, "Push it:\ngit -C "+dir+" init -b "+o.settings.branch+"\ngit -C "+dir+" add .\ngit -C "+dir+" commit -m 'Add preview environments'\n"+
			"git -C "+dir+" remote add origin "+repoURL+"\ngit -C "+dir+" push -u origin "+o.settings.branch)
	}
	if len(missing) > 0 {
		steps = append(steps, "Put the tokens from GitHub into "+o.dir+"/"+secretsFolder+" (README.md there says what each may do):\n"+strings.Join(missing, ", "))
	}
	return append(steps,
		"Install it beside Argo CD:\nkubectl apply -k "+shellQuoted(o.dir+"/appsets"),
		"Let GitHub tell the service at once: add a webhook for pull requests and pushes, with the secret from webhook.secret, to\n"+
			"https://generator."+cmp.Or(o.settings.domain, exampleDomain)+"/webhooks/github",
		"Label a pull request \"preview\", and watch: previewctl list --server …",
	)
}

var plainWord = regexp.MustCompile(`^[A-Za-z0-9_./:@~-]+$`)

// shellQuoted is a word as a shell takes it.
func shellQuoted(s string) string {
	if plainWord.MatchString(s) && !strings.HasPrefix(s, "~") {
		return s
	}
	return "'" + strings.ReplaceAll(s, "'", `'\''`) + "'"
}
