package mcpserver

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"strings"

	"github.com/modelcontextprotocol/go-sdk/mcp"

	"github.com/previewset/previewset/internal/cli/exitcode"
	"github.com/previewset/previewset/internal/cli/wait"
	"github.com/previewset/previewset/internal/config"
)

// call runs a command. Its result is the command's JSON, with "notes"; for an error also "error", "remedy" and
// "exit_code".
func (s *server) call(ctx context.Context, t tool, args []string) (*mcp.CallToolResult, any, error) {
	var messages bytes.Buffer
	answer, err := s.run(ctx, args, &messages)
	if ctx.Err() != nil {
		return nil, nil, ctx.Err()
	}
	result := map[string]any{}
	if len(answer) > 0 {
		shortened, shortenErr := t.result(answer)
		if shortenErr != nil {
			return nil, nil, shortenErr
		}
		result = shortened
	}
	if notes := notesIn(messages.String()); len(notes) > 0 {
		result["notes"] = notes
	}
	if isAnswered(err) {
		return nil, result, nil
	}
	addError(result, err)
	return &mcp.CallToolResult{IsError: true}, result, nil
}

// isAnswered reports whether the answer says everything. The end of the time to wait is an answer: the agent can ask
// again.
func isAnswered(err error) bool {
	return err == nil || errors.Is(err, exitcode.ErrReported) || errors.Is(err, wait.ErrTimeUp)
}

func (t tool) result(answer []byte) (result map[string]any, err error) {
	if t.shorten != nil {
		short, shortenErr := t.shorten(answer)
		if shortenErr != nil {
			return nil, shortenErr
		}
		if answer, err = json.Marshal(short); err != nil {
			return nil, err
		}
	}
	err = json.Unmarshal(answer, &result)
	return result, err
}

// addError adds an error. By the commands' convention its first line is the cause, and the others are the remedy.
func addError(result map[string]any, err error) {
	var lines []string
	for line := range strings.Lines(err.Error()) {
		lines = append(lines, config.Printable(strings.TrimSpace(line)))
	}
	result["error"], result["exit_code"] = lines[0], exitcode.Of(err)
	if len(lines) > 1 {
		result["remedy"] = strings.Join(lines[1:], "\n")
	}
}

// notesIn returns the notes and problems in a command's text for a person.
func notesIn(messages string) []string {
	var notes []string
	for line := range strings.Lines(messages) {
		line = strings.TrimSpace(line)
		if note, isNote := strings.CutPrefix(line, "note: "); isNote {
			notes = append(notes, config.Printable(note))
		} else if strings.HasPrefix(line, "problem: ") {
			notes = append(notes, config.Printable(line))
		}
	}
	return notes
}
