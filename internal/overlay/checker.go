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

	"golang.org/x/sync/errgroup"

	"github.com/previewset/previewset/internal/config"
	"github.com/previewset/previewset/internal/overlay/addresses"
	"github.com/previewset/previewset/internal/overlay/admission"
	"github.com/previewset/previewset/internal/overlay/crdschema"
	"github.com/previewset/previewset/internal/preview"
)

// checker prepares builds, runs them at the same time, and collects their problems.
type checker struct {
	repo    *Repo
	appsets *appsets
	rules   *admission.Rules // nil where the repository has no admission policies
	report  Report
	missing config.Problems // ConfigMaps and Secrets that Pods need
	builds  []*buildCheck
	known   map[string]*buildCheck // prepared builds, by content
	titled  map[string]*buildCheck // the same, by each of their titles

	addressNames addresses.Names
	shared       sharedGuardrails
	schemas      *crdschema.Schemas
}

func newChecker(r *Repo) *checker {
	return &checker{
		repo: r, appsets: r.readAppsets(), known: map[string]*buildCheck{}, titled: map[string]*buildCheck{},
		shared: sharedGuardrails{}, schemas: readSchemas(r.tree),
	}
}

// clusterFacts returns what the rules of the cluster need to know about a build. row is nil for an overlay without one.
func (c *checker) clusterFacts(row *preview.Row) clusterFacts {
	return clusterFacts{
		ingressNamespace: c.appsets.admission.IngressNamespace(), schemas: c.schemas, row: row,
		gateways: &c.appsets.gateways,
	}
}

// useAdmission compares the parameters of the admission policies with the configuration. It adds a note where the
// repository has no policies.
func (c *checker) useAdmission(policy *config.Policy) {
	if c.appsets.admission.File == "" {
		c.report.Notes = append(c.report.Notes, fmt.Sprintf(
			"%s has no ConfigMap %s: the rules of the admission policies aren't checked", appsetsFolder, admission.SettingsName))
		return
	}
	if !c.appsets.admission.HasGuardrails() {
		c.report.Notes = append(c.report.Notes, c.appsets.admission.File+" is of an older version: the rules about "+
			"guardrails, Pods, claims and annotations aren't checked; upgrade appsets with previewctl init")
	}
	c.report.Problems = append(c.report.Problems, c.appsets.admission.Differences(policy)...)
	c.useAdmissionUnchecked(policy)
}

func (c *checker) useAdmissionUnchecked(policy *config.Policy) {
	if c.appsets.admission.File != "" {
		c.rules = admission.NewRules(&c.appsets.admission, policy.NamespacePrefix)
	}
}

// project returns an AppProject, or nil with a note.
func (c *checker) project(of, name string) *project {
	p, ok := c.appsets.projects[name]
	if !ok {
		c.report.Notes = append(c.report.Notes,
			fmt.Sprintf("%s has no AppProject for %s: its allowed kinds aren't checked", appsetsFolder, of))
		return nil
	}
	return &p
}

// addError adds an error to the problems. An error that is Problems keeps its places.
func (c *checker) addError(file, title string, err error) {
	if problems, ok := errors.AsType[config.Problems](err); ok {
		c.report.Problems = append(c.report.Problems, problems...)
		return
	}
	c.report.Problems = append(c.report.Problems, config.Problem{
		File: file, Path: title, Message: config.Printable(err.Error()),
		Remedy: "paths in this message start at the top of the repository",
	})
}

func (c *checker) addExamples(cfg *config.Config, examples ...example) {
	p := c.project("environments", c.appsets.environmentsProject)
	c.addressNames = addressNames(c.repo.tree, cfg.Policy)
	shared := sharedBuilds{}
	for _, e := range examples {
		of := cmp.Or(e.config, cfg)
		if b := c.addExample(of, e, p); b != nil {
			shared.add(c, of, e, p, b)
		}
	}
	shared.use(c.repo.builder, cfg)
}

// addExample adds a build, and returns it. It returns nil where the build is known, or can't be prepared.
func (c *checker) addExample(cfg *config.Config, e example, p *project) *buildCheck {
	row, err := preview.Compose(cfg, e.plan)
	if err != nil {
		c.addError(policyFile, e.title, err)
		return nil
	}
	key, isKnown := c.isKnown(e.title, row)
	if isKnown {
		return nil
	}
	b, err := c.repo.builder.Environment(row)
	if err != nil {
		c.addError(c.repo.kustomizationPath(row.Path), e.title, err)
		return nil
	}
	added := c.newExample(cfg, e, row, p)
	added.build, added.sleep = b, c.repo.builder.Sleep(cfg, e.plan, row)
	c.builds = append(c.builds, added)
	c.known[key], c.titled[e.title] = added, added
	return added
}

// newExample returns the check of an environment, without its build.
func (c *checker) newExample(cfg *config.Config, e example, row preview.Row, p *project) *buildCheck {
	return &buildCheck{
		title: e.title, file: c.repo.kustomizationPath(row.Path), namespace: row.Namespace,
		shared: c.shared.of(c.repo.builder, row), hosts: environmentHosts(cfg.Policy, row.Name),
		assert: func(b *buildCheck) {
			b.assertObjects(row.Namespace, p)
			b.assertEnvironment(cfg, e.plan, row)
			b.warnAddresses(c.addressNames, row.Namespace)
			b.warnCommits(cfg.Policy, e.plan.Run)
			b.assertReset(row, e.plan.Reset)
			b.assertDatasets()
			b.assertSecretsMark(row)
			b.assertAccess(row)
			b.assertDebug(cfg.Policy, e.plan)
			b.assertContainers(cfg.Policy, e.plan)
			b.assertCloud(cfg.Policy, e.plan, c.schemas)
			b.assertRunsWithoutSecrets(e.missing)
			b.assertAdmitted(c.rules)
			facts := c.clusterFacts(&row)
			facts.missing = e.missing
			b.assertCluster(facts)
			if b.isKept {
				b.keepObjects()
			}
		},
	}
}

// isKnown reports whether a build with the same content was added under another title.
func (c *checker) isKnown(title string, row preview.Row) (key string, isKnown bool) {
	text, err := json.Marshal(row.Kustomize)
	if err != nil {
		return "", false
	}
	key = row.Path + string(text)
	known := c.known[key]
	if known != nil {
		c.titled[title] = known
	}
	return key, known != nil
}

// addFixedOverlay adds an overlay that its own Application deploys as it is.
func (c *checker) addFixedOverlay(cfg *config.Config, dir string) {
	b, err := c.repo.builder.Overlay(dir)
	if err != nil {
		return // the check of references reports the problems
	}
	namespace, p := c.repo.graph.Folder(dir).Kustomization.Namespace, c.project(dir, c.appsets.projectOfOverlay[dir])
	if dir == stagingOverlay {
		namespace = cfg.Policy.Baseline.Namespace
	}
	var folders []string
	for _, f := range c.repo.graph.Reachable(dir) {
		folders = append(folders, f.Dir)
	}
	c.builds = append(c.builds, &buildCheck{
		title: "as it is", file: c.repo.kustomizationPath(dir), build: b, namespace: namespace,
		assert: func(b *buildCheck) {
			if dir == stagingOverlay {
				b.assertBaseline(cfg.Policy, folders)
				b.assertBaselineCloud(cfg.Policy, folders)
			}
			b.assertObjects(namespace, p)
			b.assertCluster(c.clusterFacts(nil))
		},
	})
}

func (r *Repo) kustomizationPath(dir string) string {
	return cmp.Or(r.graph.File(dir), path.Join(dir, "kustomization.yaml"))
}

// run runs the builds, as many at once as there are processors. It reports them in the order in which they were added.
func (c *checker) run(ctx context.Context, services []string) error {
	c.keepForComparison(services)
	group, ctx := errgroup.WithContext(ctx)
	group.SetLimit(runtime.GOMAXPROCS(0))
	for _, b := range c.builds {
		group.Go(func() error {
			if ctx.Err() == nil {
				b.run()
			}
			return ctx.Err()
		})
	}
	if err := group.Wait(); err != nil {
		return err
	}
	var refused, missing config.Problems
	for _, b := range c.builds {
		if b.err != nil {
			c.addError(b.file, b.title, b.err)
			continue
		}
		c.report.Builds++
		c.report.Problems = append(c.report.Problems, b.problems...)
		refused, missing = append(refused, b.refused...), append(missing, b.missing...)
		c.addWarnings(b.warnings)
	}
	c.report.Problems = append(c.report.Problems, c.foreignChanges(services)...)
	c.report.Problems = append(c.report.Problems, c.foreignSelections(services)...)
	c.report.Problems = append(c.report.Problems, equalExternalNames(c.builds)...)
	c.report.Problems = mergeProblems(append(c.report.Problems, inFirstFile(refused)...))
	c.missing = mergeProblems(inFirstFile(missing))
	return nil
}

// addWarnings adds the warnings of a build that no other build has.
func (c *checker) addWarnings(warnings []string) {
	for _, w := range warnings {
		if !slices.Contains(c.report.Warnings, w) {
			c.report.Warnings = append(c.report.Warnings, w)
		}
	}
}
