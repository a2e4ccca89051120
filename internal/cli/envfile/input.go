package envfile

import (
	"encoding/json"
	"fmt"
	"io"
	"os"

	"github.com/previewset/previewset/internal/cli/terminal"
	"github.com/previewset/previewset/internal/config"
)

// maxInput is the largest accepted input in bytes.
const maxInput = config.MaxFileSize

// ReadInput reads a file that the user names; - is standard input.
func ReadInput(env *terminal.Process, file string) ([]byte, error) {
	in := env.In
	if file != "-" {
		f, err := os.Open(file) //nolint:gosec // G304: the user names the file
		if err != nil {
			return nil, fmt.Errorf("read the input: %w\nname an existing file, or - for standard input", err)
		}
		defer func() { _ = f.Close() }()
		in = f
	}
	content, err := io.ReadAll(io.LimitReader(in, maxInput+1))
	if err != nil {
		return nil, fmt.Errorf("read the input: %w", err)
	}
	if len(content) > maxInput {
		return nil, fmt.Errorf("read the input: %s is larger than %d KiB\nname a smaller file", file, maxInput>>10)
	}
	return content, nil
}

// IsEvent reports whether content is an event document, as opposed to an environment.yaml in JSON.
func IsEvent(content []byte) bool {
	var keys map[string]json.RawMessage
	return json.Unmarshal(content, &keys) == nil && (keys["action"] != nil || keys["projects"] != nil)
}
