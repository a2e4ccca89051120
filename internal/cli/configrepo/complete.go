package configrepo

import (
	"context"
	"io/fs"
	"maps"
	"path"
	"slices"
	"strings"

	"github.com/spf13/cobra"

	"github.com/previewset/previewset/internal/cli/apiclient"
	"github.com/previewset/previewset/internal/cli/terminal"
	"github.com/previewset/previewset/internal/gitrepo"
	"github.com/previewset/previewset/internal/overlay"
)

// Completer offers names of a kind from the GitOps repository: environment, slot, profile, service, link, component
// or dataset. Who can't reach it gets none, silently.
func Completer(env *terminal.Process, o *Flags) func(kind string) cobra.CompletionFunc {
	return func(kind string) cobra.CompletionFunc {
		return func(cmd *cobra.Command, args []string, toComplete string) ([]string, cobra.ShellCompDirective) {
			ctx, cancel := context.WithTimeout(cmd.Context(), apiclient.CompletionTimeout)
			defer cancel()
			repo, err := o.Open(ctx, env, gitrepo.Options{Timeout: apiclient.CompletionTimeout})
			if err != nil {
				return nil, cobra.ShellCompDirectiveNoFileComp
			}
			fsys, err := repo.ReadFiles(ctx)
			if err != nil {
				return nil, cobra.ShellCompDirectiveNoFileComp
			}
			names, directive := namesOf(fsys, kind, args, toComplete)
			return slices.DeleteFunc(names, func(n string) bool { return terminal.HasHidden(n) || slices.Contains(args, n) }), directive
		}
	}
}

// refKinds are what may stand behind SERVICE=.
var refKinds = map[string][]string{"service": {"pr:", "branch:", "tag:", "sha:", "default"}, "link": {"env:", "pr:", "default"}}

func namesOf(fsys fs.FS, kind string, args []string, toComplete string) ([]string, cobra.ShellCompDirective) {
	directive := cobra.ShellCompDirectiveNoFileComp
	repo := overlay.New(fsys)
	switch kind {
	case "environment":
		if len(args) == 0 {
			return repo.Names(), directive
		}
		kind = "handover" // environment, then its services
	case "component":
		return foldersIn(fsys, "kustomize-base/components"), directive
	case "store":
		return foldersIn(fsys, "kustomize-base/data"), directive
	case "dataset":
		return datasetsIn(fsys), directive
	}
	config, err := repo.Config()
	if err != nil {
		return nil, directive
	}
	var names []string
	switch kind {
	case "profile":
		return slices.Sorted(maps.Keys(config.Policy.Profiles)), directive
	case "slot":
		if config.Slots != nil && len(args) == 0 {
			names = slices.Sorted(maps.Keys(config.Slots.Slots))
		}
		return names, directive
	}
	for _, s := range config.Policy.Services {
		names = append(names, s.Name)
	}
	if service, rest, ok := strings.Cut(toComplete, "="); ok {
		return valuesFor(repo, kind, service, rest), directive | cobra.ShellCompDirectiveNoSpace
	}
	if refKinds[kind] != nil {
		for i := range names {
			names[i] += "="
		}
		directive |= cobra.ShellCompDirectiveNoSpace
	}
	return names, directive
}

// valuesFor completes what stands behind SERVICE=.
func valuesFor(repo *overlay.Repo, kind, service, rest string) []string {
	var values []string
	for _, ref := range refKinds[kind] {
		values = append(values, service+"="+ref)
	}
	if strings.HasPrefix(rest, "env:") {
		values = nil
		for _, name := range repo.Names() {
			values = append(values, service+"=env:"+name)
		}
	}
	return values
}

func foldersIn(fsys fs.FS, dir string) []string {
	entries, err := fs.ReadDir(fsys, dir)
	if err != nil {
		return nil
	}
	var names []string
	for _, e := range entries {
		if e.IsDir() {
			names = append(names, e.Name())
		}
	}
	return names
}

func datasetsIn(fsys fs.FS) []string {
	var names []string
	for _, store := range foldersIn(fsys, "kustomize-base/data") {
		names = append(names, foldersIn(fsys, path.Join("kustomize-base/data", store, "datasets"))...)
	}
	slices.Sort(names)
	return slices.Compact(names)
}
