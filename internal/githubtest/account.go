package githubtest

import (
	"fmt"
	"strings"
)

// octocat is the default user.
const octocat = "octocat"

// userJSON shows an account. All accounts exist; those that end in "[bot]" belong to Apps.
func userJSON(login string) object {
	api := apiRoot + "/users/" + login
	kind := "User"
	if strings.HasSuffix(login, "[bot]") {
		kind = "Bot"
	}
	return object{
		"login": login, "id": ID(login), "node_id": nodeID("U", login), "gravatar_id": "",
		"type": kind, "site_admin": false,
		"avatar_url": fmt.Sprintf("https://avatars.githubusercontent.com/u/%d?v=4", ID(login)), "url": api,
		"html_url": htmlRoot + "/" + login, "followers_url": api + "/followers",
		"following_url": api + "/following{/other_user}", "gists_url": api + "/gists{/gist_id}",
		"starred_url": api + "/starred{/owner}{/repo}", "subscriptions_url": api + "/subscriptions",
		"organizations_url": api + "/orgs", "repos_url": api + "/repos", "events_url": api + "/events{/privacy}",
		"received_events_url": api + "/received_events", "user_view_type": "public",
	}
}

// ID returns the numeric ID of the account with a login, or of the App with a slug.
func ID(name string) int64 { return idFromName(strings.ToLower(name)) }

func appJSON(slug string) object {
	return object{"id": ID(slug), "slug": slug, "name": slug, "owner": userJSON("github")}
}

// getUser answers GET /users/LOGIN.
func getUser(c *call) *answer { return ok(userJSON(c.value("login"))) }
