package slotfile

import (
	"slices"
	"strings"
	"time"

	"github.com/spf13/cobra"

	"github.com/previewset/previewset/internal/cli/flags"
	"github.com/previewset/previewset/internal/config"
)

// IsFree reports whether a claim has no holders.
func IsFree(c config.Claim) bool { return len(c.Holders) == 0 }

// CheckHolders checks that holders are distinct GitHub logins.
func CheckHolders(cmd *cobra.Command, holders []string) error {
	seen := map[string]bool{}
	for _, h := range holders {
		switch {
		case !config.IsLogin(h):
			return flags.Usagef(cmd, "--holders %q is not a GitHub login; use for example alice", h)
		case seen[strings.ToLower(h)]:
			return flags.Usagef(cmd, "--holders has %q twice; name each login once", h)
		}
		seen[strings.ToLower(h)] = true
	}
	return nil
}

// SameHolders compares holders in any order.
func SameHolders(a, b []string) bool {
	return len(a) == len(b) && !slices.ContainsFunc(a, func(h string) bool { return !isHolder(h, b) })
}

func isHolder(login string, holders []string) bool {
	return slices.ContainsFunc(holders, func(h string) bool { return strings.EqualFold(h, login) })
}

// Describe formats a claim for a sentence.
func Describe(c config.Claim) string {
	text := strings.Join(c.Holders, ", ")
	if purpose := config.Printable(c.Purpose); purpose != "" {
		text += " (" + purpose + ")"
	}
	if c.Until != nil {
		text += ", until " + c.Until.UTC().Format(time.RFC3339)
	}
	return text
}
