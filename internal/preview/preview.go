// Package preview is the domain of PreviewSet: which pull requests get an environment, what is in each, how everything
// is named, and how that is told to Argo CD. It is pure: values in, values out. It reads no file, network, environment
// variable or clock, and logs nothing; time is an argument. The service and the command meet only here, so they can't
// disagree about a name or a rule.
//
// The way through is Load (the files of one commit → Config), Config.Wants (what must be read from GitHub), Resolve
// (Config, Facts, Memory, now → Snapshot). The rules that decide whether a pull request gets a preview are in admit.go,
// what runs in it in run.go, how it is put together in compose.go.
//
// YAML is parsed by go.yaml.in/yaml/v3, the maintained line of go-yaml, because its nodes carry positions: every
// mistake is reported with its line, all of them at once. Paths are matched by doublestar, the ** dialect that GitHub's
// users know.
package preview
