package testworld

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"

	"github.com/previewset/previewset/internal/preview"
)

// Statuses records the commit statuses that a service sets.
type Statuses struct {
	Sent  []string
	Fails func(line string) bool // nil if no status fails
}

// Report implements report.GitHub.
func (r *Statuses) Report(_ context.Context, repository, sha, state, description, target string) error {
	line := fmt.Sprintf("%s %s %s %q %s", repository, strings.TrimLeft(sha, "0"), state, description, target)
	r.Sent = append(r.Sent, line)
	if r.Fails != nil && r.Fails(line) {
		return errors.New("forbidden")
	}
	return nil
}

// Deploy implements report.GitHub.
func (r *Statuses) Deploy(_ context.Context, repository, sha, environment, task string) (int64, error) {
	r.Sent = append(r.Sent, fmt.Sprintf("%s %s deploy %s %s", repository, strings.TrimLeft(sha, "0"), environment, task))
	return int64(len(r.Sent)), nil
}

// SetDeploymentStatus implements report.GitHub.
func (r *Statuses) SetDeploymentStatus(
	_ context.Context, repository string, id int64, state, description, url, _ string,
) (exists bool, err error) {
	r.Sent = append(r.Sent, fmt.Sprintf("%s deployment %d %s %q %s", repository, id, state, description, url))
	return true, nil
}

// DeleteDeployment implements report.GitHub.
func (r *Statuses) DeleteDeployment(_ context.Context, repository string, id int64) error {
	r.Sent = append(r.Sent, fmt.Sprintf("%s delete %d", repository, id))
	return nil
}

// PutComment implements report.GitHub.
func (r *Statuses) PutComment(_ context.Context, repository string, number int, id int64, body string) (int64, error) {
	r.Sent = append(r.Sent, fmt.Sprintf("%s#%d comment %q", repository, number, body))
	return max(id, int64(number)), nil
}

// CreateCheckRun implements report.GitHub.
func (r *Statuses) CreateCheckRun(_ context.Context, repository string, run preview.CheckRun) (int64, error) {
	r.Sent = append(r.Sent, fmt.Sprintf("%s %s check run %s %s", repository, run.ExternalID, run.Status, run.Conclusion))
	return int64(len(r.Sent)), nil
}

// UpdateCheckRun implements report.GitHub.
func (r *Statuses) UpdateCheckRun(
	_ context.Context, repository string, id int64, run preview.CheckRun,
) (exists bool, err error) {
	r.Sent = append(r.Sent, fmt.Sprintf("%s check run %d %s %s", repository, id, run.Status, run.Conclusion))
	return true, nil
}

// Take removes and returns the statuses, sorted.
func (r *Statuses) Take() []string {
	sent := slices.Sorted(slices.Values(r.Sent))
	r.Sent = nil
	return sent
}
