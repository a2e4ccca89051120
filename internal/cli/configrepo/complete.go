package configrepo

import (
	"context"
	"io/fs"
	"maps"
	"path"
	"slices"
	"strings"
	"time"

	"github.com/spf13/cobra"

	"github.com/previewset/previewset/internal/cli/terminal"
	"github.com/previewset/previewset/internal/config"
	"github.com/previewset/previewset/internal/gitrepo"
	"github.com/previewset/previewset/internal/overlay"
)

// completionTimeout limits how long the shell waits after Tab.
const completionTimeout = 2 * time.Second

// Completer returns completions for the names of a kind: environment, handover (an environment, then services), slot,
// profile, service, link, calls (services), component, store or dataset. An unreachable repository has no names.
func Completer(env *terminal.Process, f *Flags) func(kind string) cobra.CompletionFunc {
	return func(kind string) cobra.CompletionFunc {
		return func(cmd *cobra.Command, args []string, toComplete string) ([]string, cobra.ShellCompDirective) {
			ctx, cancel := context.WithTimeout(cmd.Context(), completionTimeout)
			defer cancel()
			repo, err := f.Open(ctx, env, gitrepo.Options{Timeout: completionTimeout})
			if err != nil {
				return nil, cobra.ShellCompDirectiveNoFileComp
			}
			fsys, err := repo.ReadFiles(ctx)
			if err != nil {
				return nil, cobra.ShellCompDirectiveNoFileComp
			}
			names, directive := namesOf(fsys, kind, args, toComplete)
			return slices.DeleteFunc(names, func(n string) bool {
				return terminal.HasHidden(n) || slices.Contains(args, n)
			}), directive
		}
	}
}

func namesOf(fsys fs.FS, kind string, args []string, toComplete string) ([]string, cobra.ShellCompDirective) {
	repo := overlay.New(fsys)
	switch kind {
	case "environment":
		if len(args) == 0 {
			return repo.Names(), cobra.ShellCompDirectiveNoFileComp
		}
		return nil, cobra.ShellCompDirectiveNoFileComp
	case "handover":
		if len(args) == 0 {
			return repo.Names(), cobra.ShellCompDirectiveNoFileComp
		}
	case "component":
		return componentsIn(fsys, repo), cobra.ShellCompDirectiveNoFileComp
	case "store":
		return foldersIn(fsys, "kustomize-base/data"), cobra.ShellCompDirectiveNoFileComp
	case "dataset":
		return datasetsIn(fsys), cobra.ShellCompDirectiveNoFileComp
	}
	return namesInPolicy(repo, kind, args, toComplete)
}

// namesInPolicy returns the names that previewset.yaml or slots.yaml contain.
func namesInPolicy(
	repo *overlay.Repo, kind string, args []string, toComplete string,
) ([]string, cobra.ShellCompDirective) {
	cfg, err := repo.Config()
	if err != nil {
		return nil, cobra.ShellCompDirectiveNoFileComp
	}
	switch kind {
	case "profile":
		return slices.Sorted(maps.Keys(cfg.Policy.Profiles)), cobra.ShellCompDirectiveNoFileComp
	case "slot":
		if cfg.Slots == nil || len(args) > 0 {
			return nil, cobra.ShellCompDirectiveNoFileComp
		}
		return slices.Sorted(maps.Keys(cfg.Slots.Slots)), cobra.ShellCompDirectiveNoFileComp
	}
	const noSpace = cobra.ShellCompDirectiveNoFileComp | cobra.ShellCompDirectiveNoSpace
	if service, ref, ok := strings.Cut(toComplete, "="); ok {
		return refsOf(repo, kind, service, ref), noSpace
	}
	var names []string
	for _, s := range cfg.Policy.Services {
		names = append(names, s.Name)
	}
	if refKinds[kind] == nil {
		return names, cobra.ShellCompDirectiveNoFileComp
	}
	for i := range names {
		names[i] += "="
	}
	return names, noSpace
}

// refKinds are the possible beginnings of a ref after SERVICE=.
var refKinds = map[string][]string{
	"service": {"pr:", "branch:", "tag:", "sha:", "default"},
	"link":    {"env:", "pr:", "default"},
}

// refsOf completes the ref after SERVICE=.
func refsOf(repo *overlay.Repo, kind, service, ref string) []string {
	var values []string
	if strings.HasPrefix(ref, "env:") {
		for _, name := range repo.Names() {
			values = append(values, service+"=env:"+name)
		}
		return values
	}
	for _, beginning := range refKinds[kind] {
		values = append(values, service+"="+beginning)
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

// componentsIn returns the folders of components, and debug if a service has a debugger.
func componentsIn(fsys fs.FS, repo *overlay.Repo) []string {
	names := foldersIn(fsys, "kustomize-base/components")
	cfg, err := repo.Load()
	hasDebugger := func(s config.Service) bool { return s.Debug != nil }
	if err == nil && slices.ContainsFunc(cfg.Policy.Services, hasDebugger) {
		names = append(names, config.DebugComponent)
	}
	slices.Sort(names)
	return slices.Compact(names)
}

func datasetsIn(fsys fs.FS) []string {
	var names []string
	for _, store := range foldersIn(fsys, "kustomize-base/data") {
		names = append(names, foldersIn(fsys, path.Join("kustomize-base/data", store, "datasets"))...)
	}
	slices.Sort(names)
	return slices.Compact(names)
}
