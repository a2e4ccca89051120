package stories

import (
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/previewset/previewset/internal/githubtest"
)

// byHand runs previewctl, with what it needs to write to the GitOps repository or to ask the service.
func (w *world) byHand(t *testing.T, args ...string) string {
	t.Helper()
	token := filepath.Join(t.TempDir(), "token")
	if err := os.WriteFile(token, []byte(w.Git.Password), 0o600); err != nil {
		t.Fatal(err)
	}
	flags := []string{"--config-repo=" + w.Git.URL, "--config-token-file=" + token, "--author=Jakub <jakub@example.com>"}
	if args[0] == "wait" || args[0] == "show" {
		flags = w.APIFlags()
	}
	out, err := w.Previewctl(t.Context(), append(args, flags...)...)
	if err != nil {
		t.Fatalf("%v\n%s", err, out)
	}
	return out
}

// Somebody makes an environment by hand with one command, without a pull request; it follows its branch; a second one leads to
// it; and it goes with one command, alone. (No other story may commit meanwhile, so it isn't parallel.)
func TestEnvironmentByHandFromCreateToDelete(t *testing.T) {
	w := shared
	first, second := githubtest.SHA("by hand, first"), githubtest.SHA("by hand, second")
	w.gateway.SetBranch("by-hand", first)
	mine, other := preview{name: "mine", application: "preview-mine"}, preview{name: "other", application: "preview-other"}
	w.byHand(t, "create", mine.name, "--service=gateway=branch:by-hand", "--owner=jakub", "--purpose=a story", "--shared")
	w.byHand(t, "wait", mine.name, "--every=200ms", "--timeout=2m")
	w.waitRuns(t, mine, gatewayImage, first)
	if app := w.waitSynced(t, mine); app.Labels["previewset.dev/source"] != "environment" || app.Labels["previewset.dev/owner"] != "jakub" {
		t.Errorf("its labels are %v", app.Labels)
	}
	w.gateway.SetBranch("by-hand", second)
	w.byHand(t, "wait", mine.name, "--every=200ms", "--timeout=2m", "--commit=gateway="+second)
	w.waitRuns(t, mine, gatewayImage, second)

	w.shop.SetBranch("by-hand", first)
	w.byHand(t, "create", other.name, "--service=web=branch:by-hand", "--link=gateway=env:mine", "--owner=jakub")
	w.byHand(t, "wait", other.name, "--every=200ms", "--timeout=2m")
	if out := w.byHand(t, "show", other.name); !strings.Contains(out, "mine") {
		t.Errorf("nothing says where gateway leads:\n%s", out)
	}
	stays := w.stays(t, mine.application)
	w.byHand(t, "delete", other.name)
	w.byHand(t, "wait", other.name, "--for=gone", "--every=200ms", "--timeout=2m")
	w.waitGone(t, other)
	if err := stays(t.Context()); err != nil {
		t.Error(err)
	}
	w.byHand(t, "delete", mine.name)
	w.waitGone(t, mine)
	w.Eventually(t, patience, "its namespace is gone", func(ctx context.Context) error {
		all, err := w.Applications(ctx, "previewset.dev/source=environment")
		if err == nil && len(all) > 0 {
			err = errors.New(fmt.Sprint(len(all), " are left"))
		}
		return err
	})
}
