package preview

import (
	"maps"
	"reflect"
	"slices"
	"strconv"
	"time"

	"github.com/previewset/previewset/internal/config"
)

// ingredients are all that an environment is made of, besides the configuration. Whoever makes one sees nothing else; so
// of one configuration, equal ingredients make equal environments.
type ingredients struct {
	plan    Plan
	source  string
	purpose string
	person  string    // whom it counts for
	expires time.Time // zero where nobody has fixed its end
	// handover are the services whose workloads Argo CD is to leave alone.
	handover []string
	members  []Member
	single   pullRequestFacts // zero where there are several pull requests, or none
	labels   []string         // the single one's
}

// pullRequestFacts are what a row says of its one pull request, as it was read.
type pullRequestFacts struct {
	number                                                        int
	repositoryID                                                  int64
	title, branch, targetBranch, headSHA, author, repository, url string
}

func (in *ingredients) equal(other *ingredients) bool {
	return in.plan.equal(&other.plan) && in.source == other.source && in.purpose == other.purpose && in.person == other.person &&
		in.expires.Equal(other.expires) && slices.Equal(in.handover, other.handover) && slices.Equal(in.members, other.members) &&
		in.single == other.single && slices.Equal(in.labels, other.labels)
}

func (p *Plan) equal(other *Plan) bool {
	return p.Name == other.Name && p.Owner == other.Owner && p.Profile == other.Profile && p.Dataset == other.Dataset && p.State == other.State &&
		slices.Equal(p.Components, other.Components) && maps.Equal(p.Run, other.Run) && maps.Equal(p.Links, other.Links) &&
		maps.EqualFunc(p.From, other.From, slices.Equal)
}

// composition is an environment and what it was made of. It is never changed.
type composition struct {
	ingredients
	environment Remembered
}

// compositions are the live environments that an answer was made of. The next one takes over what has the same
// ingredients: of a thousand environments, each with links to all that doesn't run there, one push changes one.
type compositions struct {
	config *config.Config
	// baseline are the links to the baseline, which all environments share.
	baseline map[string]link
	// plain are without links to and from other environments, linked those of them that have any with them.
	plain, linked map[string]*composition
}

// of are those that can be taken over under a configuration.
func (m compositions) of(c *config.Config) compositions {
	if m.config != c {
		return compositions{config: c, baseline: baselineLinks(c)}
	}
	return m
}

// composition takes an environment over, or makes it. Where it is equal to what was live, it shares its lists, so that
// thousands of equal rows stand in memory once, not once a snapshot.
func (r *resolver) composition(in *ingredients, last *composition, was *Remembered) (*composition, error) {
	if last != nil && last.equal(in) {
		return last, nil
	}
	made, err := newEnvironment(r.Config, r.next.baseline, in)
	if err != nil {
		return nil, err
	}
	// What was read after a restart has texts of its own in each row; what is made here shares those of the configuration.
	if was != nil && r.memory.compositions.config != nil {
		made.share(was)
	}
	return &composition{*in, made}, nil
}

func (e *Remembered) share(was *Remembered) {
	if reflect.DeepEqual(e.Row, was.Row) {
		e.Row = was.Row
	}
	if slices.Equal(e.Hosts, was.Hosts) {
		e.Hosts = was.Hosts
	}
	if maps.Equal(e.Run, was.Run) {
		e.Run = was.Run
	}
}

// newEnvironment composes an environment from its ingredients.
func newEnvironment(c *config.Config, baseline map[string]link, in *ingredients) (Remembered, error) {
	k, err := compose(c, baseline, in.plan)
	if err != nil {
		return Remembered{}, err
	}
	e := Remembered{Members: in.members, Row: composedRow(c, in, k), Hosts: k.hostNames(), Run: in.plan.Run}
	if in.person != e.Row.Author {
		e.Person = in.person
	}
	return e, nil
}

// ingredients are those of what somebody asks for.
func (r *resolver) ingredients(w *wish, plan Plan) *ingredients {
	in := &ingredients{
		plan: plan, source: w.source(), purpose: w.purpose(), person: w.person(), handover: w.file.Handover, members: r.membersOf(w),
	}
	in.expires = r.fixedEnd(w, plan.Profile)
	in.single, in.labels = w.single(in.members)
	return in
}

// row adds to a composed row what is known of its source. Free text is only ever a value here.
func composedRow(c *config.Config, in *ingredients, k *composer) Row {
	row := k.row()
	handOver(&row, in.handover, in.plan.Run)
	row.Source, row.Purpose = in.source, config.Printable(in.purpose)
	if !in.expires.IsZero() {
		row.ExpiresAt = in.expires.UTC().Format(time.RFC3339)
	}
	if in.single != (pullRequestFacts{}) {
		fillPullRequest(c, &row, in)
	}
	row.Info = info(row, in.single.repositoryID, in.members)
	return row
}

func fillPullRequest(c *config.Config, row *Row, in *ingredients) {
	pr := in.single
	row.Number = strconv.Itoa(pr.number)
	row.Title = config.Printable(pr.title)
	row.Branch, row.BranchSlug = config.Printable(pr.branch), config.LabelSlug(pr.branch)
	row.TargetBranch, row.TargetBranchSlug = config.Printable(pr.targetBranch), config.LabelSlug(pr.targetBranch)
	row.HeadSHA = pr.headSHA
	row.HeadShortSHA, row.HeadShortSHA7 = pr.headSHA[:min(8, len(pr.headSHA))], short(pr.headSHA)
	row.Author = config.Printable(pr.author)
	for _, l := range in.labels {
		row.Labels = append(row.Labels, config.Printable(l))
	}
	slices.Sort(row.Labels)
	row.Repository, row.RepositorySlug = pr.repository, config.LabelSlug(pr.repository)
	row.PullRequestURL = config.Printable(pr.url)
	row.IssueKey = c.IssueKey(pr.branch, pr.title)
}
