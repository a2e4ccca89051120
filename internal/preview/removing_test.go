package preview

import "testing"

func TestRemovalNamesRemainingObjects(t *testing.T) {
	t.Parallel()
	for _, tt := range []struct {
		name   string
		status *ApplicationStatus
		want   string
	}{
		{"no Application", nil, ""},
		{"one that stays", &ApplicationStatus{Remaining: []string{"Bucket a"}}, ""},
		{"nothing known", &ApplicationStatus{Deleting: true}, "removing"},
		{"one", &ApplicationStatus{Deleting: true, Remaining: []string{"Bucket a"}}, "removing: waiting for Bucket a"},
		{
			"many", &ApplicationStatus{Deleting: true, Remaining: []string{"Bucket a", "Queue b", "Topic c", "Topic d", "Topic e"}},
			"removing: waiting for Bucket a, Queue b, Topic c and 2 more",
		},
	} {
		if got := tt.status.Removal(); got != tt.want {
			t.Errorf("%s: %q, want %q", tt.name, got, tt.want)
		}
	}
}
