package preview

import (
	"crypto/sha256"
	"encoding/base32"
	"slices"
	"strings"
	"time"

	"github.com/previewset/previewset/internal/config"
)

// SampleGeneration is the generation of an environment that doesn't exist, as in a check or an example.
const SampleGeneration = "00000"

// generationStart is the text before the generation in the patch of ConfigMap environment. The quotation marks of values
// are escaped there.
const generationStart = `"generation":"`

var generationText = base32.NewEncoding("abcdefghijklmnopqrstuvwxyz234567").WithPadding(base32.NoPadding)

// newGeneration returns the generation of an environment that is made now.
func newGeneration(name string, now time.Time) string {
	sum := sha256.Sum256([]byte(name + " " + now.UTC().Format(time.RFC3339Nano)))
	return generationText.EncodeToString(sum[:])[:config.GenerationLength]
}

// generation returns the generation of a row; "" if it has none.
func (r Row) generation() string {
	i := slices.IndexFunc(r.Kustomize.Patches, func(p Patch) bool {
		return p.Target == Target{Kind: "ConfigMap", Name: "environment"}
	})
	if i < 0 {
		return ""
	}
	_, rest, isThere := strings.Cut(r.Kustomize.Patches[i].Patch, generationStart)
	if !isThere || len(rest) < config.GenerationLength {
		return ""
	}
	return rest[:config.GenerationLength]
}

// generationOf returns the generation of an environment: that of its last row, or a new one if it gets its first cloud
// resource.
func generationOf(in *input, wanted *desiredEnvironment, run map[string]config.ServiceRef) string {
	if wanted.previous != nil {
		if g := wanted.previous.Row.generation(); g != "" {
			return g
		}
	}
	if len(CloudResources(in.cfg.Policy.Services, run)) == 0 {
		return ""
	}
	return newGeneration(wanted.name, in.now)
}

// CloudResources returns the names of the cloud resources of the running services.
func CloudResources(services config.Services, run map[string]config.ServiceRef) []string {
	var names []string
	for _, s := range services {
		if _, runs := run[s.Name]; runs {
			names = append(names, s.Cloud...)
		}
	}
	return sortedSet(names)
}

// addCloud adds the cloud resources of the running services, gives them their names outside of the cluster, and notes the
// values for the Pods.
func (c *composer) addCloud() {
	resources := CloudResources(c.Policy.Services, c.plan.Run)
	generation := c.plan.Generation
	if generation == "" && len(resources) > 0 {
		generation = SampleGeneration
	}
	if generation == "" {
		return
	}
	c.cloudData = map[string]string{"generation": generation}
	for _, name := range resources {
		r := c.Policy.Cloud[name]
		external := r.NameIn(c.plan.Name, generation)
		c.addComponent("cloud", name)
		c.addPatch(Target{LabelSelector: config.CloudLabel + "=" + name}, replace(r.JSONPointer(), external))
		c.cloudData["cloud."+name] = external
	}
}
