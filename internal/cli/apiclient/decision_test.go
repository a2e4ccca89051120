package apiclient

import (
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/previewset/previewset/internal/preview"
)

func TestFirstOfPrefersAnExistingEnvironment(t *testing.T) {
	t.Parallel()
	decisions := []preview.Decision{
		{Outcome: preview.Gone, Rule: "closed", Environment: "a"},
		{Outcome: preview.Held, Rule: "draft", Environment: "a"},
		{Outcome: preview.Live, Rule: "labelled", Environment: "b"},
		{Outcome: preview.AsleepOutcome, Rule: "idle", Environment: "a"},
	}
	is := func(name string) func(preview.Decision) bool {
		return func(d preview.Decision) bool { return d.Environment == name }
	}
	if got := FirstOf(decisions, is("a")); got == nil || got.Rule != "idle" {
		t.Errorf("FirstOf(a) = %v, want the sleeping environment", got)
	}
	if got := FirstOf(decisions, is("c")); got != nil {
		t.Errorf("FirstOf(c) = %v, want nil", got)
	}
}

func TestByEnvironmentOmitsHeldDecisions(t *testing.T) {
	t.Parallel()
	live := preview.Decision{Outcome: preview.Live, Environment: "a"}
	got := ByEnvironment([]preview.Decision{live, {Outcome: preview.Held, Environment: "b"}})
	if diff := cmp.Diff(map[string]preview.Decision{"a": live}, got); diff != "" {
		t.Errorf("(-want +got):\n%s", diff)
	}
}

func TestReference(t *testing.T) {
	t.Parallel()
	for _, tt := range []struct{ repository, number, want string }{
		{"acme/shop", "7", "acme/shop#7"}, {"acme/shop", "", ""}, {"", "7", ""},
	} {
		if got := Reference(tt.repository, tt.number); got != tt.want {
			t.Errorf("Reference(%q, %q) = %q, want %q", tt.repository, tt.number, got, tt.want)
		}
	}
}
