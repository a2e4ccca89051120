package preview

import (
	"encoding/json"
	"fmt"
	"slices"
	"strconv"
	"strings"

	"github.com/previewset/previewset/internal/config"
)

// Application is an Argo CD Application that an ApplicationSet made from a row.
type Application struct {
	Name                string
	Labels, Annotations map[string]string
	Spec                []byte // as JSON
}

// Recovered are the environments that live Applications describe, after a loss of memory.
type Recovered struct {
	Environments map[string]Remembered
	// Unclear are the Applications that can't be recovered, with the reason. They must not be removed for that.
	Unclear map[string]string
}

// Add recovers an environment from an Application. Other people can write to it, so it must look like a row.
func (r *Recovered) Add(a Application) {
	e, err := a.environment()
	if _, isDuplicate := r.Environments[e.Row.Name]; err == nil && isDuplicate {
		err = fmt.Errorf("environment %s has two Applications", e.Row.Name)
	}
	if err != nil {
		if r.Unclear == nil {
			r.Unclear = map[string]string{}
		}
		r.Unclear[a.Name] = config.Printable(err.Error())
		return
	}
	if r.Environments == nil {
		r.Environments = map[string]Remembered{}
	}
	r.Environments[e.Row.Name] = e
}

// applicationSpec are the fields of an Application's spec that a row fills.
type applicationSpec struct {
	Source struct {
		TargetRevision string    `json:"targetRevision"`
		Path           string    `json:"path"`
		Kustomize      Kustomize `json:"kustomize"`
	} `json:"source"`
	Destination struct {
		Namespace string `json:"namespace"`
	} `json:"destination"`
	Info              []Info             `json:"info"`
	IgnoreDifferences []IgnoreDifference `json:"ignoreDifferences"`
	SyncPolicy        struct {
		SyncOptions []string `json:"syncOptions"`
	} `json:"syncPolicy"`
}

func (a Application) environment() (Remembered, error) {
	if len(a.Spec) > maxApplication {
		return Remembered{}, fmt.Errorf("it has %d KiB, %d at most are read", len(a.Spec)>>10, maxApplication>>10)
	}
	var s applicationSpec
	if err := json.Unmarshal(a.Spec, &s); err != nil {
		return Remembered{}, err
	}
	row, err := a.row(s)
	if err != nil {
		return Remembered{}, err
	}
	e := Remembered{Row: row}
	if err := e.members(); err != nil {
		return e, err
	}
	return e, e.contents()
}

// row recovers a row. Fields that aren't in the template of appsets/ follow from others.
func (a Application) row(s applicationSpec) (Row, error) {
	annotation := func(key string) string { return config.Printable(a.Annotations["previewset.dev/"+key]) }
	label := func(key string) string { return a.Labels["previewset.dev/"+key] }
	info := map[string]string{}
	for _, i := range s.Info {
		info[i.Name] = config.Printable(i.Value)
	}
	row := Row{
		Name: label("environment"), Namespace: s.Destination.Namespace, Path: s.Source.Path,
		Revision: s.Source.TargetRevision,
		Source:   Source(label("source")), Owner: annotation("owner"), OwnerSlug: label("owner"), Purpose: info["Purpose"],
		Profile: label("profile"),
		State:   State(label("state")), URL: annotation("url"), ExpiresAt: annotation("expires-at"),
		Number: annotation("pull-request"), Title: info["Title"], Branch: info["Branch"],
		BranchSlug:   config.LabelSlug(info["Branch"]),
		TargetBranch: annotation("target-branch"), TargetBranchSlug: config.LabelSlug(annotation("target-branch")),
		HeadSHA: annotation("head-sha"),
		Author:  annotation("author"), Labels: []string{}, Repository: annotation("repository"),
		RepositorySlug: label("repository"),
		PullRequestURL: info["Pull request"], IssueKey: info["Issue"],
		Kustomize: s.Source.Kustomize, Info: s.Info, IgnoreDifferences: s.IgnoreDifferences,
		SyncOptions: s.SyncPolicy.SyncOptions,
	}
	row.HeadShortSHA, row.HeadShortSHA7 = row.HeadSHA[:min(8, len(row.HeadSHA))], short(row.HeadSHA)
	if text := a.Annotations[config.LabelsAnnotation]; text != "" {
		if err := json.Unmarshal([]byte(text), &row.Labels); err != nil {
			return Row{}, fmt.Errorf("annotation %s: %w", config.LabelsAnnotation, err)
		}
	}
	row.fillLists()
	if row.Namespace != a.Name {
		return Row{}, fmt.Errorf("its namespace is %q", row.Namespace)
	}
	return row, row.problem()
}

// fillLists sets the lists that Argo CD omits to empty lists.
func (r *Row) fillLists() {
	k := &r.Kustomize
	k.Components, k.Images, k.Patches = filled(k.Components), filled(k.Images), filled(k.Patches)
	r.Labels, r.Info, r.IgnoreDifferences, r.SyncOptions = filled(r.Labels), filled(r.Info),
		filled(r.IgnoreDifferences), filled(r.SyncOptions)
	for i := range r.IgnoreDifferences {
		r.IgnoreDifferences[i].JSONPointers = filled(r.IgnoreDifferences[i].JSONPointers)
	}
}

func filled[T any](list []T) []T {
	if list == nil {
		return []T{}
	}
	return list
}

// members recovers the pull requests of an environment.
func (e *Remembered) members() error {
	if e.Row.Number != "" {
		return e.identity()
	}
	e.Members = []Member{}
	var list string
	for _, i := range e.Row.Info {
		if i.Name == infoPullRequests {
			list = i.Value
		}
	}
	for text := range strings.FieldsSeq(list) {
		pullRequest, id, _ := strings.Cut(text, ":")
		repository, number, ok := config.ParsePullRequest(pullRequest)
		m := Member{Repository: strings.ToLower(repository), Number: number}
		if id != "" {
			var err error
			m.RepositoryID, err = strconv.ParseInt(id, 10, 64)
			ok = ok && err == nil && m.RepositoryID > 0
		}
		if !ok || len(e.Members) == maxParts {
			return notInARow("list of pull requests %q", list)
		}
		e.Members = append(e.Members, m)
	}
	return unless(len(e.Members) > 0 || e.Row.Source != FromPullRequest, "list of pull requests %q", list)
}

// identity recovers the single pull request of an environment.
func (e *Remembered) identity() (err error) {
	m := Member{Repository: strings.ToLower(e.Row.Repository)}
	m.Number, _ = strconv.Atoi(e.Row.Number) // checked
	for _, i := range e.Row.Info {
		if i.Name != infoRepositoryID {
			continue
		}
		m.RepositoryID, err = strconv.ParseInt(i.Value, 10, 64)
		if err != nil || m.RepositoryID <= 0 {
			return notInARow("repository ID %q", i.Value)
		}
	}
	e.Members = []Member{m}
	return nil
}

// contents recovers the running services, the links and the hosts.
func (e *Remembered) contents() error {
	if err := e.Row.recoverContents(); err != nil {
		return err
	}
	for _, l := range e.Row.Links {
		if l.Namespace != "" && !config.IsDNSLabel(l.Namespace, config.MaxLabel) {
			return notInARow("link target %q", l.Namespace)
		}
	}
	e.Run = map[string]config.ServiceRef{}
	for _, s := range e.Row.Services {
		switch {
		case s.Host != "" && !hostPattern.MatchString(s.Host):
			return notInARow("host %q", s.Host)
		case s.Commit != "" && !config.IsSHA(s.Commit):
			return notInARow("commit %q of service %s", s.Commit, s.Service)
		case s.Host != "":
			e.Hosts = append(e.Hosts, s.Host)
		}
		ref := config.ServiceRef{SHA: s.Commit}
		if ref.SHA == e.Row.HeadSHA && ref.SHA != "" {
			ref.Branch, ref.Number = e.Row.Branch, e.soleMember().Number
			ref.Origin = e.Row.SecretsMark().origin()
		}
		e.Run[s.Service] = ref
	}
	slices.Sort(e.Hosts)
	return nil
}
