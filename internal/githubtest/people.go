package githubtest

import (
	"slices"
	"strings"
)

// roles are what somebody may be in a repository, by rising power, and what GitHub calls that in the older field
// "permission".
var roles = []struct{ name, permission string }{
	{"none", "none"}, {"read", "read"}, {"triage", "read"}, {"write", "write"}, {"maintain", "write"}, {"admin", "admin"},
}

// SetPermission makes somebody's role "none", "read", "triage", "write", "maintain" or "admin". Of whom nothing was said,
// the owner is "admin", and others may read what is public.
func (r *Repo) SetPermission(login, role string) {
	s := r.lock()
	defer s.mu.Unlock()
	r.repo.permissions[strings.ToLower(login)] = role
	s.tick++
}

func (r *repository) role(login string) string {
	role, said := r.permissions[strings.ToLower(login)]
	switch {
	case said:
		return role
	case strings.EqualFold(login, r.owner):
		return "admin"
	case r.private:
		return "none"
	}
	return "read"
}

// getPermission is GET collaborators/LOGIN/permission.
func getPermission(_ *call, r *repository, login string) *answer {
	role := r.role(login)
	rank := max(0, slices.IndexFunc(roles, func(e struct{ name, permission string }) bool { return e.name == role }))
	may := object{}
	for i, flag := range []string{"pull", "triage", "push", "maintain", "admin"} {
		may[flag] = rank > i
	}
	user := userJSON(login)
	user["permissions"], user["role_name"] = may, role
	return ok(object{"permission": roles[rank].permission, "role_name": role, "user": user})
}

// getUser is GET /users/LOGIN.
func getUser(c *call) *answer { return ok(userJSON(c.value("login"))) }
