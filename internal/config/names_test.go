package config_test

import (
	"strings"
	"testing"
	"unicode/utf8"

	"github.com/google/go-cmp/cmp"

	"github.com/previewset/previewset/internal/config"
	"github.com/previewset/previewset/internal/testfixture"
)

func TestPullRequestName(t *testing.T) {
	t.Parallel()
	policy := &config.Policy{
		Repositories: map[string]config.RepositoryPolicy{"Acme/Warehouse": {Alias: "wh"}, "acme/empty": {}},
	}
	tests := []struct {
		name, repository string
		number           int
		want             string
	}{
		{"a short name stays as it is", "acme/shop", 7, "shop-pr-7"},
		{"case doesn't count", "ACME/Shop", 7, "shop-pr-7"},
		{"twenty characters stay as they are", "acme/a2345678901234567890", 7, "a2345678901234567890-pr-7"},
		{"twenty-one are cut and hashed", "acme/a23456789012345678901", 7, "a2345678901234567890-83383ece-pr-7"},
		{"a cut leaves no dash at the end", "acme/a234567890123456789-b", 7, "a234567890123456789-f99b3315-pr-7"},
		{"what is no letter becomes a dash, hashed", "acme/my.shop", 7, "my-shop-2984cf1e-pr-7"},
		{"the same slug of another name has another hash", "acme/my_shop", 7, "my-shop-60b9e49d-pr-7"},
		{"the same name of another owner has another hash", "other/my_shop", 7, "my-shop-e858abe8-pr-7"},
		{"dashes at the ends go, hashed", "acme/-shop-", 7, "shop-38837969-pr-7"},
		{"nothing that is left is a hash", "acme/...", 7, "36fc256e-pr-7"},
		{"an alias stands for the name", "acme/warehouse", 7, "wh-pr-7"},
		{"an entry without alias changes nothing", "acme/empty", 7, "empty-pr-7"},
		{
			"the longest name fits",
			"acme/" + strings.Repeat("z", 100),
			9_999_999,
			"zzzzzzzzzzzzzzzzzzzz-0cd4e43c-pr-9999999",
		},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			if got := config.PullRequestName(policy, tt.repository, tt.number); got != tt.want ||
				len(got) > config.MaxEnvironmentName {
				t.Errorf("PullRequestName(%q, %d) = %q (%d), want %q", tt.repository, tt.number, got, len(got), tt.want)
			}
		})
	}
}

func TestEveryHostLabelFits(t *testing.T) {
	t.Parallel()
	environment := config.PullRequestName(&config.Policy{}, "acme/"+strings.Repeat("z", 100), 9_999_999)
	if got := len(strings.Repeat("s", config.MaxServiceName) + "-" + environment); got != config.MaxLabel {
		t.Errorf("the longest host label has %d characters, want %d", got, config.MaxLabel)
	}
	if got := len(strings.Repeat("p", config.MaxPrefix) + environment); got != config.MaxLabel {
		t.Errorf("the longest namespace has %d characters, want %d", got, config.MaxLabel)
	}
}

func TestLabelSlug(t *testing.T) {
	t.Parallel()
	tests := []struct{ name, text, want string }{
		{"nothing stays nothing", "", ""},
		{"a branch loses its slashes and case", "Feature/SHOP-12_fix", "feature-shop-12-fix"},
		{"dashes at the ends go", "-a-", "a"},
		{"nothing that is left is a hash", "日本", "cf2abf0c"},
		{"sixty-three characters stay as they are", strings.Repeat("a", 63), strings.Repeat("a", 63)},
		{"sixty-four are cut and hashed", strings.Repeat("a", 64), strings.Repeat("a", 54) + "-ffe054fe"},
		{
			"a cut leaves no double dash",
			strings.Repeat("a", 53) + "/" + strings.Repeat("b", 20),
			strings.Repeat("a", 53) + "-44f88cf3",
		},
		{"a bot's login", "dependabot[bot]", "dependabot-bot"},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			if got := config.LabelSlug(tt.text); got != tt.want {
				t.Errorf("labelSlug(%q) = %q, want %q", tt.text, got, tt.want)
			}
		})
	}
}

func TestIsLogin(t *testing.T) {
	t.Parallel()
	for login, want := range map[string]bool{
		"alice": true, "octo-cat": true, "dependabot[bot]": true,
		"octo-cat_acme": true, "octo_acme[bot]": true, // Enterprise Managed Users
		"": false, "@alice": false, "_acme": false, "-a": false, "a b": false, "a/b": false, "a\n": false, "a[bot]b": false,
	} {
		if got := config.IsLogin(login); got != want {
			t.Errorf("IsLogin(%q) = %v", login, got)
		}
	}
}

func TestIsRepository(t *testing.T) {
	t.Parallel()
	for name, want := range map[string]bool{
		"acme/shop": true, "Acme/shop.js": true, "octo-cat_acme/shop": true,
		"": false, "shop": false, "acme/": false, "/shop": false, "acme/..": false, "acme/.": false, "a/b/c": false, "_a/b": false,
	} {
		if got := config.IsRepository(name); got != want {
			t.Errorf("IsRepository(%q) = %v", name, got)
		}
	}
}

func TestPrintable(t *testing.T) {
	t.Parallel()
	tests := []struct{ name, text, want string }{
		{"nothing", "", ""},
		{"plain text", "Fix #7: 100% (really)", "Fix #7: 100% (really)"},
		{"other scripts and emoji", "Größe 日本 🚀", "Größe 日本 🚀"},
		{"white space at the ends", " a ", "a"},
		{"tabs and newlines", "a\tb\nc\r\n", "a b c"},
		{"a terminal's escape", "\x1b[31mred\x1b[0m", "[31mred[0m"},
		{"NUL and bell", "a\x00b\x07", "ab"},
		{"DEL", "a\x7fb", "ab"},
		{"C1 controls", "a\u0080\u0085\u0092\u009fb", "ab"},
		{
			"bidi marks, overrides and isolates",
			"a\u200e\u200f\u202a\u202b\u202c\u202d\u202e\u2066\u2067\u2068\u2069\u061cb",
			"ab",
		},
		{"zero widths and a byte order mark", "a\u200b\u200c\u200d\u2060\ufeffb", "ab"},
		{"line and paragraph separators", "a\u2028\u2029b", "ab"},
		{"code points that are no characters", "a\ufffe\uffff\U0001fffe\U0010ffff\ufdd0\ufdefb", "ab"},
		{"the replacement character", "a\ufffdb", "ab"},
		{"private use", "a\ue000\U000f0000b", "ab"},
		{"tag characters", "a\U000e0041b", "ab"},
		{"invalid UTF-8", "a\xff\xc3(b", "a(b"},
		{"a surrogate half", "a\xed\xa0\x80b", "ab"},
		{"what is blank without what is hidden", "\u202e \u202e", ""},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			if got := config.Printable(tt.text); got != tt.want {
				t.Errorf("Printable(%q) = %q, want %q", tt.text, got, tt.want)
			}
		})
	}
}

func TestTag(t *testing.T) {
	t.Parallel()
	pin := config.ServiceRef{SHA: testfixture.SHA("abcdef1234"), Branch: "Feature/Checkout", Number: 7}
	tests := []struct {
		name, template string
		pin            config.ServiceRef
		want, err      string
	}{
		{"the commit", "{{ .SHA }}", pin, testfixture.SHA("abcdef1234"), ""},
		{"seven characters of it", "{{ .ShortSHA }}", pin, "abcdef1", ""},
		{"the branch as a slug", "{{ .Branch }}", pin, "feature-checkout", ""},
		{"the number", "pr-{{ .Number }}", pin, "pr-7", ""},
		{"several, with and without blanks", "v1.{{.Number}}_{{  .ShortSHA  }}-x", pin, "v1.7_abcdef1-x", ""},
		{"literals alone", "latest", pin, "latest", ""},
		{
			"a branch that there is none of",
			"{{ .Branch }}",
			config.ServiceRef{SHA: testfixture.SHA("a")},
			"",
			`the tag "{{ .Branch }}" of service web makes "", which is not an image tag`,
		},
		{"a number that there is none of", "pr-{{ .Number }}", config.ServiceRef{SHA: testfixture.SHA("a")}, "pr-", ""},
		{
			"a dash at the start",
			"-{{ .ShortSHA }}",
			pin,
			"",
			`the tag "-{{ .ShortSHA }}" of service web makes "-abcdef1", which is not an image tag`,
		},
		{
			"a tag of 129 characters",
			strings.Repeat("a", 89) + "{{ .SHA }}",
			pin,
			"",
			`the tag "` + strings.Repeat(
				"a",
				89,
			) + `{{ .SHA }}" of service web makes "` + strings.Repeat(
				"a",
				89,
			) + testfixture.SHA(
				"abcdef1234",
			) + `", which is not an image tag`,
		},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			got, err := (&config.Service{Name: "web", Tag: tt.template}).ImageTag(tt.pin)
			if diff := cmp.Diff([]string{tt.want, tt.err}, []string{got, strings.Join(testfixture.Lines(err), "\n")}); diff != "" {
				t.Errorf("tag and error (-want +got):\n%s", diff)
			}
		})
	}
}

// FuzzName: what different pull requests are called differs wherever configuration is accepted, and is always a label.
func FuzzName(f *testing.F) {
	for _, seed := range [][2]string{
		{"acme/shop", "acme/Shop"},
		{"acme/my.shop", "acme/my_shop"},
		{"acme/shop", "other/shop"},
		{"acme/my.shop", "acme/my-shop-2984cf1e"},
		{"acme/" + strings.Repeat("a", 30), "acme/" + strings.Repeat("a", 31)},
		{"acme/...", "acme/---"},
		{"acme/\u212aelvin", "acme/\xff"},
		{"shop-pr", "acme/shop-pr-1"},
	} {
		f.Add(seed[0], 1, seed[1], 12)
		f.Add(seed[0], 7, seed[1], 7)
	}
	f.Fuzz(func(t *testing.T, a string, m int, b string, n int) {
		m, n = 1+abs(m)%9_999_999, 1+abs(n)%9_999_999
		policy := &config.Policy{Services: config.Services{{Name: "a", Repository: a}, {Name: "b", Repository: b}}}
		nameA, nameB := config.PullRequestName(policy, a, m), config.PullRequestName(policy, b, n)
		for _, name := range []string{nameA, nameB} {
			if !config.IsDNSLabel(name, config.MaxEnvironmentName) || !config.IsPullRequestName(name) {
				t.Errorf("%q is not a pull request's name", name)
			}
		}
		if !config.IsRepository(a) || !config.IsRepository(b) {
			return
		}
		same := strings.EqualFold(a, b) && m == n
		if len(config.RepositoryProblems(policy)) == 0 && (nameA == nameB) != same {
			t.Errorf("%s#%d is %s, %s#%d is %s", a, m, nameA, b, n, nameB)
		}
	})
}

func abs(n int) int { return max(n, -(n + 1)) }

func FuzzPrintable(f *testing.F) {
	for _, seed := range []string{"", "plain", " a\tb ", "\x1b[31m", "a\u202eb", "\ufffe", "\xff\xfe", "\u2028", "\u0085", "\U000e0041"} {
		f.Add(seed)
	}
	f.Fuzz(func(t *testing.T, text string) {
		got := config.Printable(text)
		if !utf8.ValidString(got) || strings.ContainsFunc(got, config.IsHidden) || strings.TrimSpace(got) != got {
			t.Errorf("Printable(%q) = %q, which hides something", text, got)
		}
		if again := config.Printable(got); again != got {
			t.Errorf("Printable(%q) = %q, and again %q", text, got, again)
		}
		if slug := config.LabelSlug(text); slug != "" && !config.IsDNSLabel(slug, config.MaxLabel) {
			t.Errorf("labelSlug(%q) = %q, which is no label", text, slug)
		}
	})
}
