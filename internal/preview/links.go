package preview

import (
	"fmt"
	"maps"
	"slices"
	"strings"

	"github.com/previewset/previewset/internal/config"
)

// composed is an environment as it was put together in this answer, before it is known where its links lead.
type composed struct {
	*composition
	links map[string]config.Link
}

// link points what is live to each other. It comes last: only now is it known what is live.
func (r *resolver) link() {
	from := map[string]map[string]map[string]bool{} // environment → service → namespaces that lead there
	links := map[string]map[string]string{}         // environment → service → namespace
	for _, name := range slices.Sorted(maps.Keys(r.composed)) {
		made := r.composed[name]
		is, live := r.snapshot.Memory.Environments[name]
		if !live {
			delete(r.composed, name)
			continue
		}
		for _, service := range slices.Sorted(maps.Keys(made.links)) {
			if _, runs := made.plan.Run[service]; runs || r.Policy.Services.Get(service) == nil {
				continue
			}
			target, why := r.follow(name, service, r.present())
			if why != "" {
				r.note(name, fmt.Sprintf("service %s leads to the baseline: %s", service, why))
			}
			if target == "" {
				continue
			}
			if links[name] == nil {
				links[name] = map[string]string{}
			}
			links[name][service] = r.snapshot.Memory.Environments[target].Row.Namespace
			letIn(from, target, service, is.Row.Namespace)
		}
	}
	for name, made := range r.composed {
		r.next.plain[name] = made.composition
		if len(links[name])+len(from[name]) > 0 {
			r.relink(name, made, links[name], peers(from[name]))
		}
	}
}

func letIn(from map[string]map[string]map[string]bool, target, service, namespace string) {
	if from[target] == nil {
		from[target] = map[string]map[string]bool{}
	}
	if from[target][service] == nil {
		from[target][service] = map[string]bool{}
	}
	from[target][service][namespace] = true
}

func peers(from map[string]map[string]bool) map[string][]string {
	lists := map[string][]string{}
	for service, namespaces := range from {
		lists[service] = slices.Sorted(maps.Keys(namespaces))
	}
	return lists
}

// relink puts a live environment together again, with its links and who leads to it.
func (r *resolver) relink(name string, made *composed, links map[string]string, from map[string][]string) {
	in := made.ingredients
	in.plan.Links, in.plan.From = links, from
	linked, err := r.composition(&in, r.last.linked[name], r.was[name])
	if err != nil {
		return // it was composed before, and links add nothing that can be wrong
	}
	e := r.snapshot.Memory.Environments[name]
	e.Row = linked.environment.Row
	r.next.linked[name], r.snapshot.Memory.Environments[name] = linked, e
}

// note adds to why an environment is live.
func (r *resolver) note(name, text string) {
	for i := range r.snapshot.Decisions {
		if d := &r.snapshot.Decisions[i]; d.Environment == name && d.Outcome == Live {
			d.Reason += "; " + config.Printable(text)
		}
	}
}

// lookup is what is live, and in which environment a pull request is.
type lookup struct {
	environment func(name string) (e Remembered, live bool)
	inWhich     func(subject string) (name string, ok bool)
}

// present is what is live by this answer, as far as it has come.
func (r *resolver) present() lookup {
	return lookup{
		func(name string) (Remembered, bool) { e, ok := r.snapshot.Memory.Environments[name]; return e, ok },
		func(subject string) (string, bool) { name, ok := r.inWhich[subject]; return name, ok },
	}
}

// before is what was live by the last answer.
func (r *resolver) before() lookup {
	return lookup{
		func(name string) (Remembered, bool) {
			if was := r.was[name]; was != nil {
				return *was, true
			}
			return Remembered{}, false
		},
		func(subject string) (string, bool) {
			if in, ok := r.lived[subject]; ok {
				return in.was.Row.Name, true
			}
			return "", false
		},
	}
}

// follow finds the environment in which a service runs that another one links to, from link to link. Where there is none,
// it is the baseline, and why says so unless that is what was asked for.
func (r *resolver) follow(name, service string, at lookup) (target, why string) {
	seen := map[string]bool{name: true}
	for link := r.file(name).Links[service]; ; {
		target = r.target(link, at)
		to, live := at.environment(target)
		switch {
		case seen[target]:
			return "", "its links lead in a circle"
		case !live:
			return "", fmt.Sprintf("environment %s is not live", target)
		case !r.file(target).Shared:
			return "", fmt.Sprintf("environment %s is not shared: its file doesn't say shared: true", target)
		}
		if _, runs := to.Run[service]; runs {
			return target, ""
		}
		next, ok := r.file(target).Links[service]
		if !ok {
			return "", fmt.Sprintf("it doesn't run in environment %s", target)
		}
		link, seen[target] = next, true
	}
}

// file is the one of an environment that is in force; never nil.
func (r *resolver) file(name string) *config.Environment {
	if e := r.Environments[name]; e != nil {
		return e
	}
	return &config.Environment{}
}

// target is the environment that a link leads to: of a pull request the one that it is in.
func (r *resolver) target(l config.Link, at lookup) string {
	repository, number, ok := config.ParsePullRequest(l.PullRequest)
	if !ok {
		return l.Environment
	}
	own, about := config.PullRequestName(r.Policy, repository, number), subject(repository, number)
	if in, ok := at.inWhich(about); ok {
		return in
	}
	return own
}

// cycle holds an environment whose links lead in a circle.
func (r *resolver) cycle(w *wish) *hold {
	for _, service := range slices.Sorted(maps.Keys(w.file.Links)) {
		seen := []string{w.name}
		for link, ok := w.file.Links[service]; ok; link, ok = r.file(seen[len(seen)-1]).Links[service] {
			next := link.Environment
			if repository, number, isPullRequest := config.ParsePullRequest(link.PullRequest); isPullRequest {
				next = config.PullRequestName(r.Policy, repository, number)
			}
			if slices.Contains(seen, next) {
				return &hold{
					rule: ruleLink, reason: fmt.Sprintf("its links of service %s lead in a circle: %s", service, strings.Join(append(seen, next), " → ")),
					remedy: "run the service in one of them, or take one of the links out",
				}
			}
			seen = append(seen, next)
		}
	}
	return nil
}
