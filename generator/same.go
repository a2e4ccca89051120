package generator

import (
	"reflect"

	"github.com/previewset/previewset/internal/preview"
)

// sameRow says whether a row is the one that was answered before: Resolve answers what is unchanged as it was remembered,
// so with the same lists in memory. Rows that are equal and were made anew don't count as the same.
func sameRow(a, b *preview.Row) bool {
	return scalars(a) == scalars(b) && sameList(a.Labels, b.Labels) && sameList(a.Kustomize.Components, b.Kustomize.Components) &&
		sameList(a.Kustomize.Images, b.Kustomize.Images) && sameList(a.Kustomize.Patches, b.Kustomize.Patches) &&
		sameList(a.Info, b.Info) && sameList(a.IgnoreDifferences, b.IgnoreDifferences) && sameList(a.SyncOptions, b.SyncOptions)
}

func scalars(r *preview.Row) [27]string {
	return [...]string{
		r.Name, r.Namespace, r.Path, r.Revision, r.Source, r.Owner, r.OwnerSlug, r.Purpose, r.Profile, r.State, r.URL, r.ExpiresAt,
		r.Number, r.Title, r.Branch, r.BranchSlug, r.TargetBranch, r.TargetBranchSlug, r.HeadSHA, r.HeadShortSHA, r.HeadShortSHA7,
		r.Author, r.Repository, r.RepositorySlug, r.PullRequestURL, r.IssueKey, r.Kustomize.Namespace,
	}
}

func sameList[T any](a, b []T) bool {
	return len(a) == len(b) && (a == nil) == (b == nil) && (len(a) == 0 || &a[0] == &b[0])
}

// sameRemembered is sameRow for what is remembered of an environment.
func sameRemembered(a, b *preview.Remembered) bool {
	return sameLabel(*a, *b) && sameRow(&a.Row, &b.Row) &&
		sameList(a.Hosts, b.Hosts) && reflect.ValueOf(a.Run).Pointer() == reflect.ValueOf(b.Run).Pointer()
}
