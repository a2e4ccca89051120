package output

import (
	"bytes"
	"encoding/json"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/previewset/previewset/internal/cli/terminal"
)

func TestEncodeEscapesHiddenCharacters(t *testing.T) {
	t.Parallel()
	want := map[string]string{"title": "a\u202eb\x1b[31m\u200b\U000e0041\u0085 plain \u00e4"}
	for _, format := range []string{"json", "yaml"} {
		var b bytes.Buffer
		if err := Encode(&b, format, want); err != nil {
			t.Fatal(err)
		}
		if terminal.HasHidden(b.String()) {
			t.Errorf("%s hides something: %q", format, b.String())
		}
		var got map[string]string
		if err := json.Unmarshal(b.Bytes(), &got); err != nil {
			t.Fatal(err)
		}
		if diff := cmp.Diff(want, got); diff != "" {
			t.Errorf("%s (-want +got):\n%s", format, diff)
		}
	}
}
