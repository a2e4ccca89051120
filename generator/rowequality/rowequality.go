// Package rowequality tells cheaply whether a row changed since the last snapshot. preview.Resolve returns an unchanged
// row with the same lists in memory, so comparing pointers is enough. Equal rows that were built anew count as changed.
package rowequality

import (
	"reflect"
	"slices"

	"github.com/previewset/previewset/internal/preview"
)

// SameRow reports whether b is the unchanged row a.
func SameRow(a, b *preview.Row) bool {
	return scalars(a) == scalars(b) && sameList(a.Services, b.Services) && sameList(a.Links, b.Links) &&
		sameList(a.Labels, b.Labels) && sameList(
		a.Kustomize.Components, b.Kustomize.Components,
	) &&
		sameList(a.Kustomize.Images, b.Kustomize.Images) && sameList(a.Kustomize.Patches, b.Kustomize.Patches) &&
		sameList(a.Info, b.Info) && sameList(
		a.IgnoreDifferences, b.IgnoreDifferences,
	) && sameList(a.SyncOptions, b.SyncOptions)
}

// SameRemembered reports whether b is the unchanged environment a, with all that is saved of it.
func SameRemembered(a, b *preview.Remembered) bool {
	return SameMembership(*a, *b) && SameRow(&a.Row, &b.Row) &&
		sameList(a.Hosts, b.Hosts) && reflect.ValueOf(a.Run).Pointer() == reflect.ValueOf(b.Run).Pointer()
}

// SameMembership compares the parts of a saved environment that can change while its row stays the same.
func SameMembership(a, b preview.Remembered) bool {
	return slices.Equal(a.Members, b.Members) && a.IsGuarded == b.IsGuarded && a.IsLease == b.IsLease && a.Person == b.Person
}

func scalars(r *preview.Row) [27]string {
	return [...]string{
		r.Name, r.Namespace, r.Path, r.Revision, string(r.Source), r.Owner, r.OwnerSlug, r.Purpose, r.Profile,
		string(r.State), r.URL,
		r.ExpiresAt,
		r.Number, r.Title, r.Branch, r.BranchSlug, r.TargetBranch, r.TargetBranchSlug, r.HeadSHA, r.HeadShortSHA,
		r.HeadShortSHA7,
		r.Author, r.Repository, r.RepositorySlug, r.PullRequestURL, r.IssueKey, r.Kustomize.Namespace,
	}
}

func sameList[T any](a, b []T) bool {
	return len(a) == len(b) && (a == nil) == (b == nil) && (len(a) == 0 || &a[0] == &b[0])
}
