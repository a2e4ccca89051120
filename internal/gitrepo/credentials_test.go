package gitrepo_test

import (
	"errors"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/previewset/previewset/internal/gitrepo"
	"github.com/previewset/previewset/internal/gittest"
)

func TestCredentials(t *testing.T) {
	t.Parallel()
	const helper = "[credential]\nhelper = \"!f() { echo $1 >>$HOME/log; " +
		"test $1 = get && echo username=me && echo password=%s; cat >>$HOME/log; }; f\"\n[user]\nname=a\nemail=b\n"
	token := func(s string) func() (string, error) { return func() (string, error) { return s, nil } }
	tests := []struct {
		name, password string
		token          func() (string, error)
		want           error
		log            []string
	}{
		{name: "a token", token: token("s3cret")},
		{name: "a wrong token asks no helper", token: token("wr0ng"), password: "s3cret", want: gitrepo.ErrNoPermission},
		{name: "a helper that knows is told so", password: "s3cret", log: []string{"get", "store", "password=s3cret"}},
		{name: "a helper that is wrong is told so", password: "wr0ng", want: gitrepo.ErrNoPermission, log: []string{"get", "erase"}},
		{name: "an empty token asks the helper", token: token(""), password: "s3cret", log: []string{"get", "store"}},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			server := gittest.Serve(t, newBare(t))
			server.Password = "s3cret"
			folder, env := home(t, strings.Replace(helper, "%s", tt.password, 1))
			repo := open(t, gitrepo.Options{URL: server.Address(), Token: tt.token, Environ: env})
			_, err := repo.Update(t.Context(), writes("a", "b"))
			if !errors.Is(err, tt.want) {
				t.Errorf("error is %v, want %v", err, tt.want)
			}
			if err != nil && (strings.Contains(err.Error(), "s3cret") || strings.Contains(err.Error(), "wr0ng")) {
				t.Errorf("the error tells the secret: %v", err)
			}
			checkHelper(t, filepath.Join(folder, "log"), tt.log)
		})
	}
}

func checkHelper(tb testing.TB, log string, want []string) {
	tb.Helper()
	content, err := os.ReadFile(log)
	if len(want) == 0 && err == nil {
		tb.Errorf("the helper was asked: %s", content)
	}
	for _, words := range want {
		if !strings.Contains(string(content), words+"\n") {
			tb.Errorf("the helper's log lacks %q: %s", words, content)
		}
	}
}
