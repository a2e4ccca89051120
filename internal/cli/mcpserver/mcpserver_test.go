package mcpserver_test

import (
	"context"
	"encoding/json"
	"errors"
	"io"
	"regexp"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/modelcontextprotocol/go-sdk/mcp"

	"github.com/previewset/previewset/internal/cli/flags"
	"github.com/previewset/previewset/internal/cli/mcpserver"
	"github.com/previewset/previewset/internal/cli/wait"
)

// connect returns the SDK's client of a server whose commands are simulated.
func connect(t *testing.T, run mcpserver.Command, o mcpserver.Options) *mcp.ClientSession {
	t.Helper()
	ctx := t.Context()
	forServer, forClient := mcp.NewInMemoryTransports()
	server, err := mcpserver.New(run, o).Connect(ctx, forServer, nil)
	if err != nil {
		t.Fatal(err)
	}
	client, err := mcp.NewClient(&mcp.Implementation{Name: "test", Version: "1"}, nil).Connect(ctx, forClient, nil)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		_ = client.Close()
		_ = server.Wait()
	})
	return client
}

var (
	readTools = []string{
		"explain_environment", "list_environments", "plan_environment", "plan_repository", "show_environment",
		"wait_for_environment",
	}
	writeTools = []string{
		"change_environment", "create_environment", "delete_environment", "extend_environment", "redeploy_environment",
		"sleep_environment", "wake_environment",
	}
)

func TestToolsThatWriteNeedPermission(t *testing.T) {
	t.Parallel()
	for _, tt := range []struct {
		name       string
		allowWrite bool
		want       []string
	}{
		{"by default it only reads", false, readTools},
		{"with permission it writes", true, slices.Concat(readTools, writeTools)},
	} {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			client := connect(t, nil, mcpserver.Options{AllowWrite: tt.allowWrite, Owner: "alice"})
			answer, err := client.ListTools(t.Context(), nil)
			if err != nil {
				t.Fatal(err)
			}
			var got []string
			for _, tool := range answer.Tools {
				got = append(got, tool.Name)
				if tool.Annotations.ReadOnlyHint != slices.Contains(readTools, tool.Name) {
					t.Errorf("%s has readOnlyHint %t", tool.Name, tool.Annotations.ReadOnlyHint)
				}
			}
			slices.Sort(got)
			slices.Sort(tt.want)
			if diff := cmp.Diff(tt.want, got); diff != "" {
				t.Errorf("tools (-want +got):\n%s", diff)
			}
			if mentions := strings.Contains(client.InitializeResult().Instructions, "--allow-write"); mentions == tt.allowWrite {
				t.Errorf("the instructions mention --allow-write: %t", mentions)
			}
		})
	}
}

func TestArgumentsOfTheCommand(t *testing.T) {
	t.Parallel()
	for _, tt := range []struct{ tool, input, want string }{
		{"list_environments", `{}`, "list --output=json --all=false"},
		{
			"list_environments", `{"owner": "bob", "repository": "acme/shop", "all": true}`,
			"list --output=json --repository=acme/shop --owner=bob --all=true",
		},
		{"show_environment", `{"environment": "--help"}`, "show --output=json -- --help"},
		{"explain_environment", `{"environment": "acme/shop#7"}`, "why --output=json -- acme/shop#7"},
		{"plan_repository", `{"dir": "previews"}`, "plan --output=json --dir=previews --summary=true"},
		{"wait_for_environment", `{"environment": "mine"}`, "wait --output=json --timeout=60s -- mine"},
		{
			"wait_for_environment", `{"environment": "mine", "goal": "gone", "timeout_seconds": 9000, "commits": ["-x"]}`,
			"wait --output=json --timeout=600s --for=gone --commit=-x -- mine",
		},
		{
			"plan_environment", `{"action": "create", "environment": "mine", "profile": "full"}`,
			"create --output=json --dry-run --profile=full --require-owner=alice -- mine",
		},
		{
			"plan_environment", `{"action": "delete", "environment": "mine"}`,
			"delete --output=json --break-links=false --dry-run --require-owner=alice -- mine",
		},
		{
			"change_environment", `{"environment": "mine", "purpose": "", "shared": false, "components": ["debug-"],
				"services": {"web": "branch:--dry-run", "orders": "default"}, "links": {"products": "env:bob"}}`,
			"set --output=json --purpose= --service=orders=default --service=web=branch:--dry-run --link=products=env:bob " +
				"--component=debug- --shared=false --require-owner=alice -- mine",
		},
		{
			"delete_environment", `{"environment": "mine", "break_links": true, "message": "done"}`,
			"delete --output=json --break-links=true --message=done --require-owner=alice -- mine",
		},
		{"wake_environment", `{"environment": "mine", "for": "2h"}`, "wake --output=json --for=2h --require-owner=alice -- mine"},
		{"sleep_environment", `{"environment": "mine"}`, "sleep --output=json --require-owner=alice -- mine"},
		{"redeploy_environment", `{"environment": "mine"}`, "redeploy --output=json --require-owner=alice -- mine"},
		{"extend_environment", `{"environment": "mine"}`, "extend --output=json --require-owner=alice -- mine"},
	} {
		t.Run(tt.tool+" "+tt.input, func(t *testing.T) {
			t.Parallel()
			var got string
			run := func(_ context.Context, args []string, _ io.Writer) ([]byte, error) {
				got = strings.Join(args, " ")
				return []byte("{}"), nil
			}
			callTool(t, connect(t, run, mcpserver.Options{AllowWrite: true, Owner: "alice"}), tt.tool, tt.input)
			if diff := cmp.Diff(tt.want, got); diff != "" {
				t.Errorf("arguments (-want +got):\n%s", diff)
			}
		})
	}
}

func callTool(t *testing.T, client *mcp.ClientSession, tool, input string) *mcp.CallToolResult {
	t.Helper()
	result, err := client.CallTool(t.Context(), &mcp.CallToolParams{Name: tool, Arguments: json.RawMessage(input)})
	if err != nil {
		t.Fatal(err)
	}
	return result
}

func TestResults(t *testing.T) {
	t.Parallel()
	for _, tt := range []struct {
		name, answer, messages string
		err                    error
		want                   map[string]any
		isError                bool
	}{
		{
			name: "the answer with notes", answer: `{"name": "mine"}`,
			messages: "asking the generator\nnote: it is new\nproblem: acme/shop is unreadable\n",
			want:     map[string]any{"name": "mine", "notes": []any{"it is new", "problem: acme/shop is unreadable"}},
		},
		{
			name: "an error with its remedy", err: errors.New("mine is held: no place\u202e\nwait for one"), isError: true,
			want: map[string]any{"error": "mine is held: no place", "remedy": "wait for one", "exit_code": 1.0},
		},
		{
			name: "wrong usage", err: flags.UsageError{Err: errors.New("no change is given")}, isError: true,
			want: map[string]any{"error": "no change is given", "exit_code": 2.0},
		},
		{
			name: "the end of the time is an answer", answer: `{"result": "timeout"}`, err: wait.ErrTimeUp,
			want: map[string]any{"result": "timeout"},
		},
		{
			name: "an answer with an error", answer: `{"result": "degraded"}`, err: wait.ErrDegraded, isError: true,
			want: map[string]any{"result": "degraded", "error": "it is degraded", "exit_code": 4.0},
		},
	} {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			run := func(_ context.Context, _ []string, messages io.Writer) ([]byte, error) {
				_, _ = io.WriteString(messages, tt.messages)
				return []byte(tt.answer), tt.err
			}
			result := callTool(t, connect(t, run, mcpserver.Options{}), "show_environment", `{"environment": "mine"}`)
			if diff := cmp.Diff(tt.want, result.StructuredContent); diff != "" || result.IsError != tt.isError {
				t.Errorf("error %t, want %t; result (-want +got):\n%s", result.IsError, tt.isError, diff)
			}
		})
	}
}

func TestWrongInputIsRefused(t *testing.T) {
	t.Parallel()
	for _, tt := range []struct{ tool, input string }{
		{"show_environment", `{}`},
		{"show_environment", `{"environment": "mine", "server": "http://elsewhere"}`},
		{"plan_environment", `{"action": "destroy", "environment": "mine"}`},
		{"wait_for_environment", `{"environment": "mine", "goal": "asleep"}`},
	} {
		t.Run(tt.tool+" "+tt.input, func(t *testing.T) {
			t.Parallel()
			run := func(context.Context, []string, io.Writer) ([]byte, error) {
				t.Error("the command ran")
				return nil, nil
			}
			if result := callTool(t, connect(t, run, mcpserver.Options{}), tt.tool, tt.input); !result.IsError {
				t.Error("the input was accepted")
			}
		})
	}
}

func TestListIsShort(t *testing.T) {
	t.Parallel()
	rows := strings.Repeat(`{"name": "mine", "kustomize": {"patches": []}},`, 104) + `{"name": "last"}`
	answer := `{"environments": [` + rows + `], "decisions": [{"outcome": "live"}, {"outcome": "held", "rule": "draft"}]}`
	run := func(context.Context, []string, io.Writer) ([]byte, error) { return []byte(answer), nil }
	result := callTool(t, connect(t, run, mcpserver.Options{}), "list_environments", `{}`)
	got, _ := result.StructuredContent.(map[string]any)
	environments, _ := got["environments"].([]any)
	others, _ := got["not_live"].([]any)
	if len(environments) != 100 || len(others) != 1 || got["omitted"] != 5.0 {
		t.Errorf("%d environments, %d others, %v omitted; want 100, 1, 5", len(environments), len(others), got["omitted"])
	}
	if first, _ := environments[0].(map[string]any); first["kustomize"] != nil {
		t.Error("the list has manifests")
	}
}

// toolName matches the names of tools in a text.
var toolName = regexp.MustCompile("`((?:[a-z_]+_)?(?:environments?|repository))`")

func TestSkillNamesTheTools(t *testing.T) {
	t.Parallel()
	all := slices.Concat(readTools, writeTools)
	named := map[string]bool{}
	for _, m := range toolName.FindAllStringSubmatch(mcpserver.Skill, -1) {
		if named[m[1]] = true; !slices.Contains(all, m[1]) {
			t.Errorf("SKILL.md names %s, which is no tool", m[1])
		}
	}
	for _, tool := range all {
		if !named[tool] {
			t.Errorf("SKILL.md doesn't name %s", tool)
		}
	}
}
