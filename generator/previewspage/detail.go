package previewspage

import (
	"fmt"
	"net/http"
	"strings"

	"github.com/gin-gonic/gin"

	"github.com/previewset/previewset/generator/answer"
	"github.com/previewset/previewset/generator/history"
	"github.com/previewset/previewset/generator/shares"
	"github.com/previewset/previewset/internal/preview"
)

// detailView is the content of a preview's page.
type detailView struct {
	Person    person
	Entry     *entry
	Done      string // a sentence about the action that led here
	Actions   []action
	Hint      string         // for a person without actions
	Shares    []shares.Share // links that the person may revoke
	Rows      []line
	Services  []service
	Links     []preview.Link
	Workloads []workload
	Events    []history.Event
	Version   string // of the snapshot and the progress, for stream
	clock
}

// line is a property of a preview.
type line struct{ Name, Value, URL string }

// service is a service that runs in the environment.
type service struct{ Name, Commit, CommitURL, Address string }

// workload is a workload with its ready Pods and its requests.
type workload struct {
	Name            string
	Ready, Replicas int
	Requests        string
}

// detail answers the page of an environment.
func (s *Pages) detail(c *gin.Context, p *answer.Published, v visitor, name string) {
	now := s.Now()
	known, changes := s.Watch.Known()
	e := find(entriesOf(p, known, v.Login, now), name)
	if e == nil {
		s.removed(c, p, v, name)
		return
	}
	view := detailView{
		Person: s.personOf(v), Entry: e, Events: s.History.Of(name), clock: clock{now},
		Done: doneText(p, preview.Request{
			Environment: name, Action: c.Query("done"), For: duration(c.Query("for"), c.Query("done")), At: now,
		}),
		Actions: actionsOf(p, e, v), Version: versionOf(p, changes),
	}
	if e.row != nil && !v.may(e.IsOwn) {
		view.Hint = "Only its owner, the authors of its pull requests, holders of its slot and admins may change it."
		if e.Phase == preview.PhaseAsleep && e.Address != "" {
			view.Hint += " Everybody may open it, and that wakes it."
		}
	}
	if v.may(e.IsOwn) {
		view.Shares = s.Shares.Of(name)
	}
	if e.row != nil {
		status := s.Progress.Environment(c.Request.Context(), *e.row)
		e.Progress = s.Watch.Complete(name, status.Progress)
		view.Services, view.Links = servicesOf(p, e), e.row.Links
		for _, w := range status.Workloads {
			view.Workloads = append(view.Workloads, workload{
				Name: w.Name, Ready: min(w.Ready, w.Replicas), Replicas: w.Replicas, Requests: requestsOf(w),
			})
		}
	}
	view.Rows = linesOf(e)
	s.render(c, http.StatusOK, "detail", view)
}

// removed answers about a preview that isn't live: where it is now, or why it isn't there.
func (s *Pages) removed(c *gin.Context, p *answer.Published, v visitor, name string) {
	for i := range p.Snapshot.Decisions {
		d := &p.Snapshot.Decisions[i]
		if d.Environment == name {
			text := sentence(d.Reason)
			if removal := s.Progress.Removal(c.Request.Context(), p.NamespacePrefix()+name); removal != "" && p.Config != nil {
				text = strings.TrimSpace(text + " " + sentence(removal))
			}
			s.message(c, http.StatusNotFound, notice{
				Person: s.personOf(v), Title: name + " isn't live", Text: text, Remedy: sentence(d.Remedy),
				Link: "/", LinkText: "All previews",
			})
			return
		}
	}
	s.notFound(c, v, "No preview has this name, or it was removed long ago.")
}

// find returns the entry with a name; a live one counts first.
func find(all []*entry, name string) *entry {
	var found *entry
	for _, e := range all {
		if e.Name == name && (found == nil || e.IsLive()) {
			found = e
		}
	}
	return found
}

func requestsOf(w preview.Workload) string {
	return fmt.Sprintf("%d m CPU, %d MiB", w.CPU*int64(w.Replicas), w.Memory*int64(w.Replicas)>>20)
}

// servicesOf returns the running services with links to their commits.
func servicesOf(p *answer.Published, e *entry) []service {
	urls := p.CommitURLs(e.row)
	services := make([]service, 0, len(e.row.Services))
	for _, running := range e.row.Services {
		s := service{
			Name: running.Service, Commit: running.Commit[:min(8, len(running.Commit))], CommitURL: urls[running.Service],
		}
		if running.Host != "" {
			s.Address = strings.SplitAfter(e.row.URL, "://")[0] + running.Host
		}
		s.Address = webAddress(s.Address)
		services = append(services, s)
	}
	return services
}

// linesOf returns the properties of a preview that have a value.
func linesOf(e *entry) []line {
	var lines []line
	add := func(name, value string) {
		if value != "" {
			lines = append(lines, line{Name: name, Value: value})
		}
	}
	add("Owner", e.Owner)
	add("Purpose", e.Purpose)
	if e.row != nil {
		add("Profile", e.row.Profile)
		add("Issue", e.row.IssueKey)
		add("Namespace", e.row.Namespace)
		add("Branch", e.row.Branch)
		components, datasets := e.row.Content()
		add("Data", strings.Join(datasets, ", "))
		add("Components", strings.Join(components, ", "))
		if e.EndsAt() == nil && e.row.Source == preview.FromPullRequest {
			add("Ends", "with its pull request")
		}
	}
	if d := e.Decision; d != nil {
		if d.SlotClaim != nil {
			add("Slot", d.SlotClaim.String())
		}
		add("Decision", string(d.Outcome)+" ("+string(d.Rule)+")")
		if d.Reason != e.Reason {
			add("Why", sentence(d.Reason))
		}
		if d.Remedy != e.Remedy {
			add("What to do", sentence(d.Remedy))
		}
	}
	return lines
}
