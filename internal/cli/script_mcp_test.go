package cli

import (
	"context"
	"encoding/json"
	"fmt"
	"os"
	"os/exec"

	"github.com/modelcontextprotocol/go-sdk/mcp"

	"github.com/previewset/previewset/internal/cli/output"
)

// callMCPTool is the program mcpclient: it starts previewctl mcp, calls a tool, and prints the result as JSON. It fails
// if the result is an error: mcpclient TOOL INPUT [FLAGS OF MCP].
func callMCPTool(args []string) int {
	if len(args) < 2 {
		fmt.Fprintln(os.Stderr, "usage: mcpclient TOOL INPUT [FLAG...]")
		return 2
	}
	result, err := askMCPServer(context.Background(), args[0], args[1], args[2:])
	if err != nil {
		fmt.Fprintln(os.Stderr, err)
		return 3
	}
	if result.StructuredContent == nil {
		for _, c := range result.Content {
			fmt.Println(c.(*mcp.TextContent).Text)
		}
	} else if err := output.Encode(os.Stdout, "json", result.StructuredContent); err != nil {
		return 3
	}
	if result.IsError {
		return 1
	}
	return 0
}

func askMCPServer(ctx context.Context, tool, input string, flags []string) (*mcp.CallToolResult, error) {
	cmd := exec.CommandContext(ctx, "previewctl", append([]string{"mcp"}, flags...)...)
	cmd.Stderr = os.Stderr
	client := mcp.NewClient(&mcp.Implementation{Name: "mcpclient", Version: "1"}, nil)
	session, err := client.Connect(ctx, &mcp.CommandTransport{Command: cmd}, nil)
	if err != nil {
		return nil, err
	}
	defer func() { _ = session.Close() }()
	return session.CallTool(ctx, &mcp.CallToolParams{Name: tool, Arguments: json.RawMessage(input)})
}
