package gitrepo

import (
	"crypto/rand"
	"errors"
	"io"
	"testing"

	"github.com/go-git/go-git/v5/plumbing"

	"github.com/previewset/previewset/internal/gittest"
)

// A local Git server whose answer isn't read to its end never ends, and nor does the read.
func TestAnswersOfLocalServersAreReadToTheirEnd(t *testing.T) {
	t.Parallel()
	bare := gittest.New(t, map[string]string{"large": rand.Text()})
	noise := make([]byte, 4<<20) // more than a pipe and the readers' buffers hold
	_, _ = rand.Read(noise)
	gittest.Commit(t, bare, map[string]string{"large": string(noise)})
	errBroken := errors.New("broken")
	for name, want := range map[string]error{"the caller needs no more": nil, "the caller can't use it": errBroken} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			r, err := NewRepository(Options{URL: "file://" + bare})
			if err != nil {
				t.Fatal(err)
			}
			request := fetchRequest{want: plumbing.NewHash(gittest.Head(t, bare)), depth: 1}
			err = r.remote.fetch(t.Context(), request, func(pack io.Reader) error {
				if _, readErr := io.ReadFull(pack, make([]byte, 12)); readErr != nil { // the header of a pack
					t.Errorf("there is no pack: %v", readErr)
				}
				return want
			})
			if !errors.Is(err, want) {
				t.Errorf("%v, want %v", err, want)
			}
		})
	}
}
