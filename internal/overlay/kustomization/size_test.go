package kustomization

import (
	"fmt"
	"strings"
	"testing"

	"github.com/previewset/previewset/internal/overlay/filetree"
	"github.com/previewset/previewset/internal/overlay/overlaytest"
)

// manyPatches returns a kustomization with patches whose targets are regular expressions.
func manyPatches(count int) string {
	return header + "resources: [../preview]\npatches:\n" + strings.Repeat(
		"- {target: {name: '(a|b)*c'}, patch: '[{\"op\": \"add\", \"path\": \"/metadata/annotations\", \"value\": {}}]'}\n", count,
	)
}

// doublingFolders returns folders of which each uses the two below it.
func doublingFolders() map[string]string {
	doubling := map[string]string{}
	for i := range 20 {
		next := fmt.Sprintf("resources: [../%d/a, ../%d/b]\nnameSuffix: ", i+1, i+1)
		doubling[fmt.Sprintf("kustomize-base/%d/a/kustomization.yaml", i)] = header + strings.ReplaceAll(next, "../", "../../") + "-a\n"
		doubling[fmt.Sprintf("kustomize-base/%d/b/kustomization.yaml", i)] = header + strings.ReplaceAll(next, "../", "../../") + "-b\n"
	}
	for _, name := range []string{"a", "b"} {
		doubling["kustomize-base/20/"+name+"/kustomization.yaml"] = header + "configMapGenerator: [{name: a, literals: [a=b]}]\n"
	}
	doubling[kustomizationFile] = header + "resources: [../preview, ../../kustomize-base/0/a]\n"
	return doubling
}

func TestSizeProblem(t *testing.T) {
	t.Parallel()
	for _, tt := range []struct {
		name  string
		files map[string]string
		want  string
	}{
		{"the shop", nil, ""},
		{
			"settings that change every object",
			map[string]string{
				kustomizationFile: header + "resources: [../preview, m.yaml]\nnamePrefix: a-\nnameSuffix: -b\nnamespace: c\n" +
					"commonAnnotations: {previewset.dev/a: b}\nlabels: [{pairs: {a: b}}]\nbuildMetadata: [originAnnotations]\n" +
					"images: [" + strings.Repeat("{name: a, newTag: b}, ", 5) + "]\n",
				"overlays/web-pr-7/m.yaml": strings.Repeat("kind: ConfigMap\napiVersion: v1\nmetadata: {name: a}\n---\n", 1990),
			},
			kustomizationFile + ": tries 11 patches on each of 1992 objects",
		},
		{"some patches", map[string]string{kustomizationFile: manyPatches(100)}, ""},
		{
			"thousands of patches with regular expressions",
			map[string]string{kustomizationFile: manyPatches(3000)},
			kustomizationFile + ": has 3000 patches and other changes; at most 500 are allowed",
		},
		{
			"many patches of many objects",
			map[string]string{
				kustomizationFile:          strings.Replace(manyPatches(400), "[../preview]", "[../preview, m.yaml]", 1),
				"overlays/web-pr-7/m.yaml": strings.Repeat("kind: ConfigMap\napiVersion: v1\nmetadata: {name: a}\n---\n", 300),
			},
			kustomizationFile + ": tries 400 patches on each of 302 objects; at most 20000 attempts are allowed",
		},
		{
			"one file with thousands of patches",
			map[string]string{
				kustomizationFile: header + "resources: [../preview]\npatches: [{path: p.yaml}]\n",
				"overlays/web-pr-7/p.yaml": strings.Repeat(
					"apiVersion: apps/v1\nkind: Deployment\nmetadata: {name: web, annotations: {previewset.dev/a: a value of some length}}\n"+
						"spec: {template: {metadata: {annotations: {previewset.dev/a: a value of some length, a: b}}}}\n---\n", 3000,
				),
			},
			kustomizationFile + ": has 627 patches and other changes; at most 500 are allowed",
		},
		{"folders that use others twice", doublingFolders(), kustomizationFile + ": has 1048578 objects; at most 2000 are allowed"},
	} {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			g := NewGraph(filetree.New(overlaytest.Shop(tt.files)))
			got := g.SizeProblem("overlays/web-pr-7")
			if tt.want == "" {
				if len(got) > 0 {
					t.Error(got)
				}
				return
			}
			overlaytest.WantProblem(t, got, tt.want)
		})
	}
}
