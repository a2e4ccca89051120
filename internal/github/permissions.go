package github

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"maps"
	"net/http"
	"net/url"
	"slices"
	"strings"

	"github.com/previewset/previewset/internal/github/rest"
)

// permission tells whether an account may push, as read last.
type permission struct {
	etag     string
	userID   int64 // the account that had the login
	canWrite bool
	// notFound is GitHub's 404 for an unknown account. It has no ETag, so it stays until the reviews change.
	notFound error
	// err is the error of the newest read. The other fields are from the read before it.
	err error
}

// permissionsByLogin are permissions by lower-case login.
type permissionsByLogin map[string]permission

type permissionJSON struct {
	Permission string   `json:"permission"`
	User       *account `json:"user"`
}

// readPermissions reads the permission of each human reviewer who approves. Other permissions are forgotten.
func (p *permissionsByLogin) readPermissions(
	ctx context.Context, api *repositoryAPI, found map[int]*pullRequestApprovals,
) error {
	logins, reviewsChanged := map[string]string{}, false
	// The order is fixed: another spelling of a login is another path, for which the ETag may be wrong.
	for _, number := range slices.Sorted(maps.Keys(found)) {
		a := found[number]
		reviewsChanged = reviewsChanged || a.reviewsChanged
		for _, r := range a.approving {
			if r.isHuman {
				logins[strings.ToLower(r.login)] = r.login
			}
		}
	}
	keys := slices.Sorted(maps.Keys(logins))
	read := make([]permission, len(keys))
	err := readEach(ctx, len(keys), func(ctx context.Context, i int) {
		last := (*p)[keys[i]]
		if last.notFound != nil && !reviewsChanged {
			read[i] = last
			return
		}
		read[i] = readPermission(ctx, api, logins[keys[i]], last)
	})
	*p = make(permissionsByLogin, len(keys))
	for i, key := range keys {
		(*p)[key] = read[i]
	}
	return err
}

func readPermission(ctx context.Context, api *repositoryAPI, login string, last permission) permission {
	last.err = nil
	var found permissionJSON
	a, err := api.get(ctx, api.path+"/collaborators/"+url.PathEscape(login)+"/permission", last.etag, &found)
	switch {
	case rest.StatusOf(err) == http.StatusNotFound:
		return permission{notFound: err}
	case err != nil:
		last.err = err
		return last
	case a.Unchanged:
		return last
	case !strings.EqualFold(found.User.login(), login):
		last.err = errors.New("the answer is about another account")
		return last
	}
	canWrite := found.User.isHuman() && slices.Contains([]string{"write", "maintain", "admin"}, found.Permission)
	return permission{etag: a.ETag, userID: found.User.ID, canWrite: canWrite}
}

// CanWrite says whether the account with a login and an ID may push to a repository. Another account may have the login
// now. Bots can't.
func (c *Client) CanWrite(ctx context.Context, repository, login string, userID int64) (bool, error) {
	api := newRepositoryAPI(c.rest, identity{name: repository})
	found := readPermission(ctx, api, login, permission{})
	if err := cmp.Or(found.err, found.notFound); err != nil {
		return false, fmt.Errorf("read whether %s may push to %s: %w", login, repository, err)
	}
	return found.canWrite && found.userID == userID, nil
}
