package main

import (
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"

	"go.yaml.in/yaml/v3"

	"github.com/previewset/previewset/internal/cli"
)

const projectRoot = "../.."

func read(t *testing.T, path string) string {
	t.Helper()
	content, err := os.ReadFile(filepath.Join(projectRoot, path))
	if err != nil {
		t.Fatal(err)
	}
	return string(content)
}

func TestFilesBesideTheBinary(t *testing.T) {
	t.Parallel()
	folder := filepath.Join(t.TempDir(), "packaging")
	for range 2 { // the second time it replaces the folder
		if err := writeAll(folder, cli.NewRootCommand()); err != nil {
			t.Fatal(err)
		}
	}
	for file, want := range map[string]string{
		"completions/previewctl.bash": "__start_previewctl",
		"completions/_previewctl":     "#compdef previewctl",
		"completions/previewctl.fish": "complete -c previewctl",
		"completions/previewctl.ps1":  "Register-ArgumentCompleter",
	} {
		text, err := os.ReadFile(filepath.Join(folder, file))
		if err != nil || !strings.Contains(string(text), want) {
			t.Errorf("%s lacks %q: %v", file, want, err)
		}
	}
	for _, page := range []string{"previewctl", "previewctl-create", "previewctl-service-add", "previewctl-mcp"} {
		if _, err := os.Stat(filepath.Join(folder, "man", page+".1.gz")); err != nil {
			t.Error(err)
		}
	}
}

// goreleaser is the part of .goreleaser.yaml that names files of the project.
type goreleaser struct {
	Builds []struct {
		ID, Main, Binary string
		Goos, Goarch     []string
	}
	Archives []struct {
		NameTemplate    string   `yaml:"name_template"`
		Formats         []string `yaml:"formats"`
		FormatOverrides []struct {
			Goos    string
			Formats []string
		} `yaml:"format_overrides"`
		Files []any
	}
	Checksum struct {
		NameTemplate string `yaml:"name_template"`
	}
	Nfpms []struct {
		Contents []struct{ Src string }
	}
}

func config(t *testing.T) goreleaser {
	t.Helper()
	var c goreleaser
	if err := yaml.Unmarshal([]byte(read(t, ".goreleaser.yaml")), &c); err != nil {
		t.Fatal(err)
	}
	return c
}

// The release has what the action downloads.
func TestNamesOfArchivesAreThoseOfTheAction(t *testing.T) {
	t.Parallel()
	c, setup := config(t), read(t, "action/setup.sh")
	if len(c.Archives) != 1 || c.Archives[0].NameTemplate != "previewctl_{{ .Version }}_{{ .Os }}_{{ .Arch }}" {
		t.Fatalf("archives: %+v", c.Archives)
	}
	a := c.Archives[0]
	if !slices.Equal(a.Formats, []string{"tar.gz"}) || len(a.FormatOverrides) != 1 ||
		a.FormatOverrides[0].Goos != "windows" || !slices.Equal(a.FormatOverrides[0].Formats, []string{"zip"}) {
		t.Errorf("formats: %+v", a)
	}
	for _, want := range []string{
		"archive=previewctl_${version#v}_$on.$format", `echo "${os}_$arch"`, "format=tar.gz", "format=zip",
		c.Checksum.NameTemplate,
	} {
		if !strings.Contains(setup, want) {
			t.Errorf("action/setup.sh lacks %s", want)
		}
	}
	for _, build := range c.Builds {
		if build.ID == "previewctl" {
			for _, platform := range slices.Concat(build.Goos, build.Goarch) {
				if !regexp.MustCompile(`\b(os|arch)=` + platform + `\b`).MatchString(setup) {
					t.Errorf("action/setup.sh doesn't know %s", platform)
				}
			}
		}
	}
}

func TestFilesOfTheReleaseExist(t *testing.T) {
	t.Parallel()
	folder := t.TempDir()
	if err := writeAll(folder, cli.NewRootCommand()); err != nil {
		t.Fatal(err)
	}
	c := config(t)
	var names []string
	for _, build := range c.Builds {
		names = append(names, build.Main)
	}
	for _, f := range c.Archives[0].Files {
		if m, isMap := f.(map[string]any); isMap {
			f = m["src"]
		}
		names = append(names, f.(string))
	}
	for _, p := range c.Nfpms {
		for _, content := range p.Contents {
			names = append(names, content.Src)
		}
	}
	for _, name := range names {
		pattern := filepath.Join(projectRoot, name)
		if below, isMade := strings.CutPrefix(name, "bin/packaging/"); isMade {
			pattern = filepath.Join(folder, below)
		}
		if found, err := filepath.Glob(pattern); err != nil || len(found) == 0 {
			t.Errorf(".goreleaser.yaml names %s, which doesn't exist: %v", name, err)
		}
	}
}

// workflow is the part of a workflow of GitHub Actions that this test reads.
type workflow struct {
	On          any
	Permissions map[string]string
	Jobs        map[string]struct {
		Permissions map[string]string
		Steps       []struct {
			Uses string
			With map[string]any
		}
	}
}

var pinned = regexp.MustCompile(`^[\w.-]+/[\w./-]+@[0-9a-f]{40}$`)

func TestWorkflowsArePinnedAndHaveFewPermissions(t *testing.T) {
	t.Parallel()
	files, err := filepath.Glob(filepath.Join(projectRoot, ".github/workflows/*.yml"))
	if err != nil || len(files) < 2 {
		t.Fatalf("workflows: %v, %v", files, err)
	}
	for _, file := range files {
		t.Run(filepath.Base(file), func(t *testing.T) {
			t.Parallel()
			text, err := os.ReadFile(file)
			if err != nil {
				t.Fatal(err)
			}
			var w workflow
			if err := yaml.Unmarshal(text, &w); err != nil {
				t.Fatal(err)
			}
			if w.Permissions == nil || len(w.Permissions) > 0 {
				t.Errorf("the workflow has permissions %v, want {}", w.Permissions)
			}
			if strings.Contains(string(text), "pull_request_target") {
				t.Error("pull_request_target runs foreign code with secrets")
			}
			w.checkJobs(t)
		})
	}
}

func (w workflow) checkJobs(t *testing.T) {
	t.Helper()
	for name, job := range w.Jobs {
		if len(job.Permissions) == 0 {
			t.Errorf("job %s names no permissions", name)
		}
		for _, step := range job.Steps {
			if step.Uses != "" && !pinned.MatchString(step.Uses) {
				t.Errorf("job %s: %s isn't pinned to a commit", name, step.Uses)
			}
			if strings.HasPrefix(step.Uses, "actions/checkout@") && step.With["persist-credentials"] != false {
				t.Errorf("job %s: the checkout keeps its token", name)
			}
		}
	}
}
