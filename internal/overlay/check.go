package overlay

import (
	"context"
	"path"

	"github.com/previewset/previewset/internal/config"
)

// Report is the result of a check of a whole repository.
type Report struct {
	// Problems are all mistakes, by file and line.
	Problems config.Problems
	// WithoutEffect are the settings without an effect.
	WithoutEffect []config.Unused
	// Warnings are settings that work, but that most users don't want.
	Warnings []string
	// Notes are the parts that couldn't be checked, each with the reason.
	Notes []string
	// Builds is the number of different environments and overlays that were built.
	Builds int
}

// Check validates the configuration, follows every reference, and builds every example in memory. Its error is the
// context's error.
func (r *Repo) Check(ctx context.Context) (Report, error) {
	c := newChecker(r)
	c.report.Problems = r.References()
	var services []string
	cfg, err := r.Load()
	if err != nil {
		c.addError(policyFile, "", err)
	} else {
		services, c.report.Warnings = serviceNames(cfg.Policy), warnings(cfg.Policy)
		c.report.WithoutEffect = cfg.WithoutEffect()
		c.report.Problems = append(c.report.Problems, cfg.Problems...)
		c.report.Problems = append(c.report.Problems, cfg.SlotProblems...)
		c.report.Problems = append(c.report.Problems, hostConflicts(cfg)...)
		c.report.Problems = append(c.report.Problems, r.linkProblems(cfg)...)
		problems, warnings := sharedStores(r, cfg)
		c.report.Problems, c.report.Warnings = append(c.report.Problems, problems...), append(c.report.Warnings, warnings...)
		c.useAdmission(cfg.Policy)
		c.addExamples(cfg, r.examples(cfg)...)
		for _, dir := range r.fixedOverlays(cfg) {
			c.addFixedOverlay(cfg, dir)
		}
	}
	err = c.run(ctx, services)
	c.report.Problems = mergeProblems(append(c.report.Problems, c.missing...))
	return c.report, err
}

// CheckEnvironment returns the mistakes in one environment: in its file, and in the objects that Argo CD would deploy
// for a pull request in each of its services. It doesn't look for mistakes that don't affect the environment.
func (r *Repo) CheckEnvironment(name string) config.Problems {
	cfg, err := r.Config(name)
	if err != nil {
		return problemsOf(err)
	}
	if len(cfg.Problems) > 0 {
		return cfg.Problems
	}
	return checkExamples(r, cfg, example{title: path.Join(overlaysFolder, name), plan: Plan(cfg, name)})
}

// CheckService returns the mistakes in one service. It builds the system with the service alone, without it, and with
// everything, and it builds the baseline. missing are the ConfigMaps and Secrets that Pods need and that can follow in
// another commit, such as those of the service's component secrets.
func (r *Repo) CheckService(name string) (problems, missing config.Problems) {
	cfg, err := r.Config()
	if err != nil {
		return problemsOf(err), nil
	}
	c := newChecker(r)
	if c.appsets.admission.File != "" {
		c.useAdmission(cfg.Policy)
	}
	all := serviceNames(cfg.Policy)
	c.addExamples(cfg, append([]example{{title: titleEverythingRun, plan: planOf(all)}}, serviceExamples(all, name)...)...)
	if r.graph.File(stagingOverlay) != "" {
		c.addFixedOverlay(cfg, stagingOverlay)
	}
	_ = c.run(context.Background(), []string{name}) // a few builds; nothing cancels them
	return c.report.Problems, c.missing
}
