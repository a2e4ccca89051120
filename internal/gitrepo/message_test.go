package gitrepo_test

import (
	"context"
	"strings"
	"testing"

	"github.com/previewset/previewset/internal/gitrepo"
)

func TestInvalidMessages(t *testing.T) {
	t.Parallel()
	bare := newBare(t)
	tests := []struct {
		name    string
		message gitrepo.Message
		want    string
	}{
		{"no subject", gitrepo.Message{Subject: " "}, "empty"},
		{"a long subject", gitrepo.Message{Subject: strings.Repeat("ä", 73)}, "73 characters"},
		{"two lines of subject", gitrepo.Message{Subject: "a\nb"}, "one printable line"},
		{"an escape sequence in the subject", gitrepo.Message{Subject: "a\x1b[31m"}, "one printable line"},
		{"a change of direction in the subject", gitrepo.Message{Subject: "a\u202eb"}, "one printable line"},
		{"an escape sequence in the body", gitrepo.Message{Subject: "a", Body: "x\x1b]0;y\x07"}, "control characters"},
		{"a trailer's key of two words", gitrepo.Message{Subject: "a", Trailers: []gitrepo.Trailer{{"Signed off", "x"}}}, "trailer"},
		{"a trailer of two lines", gitrepo.Message{Subject: "a", Trailers: []gitrepo.Trailer{{"Owner", "x\nSigned-off-by: y"}}}, "trailer"},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			repo := open(t, gitrepo.Options{URL: "file://" + bare})
			_, err := repo.Update(t.Context(), func(context.Context, *gitrepo.Tree) (gitrepo.Edits, error) {
				return gitrepo.Edits{Write: map[string][]byte{"a": nil}, Message: tt.message}, nil
			})
			if err == nil || !strings.Contains(err.Error(), tt.want) {
				t.Errorf("error is %v, want %q in it", err, tt.want)
			}
		})
	}
}
