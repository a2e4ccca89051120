package preview

import (
	"cmp"
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"maps"
	"path"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"time"

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

// The limits of an Application.
const (
	maxApplication = 512 << 10
	maxParts       = 500 // of each list
)

var (
	componentPattern = regexp.MustCompile(`^\.\./\.\./kustomize-base/[A-Za-z0-9][A-Za-z0-9._/-]{0,250}$`)
	rowImagePattern  = regexp.MustCompile(`^[A-Za-z0-9][A-Za-z0-9._:/-]{0,250}:[A-Za-z0-9_][A-Za-z0-9_.-]{0,127}$`)
	targetPattern    = regexp.MustCompile(`^[A-Za-z0-9._/-]{0,253}$`)
	selectorPattern  = regexp.MustCompile(`^[A-Za-z0-9._/-]{0,253}(!?=[A-Za-z0-9._-]{0,63})?$`)
	urlPattern       = regexp.MustCompile(`^https://[a-z0-9][a-z0-9.-]{0,252}$`)
	hostPattern      = regexp.MustCompile(`^[a-z0-9][a-z0-9.-]{0,252}$`)
)

// Add recovers an environment from an Application. Other people can write to it, so it must look like a row.
func (r *Recovered) Add(a Application) {
	e, err := a.environment()
	if _, twice := r.Environments[e.Row.Name]; err == nil && twice {
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
	return e, cmp.Or(e.members(), e.contents())
}

// row recovers a row. Fields that aren't in the template of appsets/ follow from others.
func (a Application) row(s applicationSpec) (Row, error) {
	said := func(key string) string { return config.Printable(a.Annotations["previewset.dev/"+key]) }
	label := func(key string) string { return a.Labels["previewset.dev/"+key] }
	info := map[string]string{}
	for _, i := range s.Info {
		info[i.Name] = config.Printable(i.Value)
	}
	row := Row{
		Name: label("environment"), Namespace: s.Destination.Namespace, Path: s.Source.Path, Revision: s.Source.TargetRevision,
		Source: Source(label("source")), Owner: said("owner"), OwnerSlug: label("owner"), Purpose: info["Purpose"], Profile: label("profile"),
		State: State(label("state")), URL: said("url"), ExpiresAt: said("expires-at"),
		Number: said("pull-request"), Title: info["Title"], Branch: info["Branch"], BranchSlug: config.LabelSlug(info["Branch"]),
		TargetBranch: said("target-branch"), TargetBranchSlug: config.LabelSlug(said("target-branch")), HeadSHA: said("head-sha"),
		Author: said("author"), Labels: []string{}, Repository: said("repository"), RepositorySlug: label("repository"),
		PullRequestURL: info["Pull request"], IssueKey: info["Issue"],
		Kustomize: s.Source.Kustomize, Info: s.Info, IgnoreDifferences: s.IgnoreDifferences, SyncOptions: s.SyncPolicy.SyncOptions,
	}
	row.HeadShortSHA, row.HeadShortSHA7 = row.HeadSHA[:min(8, len(row.HeadSHA))], short(row.HeadSHA)
	if text := a.Annotations["previewset.dev/labels"]; text != "" {
		if err := json.Unmarshal([]byte(text), &row.Labels); err != nil {
			return Row{}, fmt.Errorf("annotation previewset.dev/labels: %w", err)
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
	r.Labels, r.Info, r.IgnoreDifferences, r.SyncOptions = filled(r.Labels), filled(r.Info), filled(r.IgnoreDifferences), filled(r.SyncOptions)
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

// problem returns an error if no row can have these values.
func (r Row) problem() error {
	folder := path.Base(r.Path)
	number, err := strconv.Atoi(r.Number)
	several := isNamed(r.Name) && r.Number+r.HeadSHA+r.Repository == "" // or none
	_, dateErr := time.Parse(time.RFC3339, r.ExpiresAt)
	return errors.Join(
		unless(config.IsDNSLabel(r.Name, config.MaxEnvironmentName), "name %q", r.Name),
		unless(config.IsDNSLabel(r.Namespace, config.MaxLabel) && strings.HasSuffix(r.Namespace, r.Name), "namespace %q", r.Namespace),
		unless(r.Kustomize.Namespace == r.Namespace, "Kustomize's namespace %q", r.Kustomize.Namespace),
		unless(fs.ValidPath(r.Path) && (folder == r.Name || folder == path.Base(config.SharedOverlay)) && path.Base(path.Dir(r.Path)) == config.OverlaysFolder, "path %q", r.Path),
		unless(config.IsSHA(r.Revision), "revision %q", r.Revision),
		unless(slices.Contains([]Source{FromPullRequest, FromFile, FromSlot}, r.Source), "source %q", r.Source),
		unless(several || (err == nil && number > 0 && strconv.Itoa(number) == r.Number), "pull request %q", r.Number),
		unless(several || config.IsSHA(r.HeadSHA), "commit %q", r.HeadSHA),
		unless(several || config.IsRepository(r.Repository), "repository %q", r.Repository),
		unless(r.URL == "" || urlPattern.MatchString(r.URL), "URL %q", r.URL),
		unless(r.ExpiresAt == "" || dateErr == nil, "end %q", r.ExpiresAt),
		unless(slices.Contains([]State{Awake, Waking, Asleep}, r.State), "state %q", r.State),
		unless(isSlug(r.Profile) && isSlug(r.OwnerSlug) && isSlug(r.RepositorySlug), "a label that is no slug"),
		r.listProblem(),
	)
}

// isSlug reports whether a text is a valid label value.
func isSlug(s string) bool { return len(s) <= config.MaxLabel && targetPattern.MatchString(s) }

func (r Row) listProblem() error {
	k := r.Kustomize
	for _, n := range []int{len(k.Components), len(k.Images), len(k.Patches), len(r.Labels), len(r.Info), len(r.IgnoreDifferences), len(r.SyncOptions)} {
		if n > maxParts {
			return fmt.Errorf("a list has %d entries, %d at most are read", n, maxParts)
		}
	}
	for _, c := range k.Components {
		if !componentPattern.MatchString(c) || path.Clean(c) != c {
			return fmt.Errorf("component %q", c)
		}
	}
	for _, image := range k.Images {
		if !rowImagePattern.MatchString(image) {
			return fmt.Errorf("image %q", image)
		}
	}
	for _, p := range k.Patches {
		if !json.Valid([]byte(p.Patch)) || !p.Target.isPlain() {
			return fmt.Errorf("patch of %s %q", p.Target.Kind, p.Target.Name)
		}
	}
	return r.textProblem()
}

// isPlain reports whether a row can have this target.
func (t Target) isPlain() bool {
	return targetPattern.MatchString(t.Kind+t.Name) && selectorPattern.MatchString(t.LabelSelector) && selectorPattern.MatchString(t.AnnotationSelector)
}

// textProblem checks the texts that are passed on unchanged.
func (r Row) textProblem() error {
	texts := slices.Concat(r.Labels, r.SyncOptions)
	for _, i := range r.Info {
		texts = append(texts, i.Name, i.Value)
	}
	for _, d := range r.IgnoreDifferences {
		texts = append(texts, d.Group, d.Kind, d.Name)
		texts = append(texts, d.JSONPointers...)
	}
	for _, t := range texts {
		if config.Printable(t) != t {
			return fmt.Errorf("%q has characters that no row has", t)
		}
	}
	return nil
}

func unless(ok bool, format string, args ...any) error {
	if ok {
		return nil
	}
	return fmt.Errorf(format+" is none that a row could have", args...)
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
			return unless(false, "list of pull requests %q", list)
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
			return unless(false, "repository ID %q", i.Value)
		}
	}
	e.Members = []Member{m}
	return nil
}

// contents recovers the running services and the hosts.
func (e *Remembered) contents() error {
	commits, hosts, err := e.Row.environmentData()
	if err != nil {
		return err
	}
	e.Hosts = slices.Sorted(maps.Values(hosts))
	for _, h := range e.Hosts {
		if !hostPattern.MatchString(h) {
			return unless(false, "host %q", h)
		}
	}
	return e.runs(commits)
}

func (e *Remembered) runs(commits map[string]string) error {
	e.Run = map[string]config.ServiceRef{}
	for _, c := range e.Row.Kustomize.Components {
		part := strings.Split(c, "/") // ../../kustomize-base/services/<service>/run
		if len(part) != 6 || part[3] != "services" || part[5] != "run" {
			continue
		}
		pin := config.ServiceRef{SHA: commits[part[4]]}
		if pin.SHA != "" && !config.IsSHA(pin.SHA) {
			return unless(false, "commit %q of service %s", pin.SHA, part[4])
		}
		if pin.SHA == e.Row.HeadSHA && pin.SHA != "" {
			pin.Branch, pin.Number = e.Row.Branch, e.soleMember().Number
		}
		e.Run[part[4]] = pin
	}
	return nil
}
