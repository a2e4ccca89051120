package overlay

import (
	"cmp"
	"encoding/json"
	"errors"
	"fmt"
	"path"
	"slices"
	"strings"

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

// Check validates the configuration, follows every reference, and builds every example in memory.
func (r *Repo) Check() Report {
	c := checker{repo: r, projects: r.projects(), seen: map[string]bool{}}
	c.report.Problems = r.References()
	config, err := preview.Load(r.Tree(), nil)
	if err != nil {
		c.failed("previewset.yaml", "", err)
	} else {
		c.report.NotInForce = config.NotInForce()
		c.report.Problems = append(c.report.Problems, config.Problems...)
		c.builds(config)
	}
	c.report.Problems = tidy(c.report.Problems)
	return c.report
}

type checker struct {
	repo     *Repo
	projects projects
	report   Report
	seen     map[string]bool // what was built, by content
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
	v := verdict{title: e.title, file: c.repo.fileOf(row.Path)}
	m, err := c.repo.build(row)
	if err == nil {
		v.objects, err = objectsOf(m)
	}
	if err != nil {
		c.failed(v.file, e.title, err)
		return
	}
	c.report.Builds++
	v.assertObjects(row.Namespace, p)
	v.assertEnvironment(config, e.plan, row)
	if c.projects.admission.file != "" {
		v.assertAdmitted(&c.projects.admission)
	}
	c.report.Problems = append(c.report.Problems, v.problems...)
	c.report.Problems = append(c.report.Problems, c.asleep(config, e, row, m)...)
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
	v := verdict{title: "as it is", file: c.repo.fileOf(dir)}
	if len(c.repo.reachable(dir)) > 0 {
		return // reported already
	}
	m, err := run(layer{tree: c.repo.tree}, dir)
	if err == nil {
		v.objects, err = objectsOf(m)
	}
	if err != nil {
		c.failed(v.file, v.title, err)
		return
	}
	c.report.Builds++
	namespace := c.repo.folder(dir).k.Namespace
	if dir == stagingOverlay {
		namespace = config.Policy.Baseline.Namespace
		v.assertBaseline(config.Policy)
	}
	v.assertObjects(namespace, c.project(dir, c.projects.byPath[dir]))
	c.report.Problems = append(c.report.Problems, v.problems...)
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
