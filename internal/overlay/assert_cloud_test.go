package overlay

import (
	"io/fs"
	"os"
	"regexp"
	"slices"
	"strings"
	"testing"
	"testing/fstest"

	"github.com/previewset/previewset"
	"github.com/previewset/previewset/internal/config"
	"github.com/previewset/previewset/internal/preview"
)

// cloudResource matches a cloud resource in the YAML of the guide.
var cloudResource = regexp.MustCompile(`(?m)^ *([a-z-]+): \{name: "acme-`)

// exampleWithCloud is the example with all that docs/guides/cloud-resources.md says: its files, with all its resources at
// service orders, and the additions for the platform team and the baseline. Changes are a file with an old and a new text.
func exampleWithCloud(t *testing.T, changes ...[3]string) fs.FS {
	t.Helper()
	files := fstest.MapFS{}
	add := func(name, text string) { files[name] = &fstest.MapFile{Data: []byte(text)} }
	err := fs.WalkDir(previewset.Example, ".", func(name string, d fs.DirEntry, err error) error {
		if err != nil || d.IsDir() {
			return err
		}
		content, err := fs.ReadFile(previewset.Example, name)
		add(name, string(content))
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
	text, err := os.ReadFile("../../docs/guides/cloud-resources.md")
	if err != nil {
		t.Fatal(err)
	}
	guide := unindented(string(text))
	for _, m := range guideFile.FindAllStringSubmatch(guide, -1) {
		add(m[1], m[2])
		folder, file := m[1][:strings.LastIndex(m[1], "/")], m[1][strings.LastIndex(m[1], "/")+1:]
		if file != "kustomization.yaml" {
			add(folder+"/kustomization.yaml", "apiVersion: kustomize.config.k8s.io/v1alpha1\nkind: Component\nresources: ["+file+"]\n")
		}
	}
	var names, entries, templates []string
	for line := range strings.SplitSeq(guide, "\n") {
		if m := cloudResource.FindStringSubmatch(line); m != nil {
			names, entries = append(names, m[1]), append(entries, "  "+strings.TrimSpace(line)+"\n")
			templates = append(templates, strings.Split(line, `"`)[1])
		}
	}
	if len(names) != 7 {
		t.Fatalf("the guide has the resources %q", names)
	}
	definitions, err := os.ReadFile("testdata/cloud/definitions.yaml")
	if err != nil {
		t.Fatal(err)
	}
	add("crds/cloud.yaml", string(definitions))
	edit := func(name, old, changed string) {
		text := string(files[name].Data)
		if !strings.Contains(text, old) {
			t.Fatalf("%s has no %q", name, old)
		}
		add(name, strings.Replace(text, old, changed, 1))
	}
	edit(policyFile, "\nprofiles:\n", "\ncloud:\n"+strings.Join(entries, "")+"\nprofiles:\n")
	edit(policyFile, "    data: [postgres, rabbitmq]", "    data: [postgres, rabbitmq]\n    cloud: ["+strings.Join(names, ", ")+"]")
	for _, kind := range [][3]string{
		{"s3.aws.m.upbound.io", "Bucket", "buckets"},
		{"sqs.aws.m.upbound.io", "Queue", "queues"},
		{"sns.aws.m.upbound.io", "Topic", "topics"},
		{"dynamodb.services.k8s.aws", "Table", "tables"},
		{"sqs.services.k8s.aws", "Queue", "queues"},
		{"sns.services.k8s.aws", "Topic", "topics"},
		{"kafka.strimzi.io", "KafkaTopic", "kafkatopics"},
	} {
		for _, file := range []string{"appsets/appproject.yaml", "appsets/staging.yaml"} {
			edit(file, "    - group: gateway.networking.k8s.io\n",
				"    - group: "+kind[0]+"\n      kind: "+kind[1]+"\n    - group: gateway.networking.k8s.io\n")
		}
		edit("appsets/admission/settings.yaml", " configmaps=50", " configmaps=50 count/"+kind[2]+"."+kind[0]+"=1")
		edit("kustomize-base/components/guardrails/resourcequota.yaml", "    configmaps: \"50\"\n",
			"    configmaps: \"50\"\n    count/"+kind[2]+"."+kind[0]+": \"1\"\n")
	}
	edit("appsets/admission/settings.yaml", `annotations: ""`, "annotations: crossplane.io/external-name")
	edit("appsets/admission/settings.yaml", `cloudNames: ""`, "cloudNames: >-\n    "+strings.Join(templates, " "))
	edit("appsets/admission/settings.yaml", `labels: ""`, "labels: strimzi.io/cluster")
	var components, patches, data string
	for i, name := range names {
		m := regexp.MustCompile(`name: "(acme-[a-z]+-)\{\{environment\}\}"(, field: ([A-Za-z.]+))?`).FindStringSubmatch(entries[i])
		components += "  - ../../kustomize-base/cloud/" + name + "\n"
		pointer := "/" + strings.ReplaceAll(m[3], ".", "/")
		if m[3] == "" {
			pointer = "/metadata/annotations/crossplane.io~1external-name"
		}
		patches += "  - target: {labelSelector: previewset.dev/cloud=" + name + "}\n    patch: |-\n      - op: replace\n        path: " +
			pointer + "\n        value: " + m[1] + "staging-00000\n"
		data += "  cloud." + name + ": " + m[1] + "staging-00000\n"
	}
	edit("overlays/staging/kustomization.yaml", "  - ../../kustomize-base/components/guardrails\npatches:\n",
		components+"  - ../../kustomize-base/components/guardrails\npatches:\n"+patches)
	edit("overlays/staging/configmap.yaml", "  commits: \"{}\"\n", "  commits: \"{}\"\n"+data)
	for _, change := range changes {
		edit(change[0], change[1], change[2])
	}
	return files
}

// unindented returns a text in Markdown with the snippets of lists at the start of their lines.
func unindented(text string) string {
	lines, isIndented := strings.Split(text, "\n"), false
	for i, line := range lines {
		isFence := strings.HasPrefix(line, "   ```")
		if isFence || isIndented {
			lines[i] = strings.TrimPrefix(line, "   ")
		}
		isIndented = isIndented != isFence
	}
	return strings.Join(lines, "\n")
}

func TestCheckFindsMistakesInCloudResources(t *testing.T) {
	t.Parallel()
	const (
		bucket, queue = "kustomize-base/cloud/uploads/bucket.yaml", "kustomize-base/cloud/mails/queue.yaml"
		staging       = "overlays/staging/kustomization.yaml"
		quota         = "kustomize-base/components/guardrails/resourcequota.yaml"
	)
	tests := []struct {
		name, file, old, changed string
		want                     string // a part of a problem
	}{
		{"the guide as it is", bucket, "", "", ""},
		{"a missing label", bucket, "previewset.dev/cloud: uploads", "a: b", "0 objects have the label previewset.dev/cloud: uploads"},
		{"a second name", queue, "name: mails\n", "name: mails-{{environment}}\n", "contains {{environment}}, which nothing fills in"},
		{"a field that isn't there", queue, "queueName:", "queue:", `unknown field "spec.queue"`},
		{"another field", policyFile, "field: spec.queueName", "field: spec.visibility", `unknown field "spec.visibility"`},
		{"a kind that isn't counted", quota, `count/buckets.s3.aws.m.upbound.io: "1"`, "", "Bucket uploads isn't counted by ResourceQuota"},
		{
			"a quota that is too small", quota, `count/buckets.s3.aws.m.upbound.io: "1"`, `count/buckets.s3.aws.m.upbound.io: "0"`,
			"count/buckets.s3.aws.m.upbound.io: 1 is used, and 0 is allowed",
		},
		{"a name that the policies don't know", "appsets/admission/settings.yaml", "acme-mails-", "acme-letters-", "data.cloudNames: is"},
		{
			"another environment's name", bucket, "spec:\n", "spec:\n  bucket: acme-uploads-other-00000\n",
			`Bucket uploads creates "acme-uploads-other-00000" outside of the cluster; let the row name it`,
		},
		{"a kind that Argo CD refuses", "appsets/appproject.yaml", "kind: KafkaTopic", "kind: KafkaUser", "doesn't allow kind KafkaTopic"},
		{"the baseline with another's name", staging, "acme-mails-staging-00000", "acme-mails-prod-00000", "the name \"acme-mails-prod-00000\" isn't"},
		{"the baseline without the name", staging, "cloud=uploads}", "cloud=nothing}", "Bucket uploads: metadata.annotations[crossplane.io/external-name]"},
		{"the baseline without the resource", staging, "  - ../../kustomize-base/cloud/news\n", "", "not its cloud resource news"},
		{"the baseline without a value for Pods", "overlays/staging/configmap.yaml", "cloud.news:", "cloud.old:", "has no value cloud.news"},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			// A check of one service builds enough, and takes a fraction of the time.
			problems, missing := New(exampleWithCloud(t, [3]string{tt.file, tt.old, tt.changed})).CheckService("orders")
			problems = append(problems, missing...)
			if text := problems.Error(); !strings.Contains(text, tt.want) || (tt.want == "") != (len(problems) == 0) {
				t.Errorf("problems are %q, want %q", text, tt.want)
			}
		})
	}
}

// Sleep changes no cloud resource.
func TestSleepKeepsCloudResources(t *testing.T) {
	t.Parallel()
	r := New(exampleWithCloud(t))
	cfg := loadConfig(t, r)
	var kept [2][]string
	for i, state := range []preview.State{preview.Awake, preview.Asleep} {
		p := planOf(serviceNames(cfg.Policy))
		p.State, p.Generation = state, "abcde"
		row, err := preview.Compose(cfg, p)
		if err != nil {
			t.Fatal(err)
		}
		for _, o := range objectsOf(t, r, row) {
			if o.Labels[config.CloudLabel] != "" {
				kept[i] = append(kept[i], o.String()+" "+o.Text("spec", "queueName")+o.Annotations()["crossplane.io/external-name"])
			}
		}
		slices.Sort(kept[i])
	}
	if !slices.Equal(kept[0], kept[1]) || !slices.Contains(kept[1], "Bucket uploads acme-uploads-check-abcde") ||
		!slices.Contains(kept[1], "Queue mails acme-mails-check-abcde") {
		t.Errorf("awake %q, asleep %q", kept[0], kept[1])
	}
}
