package overlay

import (
	"fmt"
	"path"
	"slices"

	"github.com/previewset/previewset/internal/config"
	"github.com/previewset/previewset/internal/overlay/clusterrules"
	"github.com/previewset/previewset/internal/overlay/crdschema"
	"github.com/previewset/previewset/internal/overlay/filetree"
	"github.com/previewset/previewset/internal/overlay/gatewayapi"
	"github.com/previewset/previewset/internal/preview"
)

// shortSHA is the length of the shortest form of a commit, {{ .ShortSHA }}.
const shortSHA = 7

// clusterFacts are what the rules of the cluster need to know beside the objects of a build.
type clusterFacts struct {
	ingressNamespace string // of the ingress controller, or "" where it isn't known
	schemas          *crdschema.Schemas
	gateways         *gatewayapi.Gateways
	row              *preview.Row // nil for an overlay without one
	missing          []string     // the Secrets that the environment doesn't get
}

// assertCluster checks the rules of the cluster.
func (b *buildCheck) assertCluster(facts clusterFacts) {
	objects := clusterrules.NewBuild(b.objects)
	objects.IngressNamespace, objects.Schemas, objects.OtherSecrets = facts.ingressNamespace, facts.schemas, facts.missing
	if facts.row != nil {
		objects.CommitImages = facts.row.Kustomize.Images
		objects.Commit, objects.Environment = sampleSHA[:shortSHA], facts.row.Name
	}
	b.external = clusterrules.ExternalNames(b.objects)
	b.refused = append(b.refused, b.problemsOf(objects.Problems())...)
	b.assertGateways(facts.gateways)
	b.missing = append(b.missing, b.problemsOf(objects.MissingReferences())...)
	for _, p := range objects.MissingPullSecrets() {
		b.warnings = append(b.warnings, p.String()+"; "+p.Remedy)
	}
}

// assertGateways checks that a Gateway accepts each route.
func (b *buildCheck) assertGateways(gateways *gatewayapi.Gateways) {
	of := gatewayapi.Namespace{Name: b.namespace}
	if n := b.findObject("Namespace", b.namespace); n != nil {
		of.Labels = n.Labels
	}
	for _, o := range b.objects {
		for _, p := range gateways.Problems(o, of) {
			b.addProblem(b.file, o.String()+" "+p.Message, p.Remedy)
		}
	}
}

func (b *buildCheck) problemsOf(list []clusterrules.Problem) (found config.Problems) {
	for _, p := range list {
		found = append(found, config.Problem{
			File: b.file, Path: b.title, Message: config.Printable(p.String()), Remedy: p.Remedy,
		})
	}
	return found
}

// readSchemas returns the schemas of the CustomResourceDefinitions in a repository.
func readSchemas(tree *filetree.Tree) *crdschema.Schemas {
	s := &crdschema.Schemas{}
	for _, folder := range []string{appsetsFolder, baseFolder, crdsFolder} {
		tree.Walk(folder, func(name string, k filetree.Kind) {
			if k != filetree.File || !slices.Contains([]string{".yaml", ".yml", ".json"}, path.Ext(name)) {
				return
			}
			if content, err := tree.Read(name); err == nil {
				s.Add(content)
			}
		})
	}
	return s
}

// equalExternalNames returns a problem for each name outside of the cluster that two environments would create.
func equalExternalNames(builds []*buildCheck) config.Problems {
	type key struct{ group, kind, name string }
	first := map[key]*buildCheck{}
	var found config.Problems
	for _, b := range builds {
		for _, e := range b.external {
			k := key{e.Group, e.Kind, e.Name}
			other := first[k]
			if other == nil {
				first[k] = b
				continue
			}
			if other.namespace == b.namespace {
				continue
			}
			found = append(found, config.Problem{
				File: b.file, Path: b.title,
				Message: config.Printable(fmt.Sprintf("%s: %s: creates %q outside of the cluster, as %s does",
					e.Object, e.Field, e.Name, other.title)),
				Remedy: "give each a name of its own, with the environment's name in it",
			})
		}
	}
	return found
}
