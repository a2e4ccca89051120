package mcpserver

import (
	"fmt"
	"strconv"
)

// environment is the input of the tools about one environment.
type environment struct {
	Environment string `json:"environment" jsonschema:"its name, or its pull request as owner/repo#number"`
}

type selection struct {
	Repository string `json:"repository,omitempty" jsonschema:"only this repository, owner/name"`
	Owner      string `json:"owner,omitempty" jsonschema:"only this owner or author, a GitHub login"`
	All        bool   `json:"all,omitempty" jsonschema:"add unlabelled pull requests and recently removed environments"`
}

type repositoryPlan struct {
	Dir  string `json:"dir" jsonschema:"folder of the GitOps repository in a clone"`
	Diff bool   `json:"diff,omitempty" jsonschema:"add the diff of the manifests"`
}

type environmentPlan struct {
	Action string `json:"action" jsonschema:"create, change or delete"`
	settings
}

type waiting struct {
	environment
	Goal    string   `json:"goal,omitempty" jsonschema:"healthy (default) or gone"`
	Seconds int      `json:"timeout_seconds,omitempty" jsonschema:"how long to wait, at most 600; default 60"`
	Config  string   `json:"config_commit,omitempty" jsonschema:"commit that a change of this environment returned"`
	Commits []string `json:"commits,omitempty" jsonschema:"commits that must run: SHA or SERVICE=SHA"`
}

func addReads(s *server) {
	add(s, tool{
		name: "list_environments", shorten: shortList,
		description: "List environments with phase and address, and held pull requests with reason and remedy.",
	}, func(in selection) []string {
		args := []string{"list", "--output=json"}
		args = appendFlag(args, "repository", in.Repository)
		args = appendFlag(args, "owner", in.Owner)
		return append(args, "--all="+strconv.FormatBool(in.All))
	})
	add(s, tool{
		name: "show_environment",
		description: "Show an existing environment: address, phase, services with commits, why it isn't ready, a failing " +
			"Pod, and Argo CD's health.",
	}, func(in environment) []string { return about("show", in) })
	add(s, tool{
		name: "explain_environment",
		description: "Explain the generator's decision about an environment or pull request: live, held, asleep or gone, " +
			"with rule, reason and remedy, and when it sleeps and expires.",
	}, func(in environment) []string { return about("why", in) })
	add(s, tool{
		name: "plan_environment", choices: map[string][]any{"action": {"create", "change", "delete"}},
		description: "Show the diff that creating, changing or deleting an environment would commit, and whether the " +
			"service would hold a new one. Changes nothing." + refs,
	}, s.planEnvironment)
	add(s, tool{
		name: "plan_repository", shorten: shortPlan,
		description: "Show which environments a push of a clone's working tree would add, change and remove. Changes " +
			"nothing.",
	}, func(in repositoryPlan) []string {
		return []string{"plan", "--output=json", "--dir=" + in.Dir, "--summary=" + strconv.FormatBool(!in.Diff)}
	})
	add(s, tool{
		name: "wait_for_environment", choices: map[string][]any{"goal": {"healthy", "gone"}},
		description: "Wait until an environment is healthy, or gone. The result timeout means: it isn't yet; the reason " +
			"says why, and another call waits on.",
	}, waitArgs)
}

func about(command string, in environment) []string {
	return []string{command, "--output=json", "--", in.Environment}
}

const (
	defaultSeconds = 60 // below the time that clients wait for a tool
	maxSeconds     = 600
)

func waitArgs(in waiting) []string {
	seconds := min(in.Seconds, maxSeconds)
	if seconds <= 0 {
		seconds = defaultSeconds
	}
	args := []string{"wait", "--output=json", fmt.Sprintf("--timeout=%ds", seconds)}
	args = appendFlag(args, "for", in.Goal)
	args = appendFlag(args, "config-commit", in.Config)
	for _, c := range in.Commits {
		args = append(args, "--commit="+c)
	}
	return append(args, "--", in.Environment)
}

// appendFlag appends a flag with a value as one argument, so that the value is never an argument of its own.
func appendFlag(args []string, flag, value string) []string {
	if value == "" {
		return args
	}
	return append(args, "--"+flag+"="+value)
}
