package main

import (
	"context"
	"fmt"
	"maps"
	"slices"
	"strings"
	"time"

	"github.com/previewset/previewset/e2e/stand"
	"github.com/previewset/previewset/internal/config"
)

// watcher prints changes of Applications.
type watcher struct {
	stand *stand.Stand
	// start is the time from which the creation of an Application is measured. Zero means that this time is unknown.
	start   time.Time
	seen    map[string]string    // the last printed line, by Application
	begun   map[string]time.Time // the time since which each Application isn't settled
	settled map[string]bool      // true if the Application is Synced and Healthy
	commit  map[string]string    // the head commit, by Application
}

func newWatcher(s *stand.Stand) watcher {
	return watcher{
		stand: s, seen: map[string]string{}, begun: map[string]time.Time{}, settled: map[string]bool{},
		commit: map[string]string{},
	}
}

// look reads all Applications and prints the changed ones.
func (w *watcher) look(ctx context.Context) error {
	apps, err := w.stand.Applications(ctx, "")
	if err != nil {
		return err
	}
	there := map[string]bool{}
	for _, app := range apps {
		there[app.Name] = true
		if line := describe(app); line != w.seen[app.Name] {
			tell(app.Name, line+w.time(app))
			w.seen[app.Name] = line
		}
	}
	for _, name := range slices.Sorted(maps.Keys(w.seen)) {
		if !there[name] {
			tell(name, "gone")
			w.forget(name)
		}
	}
	return nil
}

func (w *watcher) forget(name string) {
	delete(w.seen, name)
	delete(w.begun, name)
	delete(w.settled, name)
	delete(w.commit, name)
}

// time returns the time that a settled Application took, as a text. The time begins again with a new commit.
func (w *watcher) time(app stand.Application) string {
	name, sha := app.Name, app.Annotations["previewset.dev/head-sha"]
	_, known := w.begun[name]
	switch was := w.settled[name]; {
	case !known && !w.start.IsZero():
		w.begun[name] = w.start
	case !known || was:
		w.begun[name] = time.Now()
	}
	w.settled[name] = app.Sync == "Synced" && app.Health == "Healthy" && (!known || sha == w.commit[name]) &&
		app.Object.GetDeletionTimestamp() == nil
	w.commit[name] = sha
	if !w.settled[name] {
		return ""
	}
	return fmt.Sprintf("  after %.1f s", time.Since(w.begun[name]).Seconds())
}

func tell(name, text string) {
	fmt.Printf("  %s  %-24s %s\n", time.Now().Format(time.TimeOnly), name, text)
}

// describe returns one line about an Application. Its problems contain text of unknown users, so they are made
// printable.
func describe(app stand.Application) string {
	state := fmt.Sprintf("%-9s %-11s", orDash(app.Sync), orDash(app.Health))
	if app.Object.GetDeletionTimestamp() != nil {
		state = "being deleted        "
	}
	line := state + " " + short(app.Annotations["previewset.dev/head-sha"])
	if len(app.Problems) > 0 {
		line += " " + cut(config.Printable(strings.Join(app.Problems, "; ")))
	}
	return strings.TrimRight(line, " ")
}

func orDash(s string) string {
	if s == "" {
		return "-"
	}
	return s
}

func short(sha string) string { return sha[:min(len(sha), 8)] }

func cut(s string) string {
	const most = 160
	if r := []rune(s); len(r) > most {
		return string(r[:most]) + "…"
	}
	return s
}
