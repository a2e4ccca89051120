package mcpserver

import (
	"maps"
	"slices"
	"strconv"
)

// settings describe an environment. They are the flags of create and set.
type settings struct {
	environment
	Profile    *string           `json:"profile,omitempty" jsonschema:"profile of previewset.yaml"`
	Services   map[string]string `json:"services,omitempty" jsonschema:"a ref for each service that runs here"`
	Links      map[string]string `json:"links,omitempty" jsonschema:"a target for each service that doesn't run here"`
	Components []string          `json:"components,omitempty" jsonschema:"components to add; NAME- removes one"`
	Dataset    *string           `json:"dataset,omitempty" jsonschema:"dataset of new data stores"`
	Purpose    *string           `json:"purpose,omitempty" jsonschema:"why it exists, one line"`
	Expires    *string           `json:"expires,omitempty" jsonschema:"when to remove it: 8h, 3d, or an RFC 3339 time"`
	Shared     *bool             `json:"shared,omitempty" jsonschema:"whether other environments may link to it"`
	Message    string            `json:"message,omitempty" jsonschema:"reason for the commit message"`
}

// refs explains the values of services and links.
const refs = " A ref is pr:OWNER/REPO#N, branch:NAME, tag:NAME or sha:COMMIT. A link's target is env:NAME or " +
	"pr:OWNER/REPO#N. The value default removes a ref or link. An empty text removes a setting."

type deletion struct {
	environment
	BreakLinks bool   `json:"break_links,omitempty" jsonschema:"link environments that use it to the baseline instead"`
	Message    string `json:"message,omitempty" jsonschema:"reason for the commit message"`
}

type forTime struct {
	environment
	For string `json:"for,omitempty" jsonschema:"how long from now, like 90m or 8h"`
}

func addWrites(s *server) {
	const own = " Works only on environments of the server's user."
	add(s, tool{
		name: "create_environment", kind: adds,
		description: "Create an environment with one Git commit. For a pull request, adjust its environment." + refs + own,
	}, func(in settings) []string { return s.change("create", in) })
	add(s, tool{
		name: "change_environment", kind: overwrites,
		description: "Change the given settings of an environment with one Git commit." + refs + own,
	}, func(in settings) []string { return s.change("set", in) })
	add(s, tool{
		name: "delete_environment", kind: overwrites,
		description: "Delete an environment with its namespace and all its data, with one Git commit." + own,
	}, func(in deletion) []string { return s.remove(in) })
	add(s, tool{
		name: "wake_environment", kind: adds,
		description: "Wake a sleeping environment, or hold one awake for a time. Then wait for it." + own,
	}, func(in forTime) []string { return s.request("wake", in) })
	add(s, tool{
		name: "sleep_environment", kind: adds,
		description: "Put an environment to sleep now. Its data stays, and a visit wakes it." + own,
	}, func(in environment) []string { return s.request("sleep", forTime{environment: in}) })
	add(s, tool{
		name: "extend_environment", kind: adds,
		description: "Postpone an environment's expiry, or bring an expired one back." + own,
	}, func(in forTime) []string { return s.request("extend", in) })
	add(s, tool{
		name: "redeploy_environment", kind: adds,
		description: "Start new Pods of an environment's services with the same commits, so that a moving tag is pulled " +
			"again. Then wait for it." + own,
	}, func(in environment) []string { return s.request("redeploy", forTime{environment: in}) })
}

func (s *server) planEnvironment(in environmentPlan) []string {
	switch in.Action {
	case "create":
		return s.change("create", in.settings, "--dry-run")
	case "delete":
		return s.remove(deletion{environment: in.environment}, "--dry-run")
	default: // change; the input's schema refuses other words
		return s.change("set", in.settings, "--dry-run")
	}
}

func (s *server) change(command string, in settings, more ...string) []string {
	args := append([]string{command, "--output=json"}, more...)
	for _, f := range []struct {
		flag  string
		value *string
	}{
		{"profile", in.Profile}, {"dataset", in.Dataset}, {"purpose", in.Purpose}, {"expires", in.Expires},
	} {
		if f.value != nil {
			args = append(args, "--"+f.flag+"="+*f.value)
		}
	}
	for _, service := range slices.Sorted(maps.Keys(in.Services)) {
		args = append(args, "--service="+service+"="+in.Services[service])
	}
	for _, service := range slices.Sorted(maps.Keys(in.Links)) {
		args = append(args, "--link="+service+"="+in.Links[service])
	}
	for _, c := range in.Components {
		args = append(args, "--component="+c)
	}
	if in.Shared != nil {
		args = append(args, "--shared="+strconv.FormatBool(*in.Shared))
	}
	args = appendFlag(args, "message", in.Message)
	args = appendFlag(args, "require-owner", s.owner)
	return append(args, "--", in.Environment)
}

func (s *server) remove(in deletion, more ...string) []string {
	args := append([]string{"delete", "--output=json", "--break-links=" + strconv.FormatBool(in.BreakLinks)}, more...)
	args = appendFlag(args, "message", in.Message)
	args = appendFlag(args, "require-owner", s.owner)
	return append(args, "--", in.Environment)
}

func (s *server) request(action string, in forTime) []string {
	args := appendFlag([]string{action, "--output=json"}, "for", in.For)
	args = appendFlag(args, "require-owner", s.owner)
	return append(args, "--", in.Environment)
}
