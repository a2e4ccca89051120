package overlay

import (
	"cmp"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"path"
	"runtime"
	"slices"
	"strings"

	"golang.org/x/sync/errgroup"

	"github.com/previewset/previewset/internal/preview"
)

// Report is what a check of a whole repository found.
type Report struct {
	// Problems are all mistakes, by file and line.
	Problems preview.Problems
	// NotInForce are keys that nothing follows from, and why.
	NotInForce []string
	// Notes are what couldn't be checked, and why.
	Notes []string
	// Builds is how many different environments and overlays were built.
	Builds int
}

// Check validates the configuration, follows every reference, and builds every example in memory. Its error is ctx's.
func (r *Repo) Check(ctx context.Context) (Report, error) {
	c := checker{repo: r, projects: r.projects(), seen: map[string]bool{}}
	c.report.Problems = r.References()
	config, err := r.Load()
	if err != nil {
		c.failed("previewset.yaml", "", err)
	} else {
		c.report.NotInForce = config.NotInForce()
		c.report.Problems = append(c.report.Problems, config.Problems...)
		c.builds(config)
	}
	err = c.finish(ctx)
	return c.report, err
}

type checker struct {
	repo     *Repo
	projects projects
	report   Report
	seen     map[string]bool // what was built, by content
	attempts []*attempt
}

func (c *checker) builds(config *preview.Config) {
	p := c.project("environments", c.projects.environments)
	c.admission(config.Policy)
	for _, e := range c.repo.examples(config) {
		c.example(config, e, p)
	}
	for _, dir := range c.repo.fixed(config) {
		c.fixed(config, dir)
	}
}

// admission compares what the policies go by with the configuration, and notes where there is nothing.
func (c *checker) admission(policy *preview.Policy) {
	a := &c.projects.admission
	if a.file == "" {
		c.report.Notes = append(c.report.Notes, fmt.Sprintf("%s has no ConfigMap %s: what admission policies refuse isn't checked", appsetsFolder, admissionSettings))
		return
	}
	a.prefix = policy.NamespacePrefix
	c.report.Problems = append(c.report.Problems, a.differences(policy)...)
}

// project finds an AppProject, and notes where there is none.
func (c *checker) project(of, name string) *project {
	p, ok := c.projects.byName[name]
	if !ok {
		c.report.Notes = append(c.report.Notes, fmt.Sprintf("%s has no AppProject of %s: which kinds it allows isn't checked", appsetsFolder, of))
		return nil
	}
	return &p
}

// failed adds an error; one that is Problems is added as such.
func (c *checker) failed(file, title string, err error) {
	if problems, ok := errors.AsType[preview.Problems](err); ok {
		c.report.Problems = append(c.report.Problems, problems...)
		return
	}
	c.report.Problems = append(c.report.Problems, preview.Problem{
		File: file, Path: title, Message: preview.Printable(err.Error()), Remedy: "paths in this message start at the top of the repository",
	})
}

func (c *checker) example(config *preview.Config, e example, p *project) {
	row, err := config.Compose(e.plan)
	if err != nil {
		c.failed("previewset.yaml", e.title, err)
		return
	}
	if !c.isNew(row) {
		return
	}
	file := c.repo.fileOf(row.Path)
	b, err := c.repo.prepare(row)
	if err != nil {
		c.failed(file, e.title, err)
		return
	}
	c.later(b, verdict{title: e.title, file: file}, func(v *verdict) {
		v.assertObjects(row.Namespace, p)
		v.assertEnvironment(config, e.plan, row)
		if c.projects.admission.file != "" {
			v.assertAdmitted(&c.projects.admission)
		}
	}).sleep = c.repo.sleepOf(config, e.plan, row)
}

// isNew is false of what was built already under another title.
func (c *checker) isNew(row preview.Row) bool {
	text, err := json.Marshal(row.Kustomize)
	if err != nil {
		return true
	}
	key := row.Path + string(text)
	known := c.seen[key]
	c.seen[key] = true
	return !known
}

// fixed checks an overlay that an Application of its own applies as it is.
func (c *checker) fixed(config *preview.Config, dir string) {
	b, err := c.repo.asItIs(dir)
	if err != nil {
		return // reported already
	}
	namespace, p := c.repo.folder(dir).k.Namespace, c.project(dir, c.projects.byPath[dir])
	if dir == stagingOverlay {
		namespace = config.Policy.Baseline.Namespace
	}
	c.later(b, verdict{title: "as it is", file: c.repo.fileOf(dir)}, func(v *verdict) {
		if dir == stagingOverlay {
			v.assertBaseline(config.Policy)
		}
		v.assertObjects(namespace, p)
	})
}

// attempt is a build and what is made of it.
type attempt struct {
	prepared
	verdict
	judge func(*verdict)
	sleep *sleep // nil where it never sleeps
	err   error
}

// later notes a build for finish.
func (c *checker) later(b prepared, v verdict, judge func(*verdict)) *attempt {
	a := &attempt{prepared: b, verdict: v, judge: judge}
	c.attempts = append(c.attempts, a)
	return a
}

// finish does the builds, as many at once as there are processors, and reports them in the order in which they came.
func (c *checker) finish(ctx context.Context) error {
	all, ctx := errgroup.WithContext(ctx)
	all.SetLimit(runtime.GOMAXPROCS(0))
	for _, a := range c.attempts {
		all.Go(func() error {
			if ctx.Err() == nil {
				a.do()
			}
			return ctx.Err()
		})
	}
	if err := all.Wait(); err != nil {
		return err
	}
	for _, a := range c.attempts {
		if a.err != nil {
			c.failed(a.file, a.title, a.err)
			continue
		}
		c.report.Builds++
		c.report.Problems = append(c.report.Problems, a.problems...)
	}
	c.report.Problems = tidy(c.report.Problems)
	return nil
}

func (a *attempt) do() {
	m, err := a.run()
	if err == nil {
		a.objects, err = objectsOf(m)
	}
	if a.err = err; err == nil {
		a.judge(&a.verdict)
		a.fallAsleep(m)
	}
	a.objects = nil // a thousand environments don't fit into memory at once
}

// assertBaseline checks that links lead somewhere.
func (v *verdict) assertBaseline(policy *preview.Policy) {
	for _, s := range policy.Services {
		if v.find("Service", s.Name) == nil && isCalled(policy, s.Name) {
			v.problem(v.file, fmt.Sprintf("the baseline has no Service %s, so that links to it lead nowhere", s.Name), "add services/"+s.Name+"/run to its components")
		}
	}
}

func (r *Repo) fileOf(dir string) string {
	return cmp.Or(r.kustomizationFile(dir), path.Join(dir, "kustomization.yaml"))
}

// tidy sorts problems and says each once: the same mistake shows in many builds.
func tidy(problems preview.Problems) preview.Problems {
	type key struct {
		file, message string
		line          int
	}
	var order []key
	first, titles := map[key]preview.Problem{}, map[key][]string{}
	for _, p := range problems {
		k := key{p.File, p.Message, p.Line}
		if _, ok := first[k]; !ok {
			first[k] = p
			order = append(order, k)
		}
		if !slices.Contains(titles[k], p.Path) {
			titles[k] = append(titles[k], p.Path)
		}
	}
	var found preview.Problems
	for _, k := range order {
		p := first[k]
		p.Path = several(titles[k])
		found = append(found, p)
	}
	slices.SortStableFunc(found, func(a, b preview.Problem) int {
		return cmp.Or(strings.Compare(a.File, b.File), cmp.Compare(a.Line, b.Line))
	})
	return found
}

func several(titles []string) string {
	if len(titles) == 1 {
		return titles[0]
	}
	return fmt.Sprintf("%s and %d more", titles[0], len(titles)-1)
}
