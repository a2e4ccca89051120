package store

import (
	"strings"
	"testing"

	"github.com/previewset/previewset/generator/store/rowtemplate"
)

func TestStateThatIsTooLargeToReadIsNotSaved(t *testing.T) {
	t.Parallel()
	for name, tt := range map[string]struct {
		size    rowtemplate.Size
		refused bool
	}{
		"as large as can be read":   {rowtemplate.Size{Text: maxText, Expanded: maxExpanded}, false},
		"too much text":             {rowtemplate.Size{Text: maxText + 1, Expanded: 1}, true},
		"too large after expansion": {rowtemplate.Size{Text: 1, Expanded: maxExpanded + 1}, true},
		"empty":                     {rowtemplate.Size{}, false},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			err := checkReadable(tt.size)
			if (err != nil) != tt.refused || err != nil && !strings.Contains(err.Error(), "limits.environments") {
				t.Errorf("%v", err)
			}
		})
	}
}
