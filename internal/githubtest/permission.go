package githubtest

import (
	"slices"
	"strings"
)

// roles are the roles that a user can have in a repository, by rising power. GitHub shows some of them under another
// name in the older field "permission".
var roles = []struct{ name, permission string }{
	{"none", "none"}, {"read", "read"}, {"triage", "read"}, {"write", "write"}, {"maintain", "write"}, {"admin", "admin"},
}

// SetPermission sets a user's role: "none", "read", "triage", "write", "maintain" or "admin". Without it, the owner
// is "admin", and other users may read public repositories.
func (r *Repo) SetPermission(login, role string) {
	c, unlock := r.begin()
	defer unlock()
	r.repo.permissions[strings.ToLower(login)] = role
	c.version++
}

func roleOf(r *repository, login string) string {
	role, set := r.permissions[strings.ToLower(login)]
	switch {
	case set:
		return role
	case strings.EqualFold(login, r.owner):
		return "admin"
	case r.private:
		return "none"
	}
	return "read"
}

// getPermission answers GET collaborators/LOGIN/permission.
func getPermission(_ *call, r *repository, login string) *answer {
	role := roleOf(r, login)
	rank := max(0, slices.IndexFunc(roles, func(e struct{ name, permission string }) bool { return e.name == role }))
	flags := object{}
	for i, flag := range []string{"pull", "triage", "push", "maintain", "admin"} {
		flags[flag] = rank > i
	}
	user := userJSON(login)
	user["permissions"], user["role_name"] = flags, role
	return ok(object{"permission": roles[rank].permission, "role_name": role, "user": user})
}
