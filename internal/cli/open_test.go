package cli

import (
	"context"
	"errors"
	"strings"
	"testing"

	"github.com/previewset/previewset/internal/cli/apitest"
)

func TestOpen(t *testing.T) {
	t.Parallel()
	for _, tt := range []struct {
		name, want string
		change     func(*openOptions)
		fails      bool
	}{
		{"on a terminal", "https://alice.preview.test", func(*openOptions) {}, false},
		{"with --print", "", func(o *openOptions) { o.print = true }, false},
		{"in a pipe", "", func(o *openOptions) { o.Env.OutTTY = false }, false},
		{"without a browser", "https://alice.preview.test", func(*openOptions) {}, true},
	} {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			wait, out, _ := waitFor([]apitest.Moment{{Environment: apitest.Ready}})
			wait.Env.OutTTY = true
			opened := ""
			o := &openOptions{Lookup: wait.Lookup, browse: func(_ context.Context, address string) error {
				if opened = address; tt.fails {
					return errors.New("there is no xdg-open")
				}
				return nil
			}}
			tt.change(o)
			err := runOpen(t.Context(), o)
			if (err != nil) != tt.fails || opened != tt.want {
				t.Errorf("opened %q, want %q: %v", opened, tt.want, err)
			}
			if printed := out.String() == "https://alice.preview.test\n"; printed == (tt.want != "") {
				t.Errorf("printed %q", out)
			}
			if tt.fails && !strings.Contains(err.Error(), tt.want) {
				t.Errorf("the error has no address: %v", err)
			}
		})
	}
}
