package kustomization

import "testing"

func TestFilesAreRefused(t *testing.T) {
	t.Parallel()
	wantRefused(t, []refusedFile{
		{
			"a key in another case", kustomizationFile,
			header + "Images: []\n",
			[]string{kustomizationFile + ":3: Images", "another case", "write images"},
		},
		{"an unknown key", kustomizationFile, header + "resource: []\n", []string{"unknown field"}},
		{"a key twice", kustomizationFile, header + "images: []\nimages: []\n", []string{"already set"}},
		{"a second document", kustomizationFile, header + "---\n" + header, []string{"more than one document"}},
		{"two kustomization files", "overlays/web-pr-7/Kustomization", header, []string{"there is also"}},
		{"an empty kustomization", kustomizationFile, "# nothing\n", []string{"is empty"}},
		{"a list", kustomizationFile, "[1]\n", []string{"isn't a mapping"}},
		{"broken YAML", kustomizationFile, "a: [\n", []string{kustomizationFile}},
	})
}
