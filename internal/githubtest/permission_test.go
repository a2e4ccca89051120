package githubtest

import (
	"testing"
)

func TestPermissions(t *testing.T) {
	t.Parallel()
	g := start(t)
	r := g.AddRepository("acme/shop")
	type shown struct {
		Permission string
		Role       string `json:"role_name"`
		User       struct {
			Login, Type string
			Permissions struct{ Pull, Triage, Push, Maintain, Admin bool }
		}
	}
	for name, want := range map[string]struct {
		role, permission string
		push             bool
	}{
		"acme":  {"admin", "admin", true},
		"bob":   {"maintain", "write", true},
		"carol": {"triage", "read", false},
		"dave":  {"read", "read", false},
	} {
		if want.role != "read" && name != "acme" {
			r.SetPermission(name, want.role)
		}
		got := parse[shown](t, g.expect(200, g.get("/repos/acme/shop/collaborators/"+name+"/permission")))
		diff(t, []any{want.role, want.permission, want.push, name, "User"},
			[]any{got.Role, got.Permission, got.User.Permissions.Push, got.User.Login, got.User.Type})
		diff(t, true, got.User.Permissions.Pull)
	}
	r.SetPrivate(true)
	first := g.get("/repos/acme/shop/collaborators/dave/permission")
	diff(t, "none", parse[shown](t, first).Permission)
	diff(t, false, parse[shown](t, first).User.Permissions.Pull)
	g.expect(304, g.get("/repos/acme/shop/collaborators/dave/permission", "If-None-Match", first.header.Get("ETag")))
	r.SetPermission("Dave", "write")
	g.expect(200, g.get("/repos/acme/shop/collaborators/dave/permission", "If-None-Match", first.header.Get("ETag")))
	diff(t, "Bot", parse[struct{ Type string }](t, g.expect(200, g.get("/users/renovate%5Bbot%5D"))).Type)
}
