package overlay

import (
	"encoding/json"
	"slices"
	"strings"

	"github.com/previewset/previewset/internal/config"
	"github.com/previewset/previewset/internal/overlay/build"
	"github.com/previewset/previewset/internal/preview"
)

// minShared is the number of environments with equal rows from which a shared build saves time: it takes two builds.
const minShared = 4

// sharedBuilds are the environments with an own overlay, by row. The rows have the sample's name in place of the
// environment's.
type sharedBuilds map[string][]sharedBuild

type sharedBuild struct {
	name  string // of the environment
	plan  preview.Plan
	row   preview.Row
	check *buildCheck
	quick *buildCheck // the same under the sample's name
}

// quickCheck checks an environment with the objects of a shared build, under the sample's name.
type quickCheck struct {
	check     *buildCheck
	extension *build.Extension
}

// add adds an environment, if it has an own overlay.
func (s sharedBuilds) add(c *checker, cfg *config.Config, e example, p *project, check *buildCheck) {
	if check.shared == nil {
		return
	}
	added := sharedBuild{name: e.plan.Name, plan: e.plan, check: check}
	e.plan.Name, e.plan.Owner = sampleName, sampleOwner
	row, err := preview.Compose(cfg, e.plan)
	text, _ := json.Marshal(row.Kustomize)
	if err != nil || row.Path != defaultOverlay {
		return
	}
	added.plan, added.row = e.plan, row
	own := row
	own.Path = e.title
	added.quick = c.newExample(cfg, e, own, p)
	s[string(text)] = append(s[string(text)], added)
}

// use prepares the shared builds. It leaves out environments with an overlay that changes more than its own objects.
func (s sharedBuilds) use(builder *build.Builder, cfg *config.Config) {
	for _, all := range s {
		if len(all) < minShared {
			continue
		}
		first := all[0]
		base := builder.Base(first.row, builder.Sleep(cfg, first.plan, first.row))
		if base == nil {
			continue
		}
		for _, e := range all {
			if x := base.Extension(e.quick.title, e.name, sampleName); x != nil {
				e.check.quick = &quickCheck{check: e.quick, extension: x}
			}
		}
	}
}

// passes checks the objects of the extension, and reports whether nothing is wrong. Otherwise a build of the whole
// environment decides: its messages have the environment's own name.
func (q *quickCheck) passes(b *buildCheck) bool {
	awake, asleep, ok := q.extension.Objects()
	if !ok {
		return false
	}
	q.check.objects = awake
	q.check.assert(q.check)
	q.check.objects = asleep
	q.check.assertAsleep()
	q.check.objects, q.extension = nil, nil
	hasName := func(text string) bool { return strings.Contains(text, sampleName) }
	if len(q.check.problems)+len(q.check.refused)+len(q.check.missing) > 0 || slices.ContainsFunc(q.check.warnings, hasName) {
		return false
	}
	b.warnings = q.check.warnings
	return true
}
