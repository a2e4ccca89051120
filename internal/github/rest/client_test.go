package rest

import (
	"strings"
	"testing"
)

func TestInvalidOptions(t *testing.T) {
	t.Parallel()
	for name, o := range map[string]Options{
		"user info":           {BaseURL: "https://me:hunter2@github.example.com"},
		"malformed user info": {BaseURL: "https://me:hunter2%zz@github.example.com"},
		"no scheme":           {BaseURL: "github.example.com"},
		"another scheme":      {BaseURL: "file:///etc"},
		"a query":             {BaseURL: "https://github.example.com?x=1"},
		"an App without IDs":  {App: &App{Key: func() ([]byte, error) { return nil, nil }}},
	} {
		if _, err := New(o); err == nil || strings.Contains(err.Error(), "hunter2") {
			t.Errorf("%s: error %v", name, err)
		}
	}
}
