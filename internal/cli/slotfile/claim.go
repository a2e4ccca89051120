package slotfile

import (
	"regexp"
	"slices"
	"strings"
	"time"

	"github.com/spf13/cobra"

	"github.com/previewset/previewset/internal/cli/flags"
	"github.com/previewset/previewset/internal/cli/output"
	"github.com/previewset/previewset/internal/config"
)

func IsFree(c config.Claim) bool { return len(c.Holders) == 0 }

var login = regexp.MustCompile(`^[A-Za-z0-9][A-Za-z0-9-]{0,99}(\[bot\])?$`)

// CheckHolders takes logins, each once.
func CheckHolders(cmd *cobra.Command, holders []string) error {
	seen := map[string]bool{}
	for _, h := range holders {
		if !login.MatchString(h) || seen[strings.ToLower(h)] {
			return flags.Usagef(cmd, "--holders %q is not a GitHub login like alice, or stands twice", h)
		}
		seen[strings.ToLower(h)] = true
	}
	return nil
}

// SameHolders compares who holds, in whatever order.
func SameHolders(a, b []string) bool {
	return len(a) == len(b) && !slices.ContainsFunc(a, func(h string) bool { return !isHolder(h, b) })
}

func isHolder(login string, of []string) bool {
	return slices.ContainsFunc(of, func(h string) bool { return strings.EqualFold(h, login) })
}

// Describe is a claim for a sentence. Its purpose may be anything that somebody wrote into the file.
func Describe(c config.Claim) string {
	text := output.List(c.Holders)
	if purpose := config.Printable(c.Purpose); purpose != "" {
		text += " (" + purpose + ")"
	}
	if c.Until != nil {
		text += ", until " + c.Until.UTC().Format(time.RFC3339)
	}
	return text
}
