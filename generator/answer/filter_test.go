package answer_test

import (
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/previewset/previewset/generator/testworld"
)

func TestFilters(t *testing.T) {
	t.Parallel()
	tests := []struct {
		name, parameters string
		want             []string
	}{
		{"no parameter", `{}`, testworld.AllNames},
		{"null", `null`, testworld.AllNames},
		{"an owner", `{"owner":"alice"}`, []string{"gateway-pr-1", "shop-pr-7"}},
		{"an owner in another case", `{"owner":"ALICE"}`, []string{"gateway-pr-1", "shop-pr-7"}},
		{"a list of owners", `{"owner":["bob","Alice"]}`, testworld.AllNames},
		{"a list of one", `{"owner":["bob"]}`, []string{"gateway-pr-2"}},
		{"a repository in another case", `{"repository":"ACME/gateway"}`, []string{"gateway-pr-1", "gateway-pr-2"}},
		{"a profile", `{"profile":"full"}`, []string{"gateway-pr-2"}},
		{"a source", `{"source":["pull-request","slot"]}`, testworld.AllNames},
		{"a source without environments", `{"source":"slot"}`, []string{}},
		{"several parameters", `{"owner":["alice","bob"],"repository":"acme/gateway","profile":"changed"}`, []string{"gateway-pr-1"}},
		{"a part of a name", `{"owner":"ali"}`, []string{}},
	}
	s := testworld.Ready(t, testworld.New())
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			got := s.GetParams(t, `{"applicationSetName":"previews","input":{"parameters":`+tt.parameters+`}}`)
			if diff := cmp.Diff(tt.want, got.Names(t)); diff != "" {
				t.Error(diff)
			}
			if len(tt.want) == 0 && got.Body != `{"output":{"parameters":[]}}` {
				t.Errorf("an empty list: %s", got.Body)
			}
		})
	}
}

func TestManyFiltersStayCorrect(t *testing.T) {
	t.Parallel()
	s := testworld.Ready(t, testworld.New())
	for i := range 600 { // more filters than are kept
		got := s.GetParams(t, `{"input":{"parameters":{"owner":["`+strings.Repeat("x", i+1)+`","bob"]}}}`)
		if diff := cmp.Diff([]string{"gateway-pr-2"}, got.Names(t)); diff != "" {
			t.Fatal(diff)
		}
	}
}
