package github

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"strings"

	"github.com/previewset/previewset/internal/preview"
)

// identity tells which repository has a name, as read last.
type identity struct {
	name          string // "owner/name" from the configuration
	id            int64  // GitHub's numeric ID; 0 before the first read
	fullName      string // "owner/name" at GitHub; another name after a rename
	defaultBranch string
	etag          string // of namePath, which is read only if no pull request shows the identity
}

type repositoryJSON struct {
	ID            int64  `json:"id"`
	FullName      string `json:"full_name"`
	DefaultBranch string `json:"default_branch"`
}

// accept takes over the identity in an answer. It refuses another ID, because the name may belong to a new repository,
// and the facts of two repositories must not be mixed. It follows a rename, but refuses another owner: the new owner
// decides which users may push, and a policy trusts those users.
func (i *identity) accept(found repositoryJSON) error {
	if found.ID == 0 {
		return errors.New("the answer has a repository without an ID")
	}
	if i.id != 0 && i.id != found.ID { // guard other-repository: false
		return &preview.IdentityError{Was: i.id, Is: found.ID}
	}
	i.id, i.defaultBranch = found.ID, cmp.Or(found.DefaultBranch, i.defaultBranch)
	if found.FullName == "" {
		return nil
	}
	if owner := ownerOf(found.FullName); !strings.EqualFold(ownerOf(i.name), owner) {
		return fmt.Errorf("the repository was transferred to %s and is now %s; its last known state stays; "+
			"to follow it, configure the new name", owner, found.FullName)
	}
	i.fullName = found.FullName
	return nil
}

func ownerOf(fullName string) string {
	owner, _, _ := strings.Cut(fullName, "/")
	return owner
}

// refresh reads the repository itself.
func (i *identity) refresh(ctx context.Context, api *repositoryAPI) error {
	var found repositoryJSON
	a, err := api.get(ctx, api.namePath, i.etag, &found)
	if err != nil {
		return fmt.Errorf("get the repository: %w", err)
	}
	if a.Unchanged {
		return nil
	}
	if err := i.accept(found); err != nil {
		return err
	}
	i.etag = a.ETag
	return nil
}
