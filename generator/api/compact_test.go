package api

import (
	"encoding/json"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
)

// eventOf returns the event of a body that comes in parts of n bytes.
func eventOf(body string, n int) (event, *compactor, error) {
	c := &compactor{}
	for len(body) > 0 {
		part := body[:min(n, len(body))]
		_, _ = c.Write([]byte(part))
		body = body[len(part):]
	}
	e, err := c.event()
	return e, c, err
}

func TestCompactorKeepsTheEvent(t *testing.T) {
	t.Parallel()
	long := strings.Repeat(`a\"\\\u00e9`, 1000)
	for name, body := range map[string]string{
		"one line":             `{"action":"x","repository":{"id":7,"full_name":"acme/shop"},"context":"ci"}`,
		"blanks and more keys": "{ \"a\" : [1, {\"repository\":3}],\n\"repository\" : { \"id\" : 7 } , \"z\":null }\n",
		"escapes":              `{"repository":{"full_name":"a\\\"\u002fb"},"context":"\\"}`,
		"structure in strings": `{"x":"{[\"repository\":","repository":{"full_name":"}],{"}}`,
		"a long foreign text":  `{"x":"` + long + `","repository":{"id":7}}`,
		"a pull request":       `{"pull_request":{"number":7,"labels":[{"name":"preview"},null]},"repository":{"id":7}}`,
		"an empty object":      `{}`,
		"the last of two":      `{"repository":{"id":1},"repository":{"id":2}}`,
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			var want event
			if err := json.Unmarshal([]byte(body), &want); err != nil {
				t.Fatal(err)
			}
			for n := range len(body) {
				got, _, err := eventOf(body, n+1)
				if diff := cmp.Diff(want, got); err != nil || diff != "" {
					t.Fatalf("in parts of %d bytes: %v %s", n+1, err, diff)
				}
				if len(body) > 1000 {
					break
				}
			}
		})
	}
}

// Long texts are cut at any place, also beside escape sequences.
func TestCompactorCutsTexts(t *testing.T) {
	t.Parallel()
	for n := range 16 {
		text := strings.Repeat("x", maxKeptString-8+n) + `\"\u00e9\\\n` + strings.Repeat(`\"}`, 5000)
		got, c, err := eventOf(`{"context":"`+text+`","repository":{"id":7}}`, 100)
		if err != nil || got.Repository.ID != 7 || !strings.HasPrefix(got.Context, "xxx") || len(c.kept) > 2*maxKeptString {
			t.Errorf("%d: %v, %d bytes, %+v", n, err, len(c.kept), got.Repository)
		}
	}
}

// Whatever is sent, the kept part stays small. Fields that are too large are dropped, and others stay.
func TestCompactorIsBounded(t *testing.T) {
	t.Parallel()
	const repository = `"repository":{"id":7}`
	for name, middle := range map[string]string{
		"a long list":        `"pull_request":[` + strings.Repeat("1,", 1<<20) + `1]`,
		"a deep list":        `"pull_request":` + strings.Repeat("[", 1<<20) + strings.Repeat("]", 1<<20),
		"a long number":      `"pull_request":1` + strings.Repeat("0", 1<<20),
		"many of one key":    strings.Repeat(`"pull_request":[`+strings.Repeat("1,", 1000)+`1],`, 1000) + `"a":1`,
		"a long key":         `"` + strings.Repeat("k", 1<<20) + `":1`,
		"a deep foreign one": `"other":` + strings.Repeat("{", 1<<20) + strings.Repeat("}", 1<<20),
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			got, c, err := eventOf("{"+repository+","+middle+"}", 8<<10)
			if err != nil || got.Repository.ID != 7 || cap(c.kept) > 2*maxKept || cap(c.key) > 2*maxKey {
				t.Errorf("%v, %d and %d bytes kept", err, cap(c.kept), cap(c.key))
			}
		})
	}
}

func TestCompactorRefusesOtherTexts(t *testing.T) {
	t.Parallel()
	for _, body := range []string{"", " ", "null", "[]", `"a"`, "{", `{"repository":{"id":7}`, `{}{}`, `{"a":"`, "payload=%7B%7D"} {
		if got, _, err := eventOf(body, 3); err == nil {
			t.Errorf("%q: %+v", body, got)
		}
	}
}
