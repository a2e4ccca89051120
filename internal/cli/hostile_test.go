package cli

import (
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/spf13/cobra"
	"github.com/spf13/pflag"

	"github.com/previewset/previewset/internal/cli/apiclient"
	"github.com/previewset/previewset/internal/cli/apitest"
	"github.com/previewset/previewset/internal/cli/slotfile"
	"github.com/previewset/previewset/internal/cli/terminal"
	"github.com/previewset/previewset/internal/cli/terminaltest"
	"github.com/previewset/previewset/internal/preview"
)

// hostile are texts that a shell or Kubernetes would execute, or that control a terminal.
var hostile = map[string]string{
	"a command substitution": "$(id)", "an escape sequence": "a\x1b[2Jb", "a bidirectional mark": "a\u202eb", "two lines": "a\nb",
}

// writing are valid arguments of the commands that write to the GitOps repository.
var writing = map[string][]string{
	"adopt":  {"acme/gateway#12"},
	"ci":     {"y", "--service=gateway=branch:main", "--", "true"},
	"create": {"x", "--service=gateway=branch:main"},
	"dataset add": {
		"postgres", "large", "--url=https://data.example/large.sql", "--sha256=" + strings.Repeat("0", 64),
	},
	"dataset publish": {"postgres", "--url=https://data.example/masked/"},
	"delete":          {"jakub"},
	"edit":            {"jakub"},
	"event":           {"testdata/event.json"},
	"handover":        {"jakub", "gateway"},
	"lease":           {"--profile=full"},
	"release":         {"lease-a"},
	"service add": {
		"mailer", "--repository=acme/mailer", "--image=ghcr.io/acme/mailer:1", "--port=8080", "--probe-path=/",
	},
	"service remove": {"web"},
	"service rename": {"orders", "sales"},
	"service update": {"stock"},
	"reset":          {"jakub", "postgres"},
	"set":            {"jakub", "--service=gateway=branch:main"},
	"store add":      {"mysql", "--image=docker.io/library/mysql:8.4.3", "--port=3306", "--user=999", "--path=/var/lib/mysql"},
	"slot claim":     {"ivysaur", "--holders=alice"},
	"slot release":   {"bulbasaur"},
}

// Every command that writes refuses a hostile text in each flag and argument, commits nothing, and prints no character
// that controls a terminal.
func TestCommandsRefuseHostileTexts(t *testing.T) {
	t.Parallel()
	remote, server := exampleWithSlots(t), adoptable(t)
	for name, args := range writing {
		dryRun := slices.Concat(strings.Fields(name), []string{"--dry-run"}, args)
		if code, out := try(t, remote, server, dryRun); code != 0 {
			t.Errorf("%s fails also without a hostile text: exit code %d, %s", name, code, out)
		}
	}
	before := gitOutput(t, remote, "rev-parse", "main")
	t.Run("commands", func(t *testing.T) {
		for name, args := range hostileCommands(t) {
			t.Run(name, func(t *testing.T) {
				t.Parallel()
				refuses(t, remote, server, args)
			})
		}
	})
	if after := gitOutput(t, remote, "rev-parse", "main"); after != before {
		t.Errorf("a command committed:\n%s", gitOutput(t, remote, "log", "--format=%B", strings.TrimSpace(before)+"..main"))
	}
}

// hostileCommands returns the arguments of commands with one hostile text each, by description.
func hostileCommands(t *testing.T) map[string][]string {
	t.Helper()
	all := map[string][]string{}
	for _, cmd := range leaves(newRootCmd(terminal.New())) {
		if cmd.Flags().Lookup("config-repo") == nil || cmd.Flags().Lookup("author") == nil {
			continue
		}
		name := strings.TrimPrefix(cmd.CommandPath(), "previewctl ")
		if writing[name] == nil {
			t.Errorf("%s writes but has no arguments in this test", name)
		}
		for what, text := range hostile {
			for where, args := range withText(cmd, strings.Fields(name), writing[name], text) {
				all[name+", "+where+": "+what] = args
			}
		}
	}
	return all
}

// leaves returns the commands without subcommands.
func leaves(cmd *cobra.Command) (all []*cobra.Command) {
	if !cmd.HasSubCommands() {
		return []*cobra.Command{cmd}
	}
	for _, c := range cmd.Commands() {
		all = append(all, leaves(c)...)
	}
	return all
}

// withText returns the command's arguments with the text in each flag that takes a text, and in place of each argument.
// It skips flags that name local files. A message may have several lines, and a list reads only its first line.
func withText(cmd *cobra.Command, name, good []string, text string) map[string][]string {
	all, end := map[string][]string{}, len(good) // end of previewctl's own arguments
	if i := slices.Index(good, "--"); i >= 0 {
		end = i
	}
	cmd.Flags().VisitAll(func(f *pflag.Flag) {
		isText := strings.HasPrefix(f.Value.Type(), "string") && !strings.HasSuffix(f.Name, "-file")
		hasLines := f.Name == "message" || f.Value.Type() == "stringSlice"
		if isText && (!hasLines || !strings.Contains(text, "\n")) {
			all["--"+f.Name] = slices.Concat(name, good[:end], []string{"--" + f.Name + "=" + text}, good[end:])
		}
	})
	for i, arg := range good[:end] {
		if !strings.HasPrefix(arg, "-") {
			all["argument "+arg] = slices.Concat(name, good[:i], []string{text}, good[i+1:])
		}
	}
	return all
}

func refuses(t *testing.T, remote, server string, args []string) {
	t.Helper()
	code, said := try(t, remote, server, args)
	answer := said
	for strings.HasPrefix(answer, "… ") { // a notice of slow work
		_, answer, _ = strings.Cut(answer, "\n")
	}
	if code == 0 || !strings.HasPrefix(answer, "previewctl: ") || strings.ContainsAny(said, "\x1b\u202e") {
		t.Errorf("%q: exit code %d, standard error %q", args, code, said)
	}
}

func try(t *testing.T, remote, server string, args []string) (code int, said string) {
	t.Helper()
	term, out, err := terminaltest.New("", map[string]string{
		"PREVIEWSET_CONFIG_REPO": "file://" + remote, "PREVIEWSET_SERVER": server,
		"PREVIEWSET_OWNER": "alice", "EDITOR": "true",
	})
	code = run(t.Context(), term, args)
	return code, err.String() + out.String()
}

// adoptable starts a service with one environment, of a pull request, and returns its address.
func adoptable(t *testing.T) string {
	t.Helper()
	mux := http.NewServeMux()
	mux.HandleFunc("GET /api/v1/decisions", func(w http.ResponseWriter, _ *http.Request) {
		d := preview.Decision{Outcome: preview.Live, Environment: "gateway-pr-12", Repository: "acme/gateway", Number: 12}
		apitest.Respond(w, http.StatusOK, apiclient.Decisions{Decisions: []preview.Decision{d}})
	})
	mux.HandleFunc("GET /api/v1/environments/gateway-pr-12", func(w http.ResponseWriter, _ *http.Request) {
		apitest.Respond(w, http.StatusOK, preview.Row{Name: "gateway-pr-12", Owner: "alice", Profile: "changed"})
	})
	s := httptest.NewServer(mux)
	t.Cleanup(s.Close)
	return s.URL
}

// exampleWithSlots returns a GitOps repository with an environment and slots.
func exampleWithSlots(t *testing.T) string {
	t.Helper()
	remote := bareExample(t)
	term, _, said := terminaltest.New("", map[string]string{"PREVIEWSET_CONFIG_REPO": "file://" + remote})
	for _, args := range [][]string{
		{"create", "jakub", "--profile=full"},
		{"create", "lease-a", "-f=testdata/lease.yaml"},
		{"service", "add", "stock", "--chart=testdata/chart"},
	} {
		if code := run(t.Context(), term, append(args, "--author=Ada <ada@example.dev>")); code != 0 {
			t.Fatalf("%q: exit code %d: %s", args, code, said)
		}
	}
	clone := filepath.Join(t.TempDir(), "clone")
	gitOutput(t, filepath.Dir(clone), "clone", "-q", remote, clone)
	slots := "apiVersion: previewset.dev/v1alpha1\nkind: SlotPool\nslots: {bulbasaur: {holders: [bob]}, ivysaur: {}}\n"
	if err := os.WriteFile(filepath.Join(clone, slotfile.Name), []byte(slots), 0o600); err != nil {
		t.Fatal(err)
	}
	gitOutput(t, clone, "add", ".")
	gitOutput(t, clone, "-c", "user.name=Ada", "-c", "user.email=ada@example.dev", "commit", "-q", "-m", "Slots")
	gitOutput(t, clone, "push", "-q")
	return remote
}
