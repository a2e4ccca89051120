package githubtest

import "strings"

// urlTemplates are the *_url fields of every repository object.
var urlTemplates = []string{
	"archive/{archive_format}{/ref}", "assignees{/user}", "blobs/git/blobs{/sha}", "branches{/branch}",
	"collaborators{/collaborator}",
	"comments{/number}", "commits{/sha}", "compare/{base}...{head}", "contents/{+path}", "contributors", "deployments",
	"downloads",
	"events", "forks", "git_commits/git/commits{/sha}", "git_refs/git/refs{/sha}", "git_tags/git/tags{/sha}", "hooks",
	"issue_comment/issues/comments{/number}", "issue_events/issues/events{/number}", "issues{/number}", "keys{/key_id}",
	"labels{/name}",
	"languages", "merges", "milestones{/number}", "notifications{?since,all,participating}", "pulls{/number}",
	"releases{/id}",
	"stargazers", "statuses/{sha}", "subscribers", "subscription", "tags", "teams", "trees/git/trees{/sha}",
}

// repositoryJSON shows a repository. The result is cached, because every pull request shows two repositories.
func repositoryJSON(r *repository) []byte {
	if r.cachedJSON != nil && r.cachedVersion == r.version {
		return r.cachedJSON
	}
	open := 0
	for _, p := range r.pullsInOrder {
		if p.State == "open" {
			open++
		}
	}
	o := repositoryObject(r)
	o["open_issues_count"], o["open_issues"] = open, open
	r.cachedJSON, r.cachedVersion = encode(o), r.version
	return r.cachedJSON
}

func repositoryObject(r *repository) object {
	o := object{
		"id": r.id, "node_id": numericNodeID("R", r.id), "name": r.name, "full_name": r.fullName(),
		"private": r.private, "owner": userJSON(r.owner), "html_url": r.htmlURL(),
		"description": "The " + r.name + " of " + r.owner, "fork": r.fork, "url": r.apiURL(),
		"created_at": stamp(r.created), "updated_at": stamp(r.updated), "pushed_at": stamp(r.pushed), "homepage": nil,
		"git_url": "git://github.com/" + r.fullName() + ".git", "ssh_url": "git@github.com:" + r.fullName() + ".git",
		"clone_url": r.htmlURL() + ".git", "svn_url": r.htmlURL(), "mirror_url": nil, "size": 1024,
		"stargazers_count": 0, "watchers_count": 0, "language": "Go", "has_issues": true, "has_projects": true,
		"has_downloads": true, "has_wiki": true, "has_pages": false, "has_discussions": false, "forks_count": 0,
		"archived": false, "disabled": false, "license": nil, "allow_forking": true, "is_template": false,
		"web_commit_signoff_required": false, "topics": []string{}, "visibility": visibility(r), "forks": 0,
		"watchers": 0, "default_branch": r.defaultBranch,
	}
	for _, t := range urlTemplates {
		name, path := t, t
		if i := strings.IndexAny(t, "/{"); i >= 0 {
			name = t[:i]
			if t[i] == '/' && i+1 < len(t) && t[i+1] != '{' {
				path = t[i+1:]
			}
		}
		o[name+"_url"] = r.apiURL() + "/" + path
	}
	return o
}

func visibility(r *repository) string {
	if r.private {
		return "private"
	}
	return "public"
}

// minimalRepository is the short form that some objects show of their repository.
func minimalRepository(r *repository) object {
	return object{
		"id": r.id, "name": r.name, "full_name": r.fullName(), "private": r.private,
		"url": r.apiURL(), "html_url": r.htmlURL(),
	}
}
