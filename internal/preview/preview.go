// Package preview is the domain of PreviewSet. It decides which pull requests get an environment, which services run in
// each, and when an environment sleeps or is removed. It is pure: values in, values out. It reads no file, network,
// environment variable or clock, and it doesn't log; time is an argument. The generator and the command both use it, so
// they can't disagree about a rule.
//
// Resolve is the entry point, and its example shows a whole call. Its steps are in the order of its calls: identify, keepLeaving, admit, assign,
// lifecycle, reconcile, schedule, limit, link, explain, remember. Steps return new values, with two exceptions:
// keepLeaving adds leaving members to the results of identify, and limit adds to the results of reconcile. No step
// needs a later one. The table of admission rules is in admit.go, their checks are in admission.go and planned.go.
// Most removals are decided in removal.go, see reconcile.go for the others, the composition of a row is in
// compose.go.
//
// A comment "guard NAME: CHANGE" marks a line of a safety rule. internal/guards makes the change, for example takes the
// line out, and checks that a test fails then.
package preview
