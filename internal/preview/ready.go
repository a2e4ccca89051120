package preview

import (
	"cmp"
	"fmt"
	"strings"

	"github.com/previewset/previewset/internal/config"
)

// readyHold holds a commit until the check that the service waits for is green on it. Every result of that name and
// reporter must be green, and there must be one.
func readyHold(facts Facts, s *config.Service, sha string) *hold {
	if s.Ready == nil {
		return nil
	}
	seen, green, impostor := false, true, Check{}
	for _, check := range facts.Repositories[strings.ToLower(s.Repository)].Checks[sha] {
		switch {
		case check.Name != s.Ready.Check:
		case check.isFrom(s.Ready):
			seen, green = true, green && check.Green
		case s.Ready.App != "" && strings.EqualFold(cmp.Or(check.App, check.User), s.Ready.App):
			impostor = check
		}
	}
	if seen &&
		green { // guard ready: true
		return nil
	}
	return notReady(s, sha, seen, impostor)
}

// notReady explains the missing check. The impostor has the name of the App, and isn't it; zero if there is none.
func notReady(s *config.Service, sha string, seen bool, impostor Check) *hold {
	reporter := s.Ready.App
	if s.Ready.UserID != 0 {
		reporter = fmt.Sprintf("the user with ID %d", s.Ready.UserID)
	}
	h := &hold{
		rule: RuleReady,
		reason: fmt.Sprintf("building %s: check %q of %s is not green on it for service %s", short(sha), s.Ready.Check,
			reporter, s.Name),
		remedy: "wait for it, or see there why it fails",
	}
	switch {
	case seen || impostor.Name == "":
	case impostor.UserID != 0:
		h.reason += fmt.Sprintf("; a status of this name is by the user %s (ID %d), and not by the App",
			config.Printable(impostor.User), impostor.UserID)
		h.remedy = fmt.Sprintf("let the App report it; or, if you trust this user, write userID: %d instead of app in %s",
			impostor.UserID, config.PolicyFile)
	case s.Ready.AppID != 0 && impostor.AppID == 0:
		h.reason += "; a status of this name has no ID of an App"
		h.remedy = "report it as a check run, or remove appID in " + config.PolicyFile
	case s.Ready.AppID != 0:
		h.reason += fmt.Sprintf("; a check run of this name is by an App with ID %d, and not %d",
			impostor.AppID, s.Ready.AppID)
		h.remedy = "find out which App it is, and correct appID in " + config.PolicyFile + " if you trust it"
	}
	return h
}

// isFrom reports whether a check is by the App or user that a service waits for. A user's login never counts: it is
// free to choose, and can be that of an App.
func (c Check) isFrom(r *config.Ready) bool {
	if r.UserID != 0 {
		return c.UserID == int64(r.UserID)
	}
	return c.App != "" && strings.EqualFold(c.App, r.App) &&
		(r.AppID == 0 || int64(r.AppID) == c.AppID)
}
