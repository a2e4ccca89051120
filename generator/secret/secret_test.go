package secret_test

import (
	"bytes"
	"encoding/json"
	"fmt"
	"log/slog"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/previewset/previewset/generator/secret"
)

const hidden = "hunter2-is-hidden"

func TestInvalidSecretFilesAreRefused(t *testing.T) {
	t.Parallel()
	folder := t.TempDir()
	missing, empty, blank := filepath.Join(folder, "missing"), filepath.Join(folder, "empty"), filepath.Join(folder, "blank")
	writeFile(t, empty, "")
	writeFile(t, blank, " \n\t\n")
	for path, want := range map[string]string{
		missing: "secret file " + missing + " is missing; create it, or remove its flag",
		empty:   "secret file " + empty + " is empty; write the secret into it",
		blank:   "secret file " + blank + " is empty; write the secret into it",
	} {
		if s, err := secret.Read(path); err == nil || err.Error() != want || s != nil {
			t.Errorf("error is %v, want %q", err, want)
		}
	}
	if _, err := secret.Read(folder); err == nil || !strings.Contains(err.Error(), folder) {
		t.Errorf("a folder: %v", err)
	}
}

func TestSurroundingSpaceIsRemoved(t *testing.T) {
	t.Parallel()
	path := filepath.Join(t.TempDir(), "secret")
	writeFile(t, path, "\n  two words \r\n")
	s, err := secret.Read(path)
	if err != nil {
		t.Fatal(err)
	}
	if token, err := s.Token(); s.Value() != "two words" || token != "two words" || err != nil {
		t.Errorf("%q, %q, %v", s.Value(), token, err)
	}
}

func TestChangedFileIsReadAgain(t *testing.T) {
	t.Parallel()
	tests := []struct {
		name   string
		change func(t *testing.T, path string)
		want   string
	}{
		{"changed to another length", func(t *testing.T, p string) { t.Helper(); writeFile(t, p, "longer than it was") }, "longer than it was"},
		{"changed to the same length, later", func(t *testing.T, p string) {
			t.Helper()
			writeFile(t, p, "other")
			if err := os.Chtimes(p, time.Time{}, time.Now().Add(time.Minute)); err != nil {
				t.Fatal(err)
			}
		}, "other"},
		{"replaced, as Kubernetes does", func(t *testing.T, p string) {
			t.Helper()
			writeFile(t, p+".new", "replaced")
			if err := os.Rename(p+".new", p); err != nil {
				t.Fatal(err)
			}
		}, "replaced"},
		{"emptied", func(t *testing.T, p string) { t.Helper(); writeFile(t, p, "") }, "first"},
		{"blanked", func(t *testing.T, p string) { t.Helper(); writeFile(t, p, "     \n") }, "first"},
		{"deleted", func(t *testing.T, p string) {
			t.Helper()
			if err := os.Remove(p); err != nil {
				t.Fatal(err)
			}
		}, "first"},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			path := filepath.Join(t.TempDir(), "secret")
			writeFile(t, path, "first")
			s, err := secret.Read(path)
			if err != nil {
				t.Fatal(err)
			}
			if s.Value() != "first" {
				t.Fatalf("value is %q", s.Value())
			}
			tt.change(t, path)
			if got := s.Value(); got != tt.want {
				t.Errorf("value is %q, want %q", got, tt.want)
			}
			writeFile(t, path, "written at last")
			if got := s.Value(); got != "written at last" {
				t.Errorf("later the value is %q", got)
			}
		})
	}
}

func TestSecretIsNeverPrinted(t *testing.T) {
	t.Parallel()
	path := filepath.Join(t.TempDir(), "secret")
	writeFile(t, path, hidden)
	s, err := secret.Read(path)
	if err != nil {
		t.Fatal(err)
	}
	type holder struct{ Token, token *secret.File }
	held := holder{s, s}
	texts := map[string]string{}
	for _, verb := range []string{"%v", "%+v", "%#v", "%s", "%q", "%x", "%X", "%d", "%o", "%T", "%p"} {
		texts[verb] = fmt.Sprintf(verb, s)
		texts[verb+" in a struct"] = fmt.Sprintf(verb, held)
		texts[verb+" in a pointer to a struct"] = fmt.Sprintf(verb, &held)
		texts[verb+" in a list"] = fmt.Sprintf(verb, []any{s, held})
	}
	b, err := json.Marshal(map[string]any{"one": s, "held": held})
	if err != nil {
		t.Fatal(err)
	}
	if !strings.Contains(string(b), `"one":"secret file `) {
		t.Errorf("JSON: %s", b)
	}
	texts["JSON"] = string(b)
	var buffer bytes.Buffer
	for _, h := range []slog.Handler{slog.NewJSONHandler(&buffer, nil), slog.NewTextHandler(&buffer, nil)} {
		slog.New(h).Info("a secret", "one", s, "held", held, "list", []any{s}, slog.Group("g", "one", s))
	}
	texts["slog"] = buffer.String()
	for how, text := range texts {
		lower := strings.ToLower(text)
		if strings.Contains(lower, hidden) || strings.Contains(lower, fmt.Sprintf("%x", hidden)) {
			t.Errorf("%s prints it: %s", how, text)
		}
	}
	if got := fmt.Sprint(s); !strings.HasPrefix(got, "secret file /") {
		t.Errorf("it prints as %q", got)
	}
}

func writeFile(t testing.TB, path, content string) {
	t.Helper()
	if err := os.WriteFile(path, []byte(content), 0o600); err != nil {
		t.Fatal(err)
	}
}
