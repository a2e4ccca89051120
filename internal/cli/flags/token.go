package flags

import (
	"fmt"
	"os"
	"strings"
)

// ReadToken reads a file that holds exactly one token.
func ReadToken(file string) (string, error) {
	content, err := os.ReadFile(file) //nolint:gosec // G304: the user names the file
	if err != nil {
		return "", fmt.Errorf("read the token: %w", err)
	}
	token := strings.TrimSpace(string(content))
	if token == "" || strings.ContainsAny(token, " \t\r\n") {
		return "", fmt.Errorf("read the token: %s doesn't contain exactly one token\n"+
			"write the token as the file's only line", file)
	}
	return token, nil
}
