package preview

import (
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"path"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/previewset/previewset/internal/config"
)

// The limits of an Application.
const (
	maxApplication = 512 << 10
	maxParts       = 500 // of each list
)

var (
	componentPattern = regexp.MustCompile(`^\.\./\.\./kustomize-base/[A-Za-z0-9][A-Za-z0-9._/-]{0,250}$`)
	rowImagePattern  = regexp.MustCompile(`^[A-Za-z0-9][A-Za-z0-9._:/-]{0,250}:[A-Za-z0-9_][A-Za-z0-9_.-]{0,127}$`)
	targetPattern    = regexp.MustCompile(`^[A-Za-z0-9._/-]{0,253}$`)
	selectorPattern  = regexp.MustCompile(`^[A-Za-z0-9._/-]{0,253}(!?=[A-Za-z0-9._-]{0,63})?$`)
	urlPattern       = regexp.MustCompile(`^https://[a-z0-9][a-z0-9.-]{0,252}$`)
	hostPattern      = regexp.MustCompile(`^[a-z0-9][a-z0-9.-]{0,252}$`)
)

// problem returns an error if no row can have these values.
func (r Row) problem() error {
	folder := path.Base(r.Path)
	number, err := strconv.Atoi(r.Number)
	hasNoSinglePullRequest := isNamed(r.Name) && r.Number+r.HeadSHA+r.Repository == ""
	_, dateErr := time.Parse(time.RFC3339, r.ExpiresAt)
	return errors.Join(
		unless(config.IsDNSLabel(r.Name, config.MaxEnvironmentName), "name %q", r.Name),
		unless(config.IsDNSLabel(r.Namespace, config.MaxLabel) && strings.HasSuffix(r.Namespace, r.Name), "namespace %q",
			r.Namespace),
		unless(r.Kustomize.Namespace == r.Namespace, "Kustomize's namespace %q", r.Kustomize.Namespace),
		unless(fs.ValidPath(r.Path) && (folder == r.Name || folder == path.Base(config.SharedOverlay)) &&
			path.Base(path.Dir(r.Path)) == config.OverlaysFolder, "path %q", r.Path),
		unless(config.IsSHA(r.Revision), "revision %q", r.Revision),
		unless(slices.Contains([]Source{FromPullRequest, FromFile, FromSlot}, r.Source), "source %q", r.Source),
		unless(hasNoSinglePullRequest || (err == nil && number > 0 && strconv.Itoa(number) == r.Number),
			"pull request %q", r.Number),
		unless(hasNoSinglePullRequest || config.IsSHA(r.HeadSHA), "commit %q", r.HeadSHA),
		unless(hasNoSinglePullRequest || config.IsRepository(r.Repository), "repository %q", r.Repository),
		unless(r.URL == "" || urlPattern.MatchString(r.URL), "URL %q", r.URL),
		unless(r.ExpiresAt == "" || dateErr == nil, "end %q", r.ExpiresAt),
		unless(slices.Contains([]State{Awake, Waking, Asleep}, r.State), "state %q", r.State),
		unless(isSlug(r.Profile) && isSlug(r.OwnerSlug) && isSlug(r.RepositorySlug), "a label that is no slug"),
		r.listProblem(),
	)
}

// isSlug reports whether a text is a valid label value.
func isSlug(s string) bool { return len(s) <= config.MaxLabel && targetPattern.MatchString(s) }

func (r Row) listProblem() error {
	k := r.Kustomize
	for _, n := range []int{
		len(k.Components), len(k.Images), len(k.Patches), len(r.Labels), len(r.Info),
		len(r.IgnoreDifferences), len(r.SyncOptions),
	} {
		if n > maxParts {
			return fmt.Errorf("a list has %d entries, %d at most are read", n, maxParts)
		}
	}
	for _, c := range k.Components {
		if !componentPattern.MatchString(c) || path.Clean(c) != c {
			return fmt.Errorf("component %q", c)
		}
	}
	for _, image := range k.Images {
		if !rowImagePattern.MatchString(image) {
			return fmt.Errorf("image %q", image)
		}
	}
	for _, p := range k.Patches {
		if !json.Valid([]byte(p.Patch)) || !p.Target.isPlain() {
			return fmt.Errorf("patch of %s %q", p.Target.Kind, p.Target.Name)
		}
	}
	return r.textProblem()
}

// isPlain reports whether a row can have this target.
func (t Target) isPlain() bool {
	return targetPattern.MatchString(t.Kind+t.Name) && selectorPattern.MatchString(t.LabelSelector) &&
		selectorPattern.MatchString(t.AnnotationSelector)
}

// textProblem checks the texts that are passed on unchanged.
func (r Row) textProblem() error {
	texts := slices.Concat(r.Labels, r.SyncOptions)
	for _, i := range r.Info {
		texts = append(texts, i.Name, i.Value)
	}
	for _, d := range r.IgnoreDifferences {
		texts = append(texts, d.Group, d.Kind, d.Name)
		texts = append(texts, d.JSONPointers...)
	}
	for _, t := range texts {
		if config.Printable(t) != t {
			return fmt.Errorf("%q has characters that no row has", t)
		}
	}
	return nil
}

// unless returns an error if a part of a row isn't valid.
func unless(ok bool, format string, args ...any) error {
	if ok {
		return nil
	}
	return notInARow(format, args...)
}

func notInARow(format string, args ...any) error {
	return fmt.Errorf(format+" isn't valid in a row", args...)
}
