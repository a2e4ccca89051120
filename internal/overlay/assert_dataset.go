package overlay

import (
	"fmt"
	"regexp"
	"strings"

	"github.com/previewset/previewset/internal/overlay/manifest"
	"github.com/previewset/previewset/internal/overlay/newstore"
)

var sha256Text = regexp.MustCompile(`^[0-9a-f]{64}$`)

// assertDatasets checks that each dataset from elsewhere is always the same: a versioned image, a file with a
// checksum, or a claim for each snapshot.
func (b *buildCheck) assertDatasets() {
	for _, o := range b.objects {
		source := o.Under("spec", "dataSourceRef")
		if o.Kind == "PersistentVolumeClaim" && source.Text("kind") == "VolumeSnapshot" &&
			!strings.HasSuffix(o.Name, "-"+source.Text("name")) {
			b.addProblem(b.file, fmt.Sprintf("%s is a copy of snapshot %s without its name, so it could never become a copy of another one",
				o, source.Text("name")), "call it <store>-"+source.Text("name")+": Kubernetes can't change the source of a claim")
		}
		o.EachContainer(func(c manifest.Object) {
			if c.Text("name") == newstore.FetchContainer {
				b.assertDataset(o, c)
			}
		})
	}
}

func (b *buildCheck) assertDataset(o, c manifest.Object) {
	file := baseFolder + "/data/" + o.Name + "/datasets"
	image := c.Text("image")
	if _, tag := manifest.CutTag(image); (tag == "" || tag == "latest") && !strings.Contains(image, "@sha256:") {
		b.addProblem(file, fmt.Sprintf("%s: image %s of container %s has no version", o, image, c.Text("name")),
			"write a tag that CI never uses again, or a digest")
	}
	env := map[string]string{}
	for _, e := range c.Items("env") {
		env[e.Text("name")] = e.Text("value")
	}
	address, isFile := env["DATASET_URL"]
	if isFile && !strings.HasPrefix(address, "https://") {
		b.addProblem(file, fmt.Sprintf("%s: DATASET_URL %q isn't an HTTPS address", o, address), "write https://")
	}
	if isFile && !sha256Text.MatchString(env["DATASET_SHA256"]) {
		b.addProblem(file, fmt.Sprintf("%s: DATASET_SHA256 %q isn't a checksum", o, env["DATASET_SHA256"]),
			"write the 64 hexadecimal digits that sha256sum prints for the file")
	}
}
