package stories

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net/http"
	"testing"
	"time"

	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
	"k8s.io/apimachinery/pkg/types"

	"github.com/previewset/previewset/e2e/argocd"
	"github.com/previewset/previewset/e2e/standtest"
)

// savedState is the ConfigMap in which the installed service saves its state.
const savedState = "preview-generator-state"

// alone is for stories that stop the generator, run it with other flags, or break GitHub or Git. Such a story isn't
// parallel. After the story everything runs as before.
func (w *world) alone(t *testing.T) {
	t.Helper()
	t.Cleanup(func() {
		w.GitHub.ClearFaults()
		w.Git.SetDown(false)
		w.service.Kill()
		ctx := context.WithoutCancel(t.Context())
		service, err := w.RunService(ctx)
		if err != nil {
			t.Error(err)
			return
		}
		w.service = service
	})
}

// start starts the generator. It doesn't wait until the generator is ready.
func (w *world) start(t *testing.T, flags ...string) {
	t.Helper()
	service, err := w.StartService(flags...)
	if err != nil {
		t.Fatal(err)
	}
	w.service = service
}

// deleteState deletes the saved state. The generator must not run.
func (w *world) deleteState(t *testing.T) {
	t.Helper()
	_, err := w.Cluster.Client.CoreV1().ConfigMaps(argocd.Namespace).
		Patch(t.Context(), savedState, types.MergePatchType, []byte(`{"binaryData":null}`), metav1.PatchOptions{})
	if err != nil {
		t.Fatal(err)
	}
}

// ask asks for all rows as Argo CD does.
func (v serviceView) ask(ctx context.Context) (status int, body string, err error) {
	response, err := v.stand.Ask(ctx, `{"applicationSetName":"previews","input":{"parameters":{}}}`)
	if err != nil {
		return 0, "", err
	}
	defer func() { _ = response.Body.Close() }()
	content, err := io.ReadAll(response.Body)
	return response.StatusCode, string(content), err
}

// answers returns an error unless the generator gives Argo CD exactly this answer.
func (v serviceView) answers(want string) func(context.Context) error {
	return func(ctx context.Context) error {
		status, body, err := v.ask(ctx)
		if err == nil && (status != http.StatusOK || body != want) {
			err = fmt.Errorf("answered %d, %s\nwant 200, %s", status, body, want)
		}
		return err
	}
}

// answer returns the generator's present answer to Argo CD.
func (v serviceView) answer(t *testing.T) string {
	t.Helper()
	status, body, err := v.ask(t.Context())
	if err != nil || status != http.StatusOK {
		t.Fatalf("answered %d, %s, %v", status, body, err)
	}
	return body
}

// waitFrozen waits until the ApplicationSet's conditions show an error with these parts.
func (v serviceView) waitFrozen(t *testing.T, parts ...string) {
	t.Helper()
	v.stand.Eventually(t, standtest.Patience, "the ApplicationSet shows the error", func(ctx context.Context) error {
		// Without the generator, Argo CD asks again after three minutes. The story doesn't wait for that.
		if err := v.stand.Refresh(ctx, "previews"); err != nil {
			return err
		}
		shown, err := v.shownError(ctx)
		if err == nil && shown == "" {
			err = errors.New("it shows none")
		}
		return firstError(err, standtest.Contains(shown, parts...))
	})
}

// shownError returns the error in the ApplicationSet's conditions. It is empty if there is none.
func (v serviceView) shownError(ctx context.Context) (string, error) {
	set, err := v.stand.Resource("applicationsets").Get(ctx, "previews", metav1.GetOptions{})
	if err != nil {
		return "", err
	}
	conditions, _, err := unstructured.NestedSlice(set.Object, "status", "conditions")
	for _, c := range conditions {
		if c, ok := c.(map[string]any); ok && c["type"] == "ErrorOccurred" && c["status"] == "True" {
			return fmt.Sprint(c["message"]), err
		}
	}
	return "", err
}

func (v serviceView) showsNoError(ctx context.Context) error {
	shown, err := v.shownError(ctx)
	if err == nil && shown != "" {
		err = errors.New(shown)
	}
	return err
}

// noted returns an error until the generator reports that it can't read a repository.
func (v serviceView) noted(in repository) func(context.Context) error {
	return func(ctx context.Context) error {
		status, err := v.stand.Status(ctx)
		return firstError(err, standtest.Contains(status, "[-] "+in.fullName))
	}
}

// grace is the time that Kubernetes gives a Pod to end.
const grace = 30 * time.Second
