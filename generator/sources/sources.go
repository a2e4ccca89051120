// Package sources has one type for each source of facts: the config branch, GitHub repositories, the cluster, activity,
// workloads and waking environments. Each keeps its last facts, and why the last read failed. After a failed read the
// last facts stay, except those of a repository whose name belongs to another one now.
//
// A read has two parts. A Task reads in a goroutine of its own and changes nothing. It returns an Apply, which stores
// the result in the goroutine of the refresh cycle. So facts need no locks.
package sources

// Task reads from a source. It may run in any goroutine.
type Task func() Apply

// Apply stores the result of a Task. It runs in the goroutine of the refresh cycle.
type Apply func()

// Nothing is a Task that reads nothing.
func Nothing() Apply { return func() {} }
