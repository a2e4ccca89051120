package scaffold

import (
	"embed"
	"fmt"
	"io/fs"
	"path"
	"regexp"
	"strings"
)

// readme is the GitOps repository's own README. A user's README is never replaced.
const readme = "README.md"

//go:embed files
var ownFiles embed.FS

// ownNames are the paths of ownFiles in the GitOps repository.
var ownNames = map[string]string{
	"files/README.md":     readme,
	"files/previews.yaml": ".github/workflows/previews.yaml",
}

// read returns the example's files, and those that only a new GitOps repository has.
func read(example fs.FS) (map[string]string, error) {
	files := map[string]string{}
	err := fs.WalkDir(example, ".", func(name string, d fs.DirEntry, err error) error {
		if err != nil || d.IsDir() {
			return err
		}
		content, err := fs.ReadFile(example, name)
		files[name] = string(content)
		return err
	})
	for source, name := range ownNames {
		content, readErr := ownFiles.ReadFile(source)
		if files[name] = string(content); readErr != nil {
			err = readErr
		}
	}
	if err != nil {
		return nil, fmt.Errorf("read the example: %w", err)
	}
	return files, nil
}

// demoFiles matches the files of the demo system. An empty start has none of them.
var demoFiles = regexp.MustCompile(`^kustomize-base/(services/|data/[^/]+/datasets/truncated/)`)

// edit replaces the text from one anchor up to another in a file of the example. An empty until is the end of the file.
type edit struct{ file, from, until, text string }

// noServices is the part of previewset.yaml about repositories and services, without any.
const noServices = `# The services of the system. previewctl service add writes one: its entry here, its Kustomize components in
# kustomize-base/services/<service>/run and /link, and its place in the baseline. The first public service that runs gets
# the environment's main host, so the order matters.
services: {}

`

// emptyEdits remove the demo system from the files that name its services.
var emptyEdits = []edit{
	{"previewset.yaml", "# Optional. Add a repository here", "# A profile says", noServices},
	{"previewset.yaml", "  full: ", "pullRequests:", `  full:                            # all services
    run: all
    lifetime: {deleteAfterIdle: 48h}

`},
	{
		"overlays/staging/kustomization.yaml",
		"  - ../../kustomize-base/services/", "  - ../../kustomize-base/components/", "",
	},
	{"overlays/staging/kustomization.yaml", "patches:", "", ""},
	{"overlays/staging/networkpolicies.yaml", "apiVersion:", "", ""},
	{"overlays/staging/configmap.yaml", "  hosts: ", "  commits: ", "  hosts: \"{}\"\n"},
	{"appsets/admission/settings.yaml", "  publicServices: ", "  baseline: ", "  publicServices: \"\"\n"},
}

// removeDemo makes an empty system of the example.
func removeDemo(files map[string]string) error {
	for name := range files {
		if demoFiles.MatchString(name) {
			delete(files, name)
		}
	}
	return apply(files, emptyEdits)
}

func apply(files map[string]string, edits []edit) error {
	for _, e := range edits {
		before, rest, found := strings.Cut(files[e.file], e.from)
		at := len(rest)
		if e.until != "" {
			at = strings.Index(rest, e.until)
		}
		if !found || at < 0 {
			return fmt.Errorf("read the example: %s has no %q before %q", e.file, e.from, e.until) // a bug
		}
		files[e.file] = before + e.text + rest[at:]
	}
	return nil
}

var (
	exampleRepositories = regexp.MustCompile(`(?m)^# Optional\. Add a repository here(.*\n)+?\n`)
	pathsOfServices     = regexp.MustCompile(`(?m)^( +# A pull request changes this service when.*\n)? +paths: .*\n`)
	repositoryOfService = regexp.MustCompile(`(?m)^ +repository: .*\n`)
	imageOfService      = regexp.MustCompile(`(?m)^( +image: (\S+)\n +tag: )"\{\{ \.SHA \}\}"`)
)

// commentOfTag explains the first service's tag.
const commentOfTag = "# also .ShortSHA, .Branch (as a slug), .Number"

// setRepositories sets the repositories of the demo system's services. Two repositories replace the example's. With one
// or none the demo images keep their tags, because no build makes others: any change of the one repository counts, and
// without one the system has no pull requests.
func setRepositories(files map[string]string, repositories []string) error {
	policy := files["previewset.yaml"]
	switch len(repositories) {
	case 0:
		policy = exampleRepositories.ReplaceAllString(policy, "")
		policy = repositoryOfService.ReplaceAllString(policy, "")
	case 1:
		policy = exampleRepositories.ReplaceAllString(policy, "")
		policy = strings.NewReplacer("acme/shop", repositories[0], "acme/gateway", repositories[0]).Replace(policy)
	default:
		policy = strings.NewReplacer("acme/shop", repositories[0], "acme/gateway", repositories[1]).Replace(policy)
	}
	if len(repositories) < 2 {
		policy = pathsOfServices.ReplaceAllString(policy, "")
		var missing error
		policy = imageOfService.ReplaceAllStringFunc(policy, func(text string) string {
			part := imageOfService.FindStringSubmatch(text)
			tag := tagOf(files, part[2])
			if tag == "" {
				missing = fmt.Errorf("read the example: no workload has image %s", part[2]) // a bug
			}
			return part[1] + `"` + tag + `"`
		})
		policy = strings.Replace(policy, commentOfTag, `# "{{ .SHA }}" once CI pushes an image of each commit`, 1)
		if missing != nil {
			return missing
		}
	}
	files["previewset.yaml"] = policy
	return nil
}

// tagOf returns the tag of an image in the demo system's workloads, or "".
func tagOf(files map[string]string, image string) string {
	tagged := regexp.MustCompile(`image: ` + regexp.QuoteMeta(image) + `:(\S+)`)
	for name, content := range files {
		if !demoFiles.MatchString(name) || path.Ext(name) != ".yaml" {
			continue
		}
		if m := tagged.FindStringSubmatch(content); m != nil {
			return m[1]
		}
	}
	return ""
}
