package githubtest

import (
	"bytes"
	"encoding/base64"
	"encoding/json"
	"fmt"
	"hash/crc32"
	"maps"
	"net/http"
	"strconv"
	"strings"
)

const (
	apiURL  = "https://api.github.com"
	htmlURL = "https://github.com"
)

func jsonHeader() http.Header {
	return http.Header{"Content-Type": {"application/json; charset=utf-8"}}
}

// raw is JSON that is made already.
func raw(b []byte) json.RawMessage { return b }

func (r *repository) api() string  { return apiURL + "/repos/" + r.fullName() }
func (r *repository) html() string { return htmlURL + "/" + r.fullName() }

func nodeID(kind, text string) string {
	return kind + "_" + base64.RawURLEncoding.EncodeToString([]byte(text))
}

// numberOf makes an ID of a name.
func numberOf(name string) int64 { return int64(crc32.ChecksumIEEE([]byte(name))) }

func userJSON(login string) object {
	api := apiURL + "/users/" + login
	kind := "User"
	if strings.HasSuffix(login, "[bot]") {
		kind = "Bot"
	}
	return object{
		"login": login, "id": numberOf(login), "node_id": nodeID("U", login), "gravatar_id": "", "type": kind, "site_admin": false,
		"avatar_url": fmt.Sprintf("https://avatars.githubusercontent.com/u/%d?v=4", numberOf(login)),
		"url":        api, "html_url": htmlURL + "/" + login, "followers_url": api + "/followers", "following_url": api + "/following{/other_user}",
		"gists_url": api + "/gists{/gist_id}", "starred_url": api + "/starred{/owner}{/repo}", "subscriptions_url": api + "/subscriptions",
		"organizations_url": api + "/orgs", "repos_url": api + "/repos", "events_url": api + "/events{/privacy}",
		"received_events_url": api + "/received_events", "user_view_type": "public",
	}
}

// urlTemplates are the *_url fields that every repository object carries.
var urlTemplates = []string{
	"archive/{archive_format}{/ref}", "assignees{/user}", "blobs/git/blobs{/sha}", "branches{/branch}", "collaborators{/collaborator}",
	"comments{/number}", "commits{/sha}", "compare/{base}...{head}", "contents/{+path}", "contributors", "deployments", "downloads",
	"events", "forks", "git_commits/git/commits{/sha}", "git_refs/git/refs{/sha}", "git_tags/git/tags{/sha}", "hooks",
	"issue_comment/issues/comments{/number}", "issue_events/issues/events{/number}", "issues{/number}", "keys{/key_id}", "labels{/name}",
	"languages", "merges", "milestones{/number}", "notifications{?since,all,participating}", "pulls{/number}", "releases{/id}",
	"stargazers", "statuses/{sha}", "subscribers", "subscription", "tags", "teams", "trees/git/trees{/sha}",
}

// repositoryJSON is cached, because every pull request shows two of them.
func (s *Server) repositoryJSON(r *repository) []byte {
	if r.rendered != nil && r.renderedAt == r.version {
		return r.rendered
	}
	open := 0
	for _, p := range r.order {
		if p.State == "open" {
			open++
		}
	}
	o := r.object()
	o["open_issues_count"], o["open_issues"] = open, open
	r.rendered, r.renderedAt = encode(o), r.version
	return r.rendered
}

func (r *repository) object() object {
	o := object{
		"id": r.id, "node_id": nodeID("R", strconv.FormatInt(r.id, 10)), "name": r.name, "full_name": r.fullName(), "private": r.private,
		"owner": userJSON(r.owner), "html_url": r.html(), "description": "The " + r.name + " of " + r.owner, "fork": r.fork, "url": r.api(),
		"created_at": stamp(r.created), "updated_at": stamp(r.updated), "pushed_at": stamp(r.pushed), "homepage": nil,
		"git_url": "git://github.com/" + r.fullName() + ".git", "ssh_url": "git@github.com:" + r.fullName() + ".git",
		"clone_url": r.html() + ".git", "svn_url": r.html(), "mirror_url": nil, "size": 1024, "stargazers_count": 0, "watchers_count": 0,
		"language": "Go", "has_issues": true, "has_projects": true, "has_downloads": true, "has_wiki": true, "has_pages": false,
		"has_discussions": false, "forks_count": 0, "archived": false, "disabled": false, "license": nil, "allow_forking": true,
		"is_template": false, "web_commit_signoff_required": false, "topics": []string{}, "visibility": r.visibility(), "forks": 0,
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
		o[name+"_url"] = r.api() + "/" + path
	}
	return o
}

func (r *repository) visibility() string {
	if r.private {
		return "private"
	}
	return "public"
}

// minimalJSON is what some objects show of their repository.
func (r *repository) minimalJSON() []byte {
	return encode(object{"id": r.id, "name": r.name, "full_name": r.fullName(), "private": r.private, "url": r.api(), "html_url": r.html()})
}

func labelJSON(r *repository, name string) object {
	return object{
		"id": numberOf(r.fullName() + name), "node_id": nodeID("LA", name), "url": r.api() + "/labels/" + name, "name": name,
		"color": "ededed", "default": false, "description": nil,
	}
}

func (s *Server) pullsJSON(r *repository, page []*pull) []byte {
	var b bytes.Buffer
	b.WriteByte('[')
	for i, p := range page {
		if i > 0 {
			b.WriteByte(',')
		}
		b.Write(s.pullJSON(r, p, false))
	}
	b.WriteByte(']')
	return b.Bytes()
}

// pullJSON shows a pull request; single ones have more fields. The embedded repositories are spliced in as they are,
// because encoding/json would go through all of them again.
func (s *Server) pullJSON(r *repository, p *pull, single bool) []byte {
	o := s.pullObject(r, p)
	if single {
		o["merged"], o["mergeable"], o["mergeable_state"], o["changed_files"], o["commits"] = p.Merged, true, "clean", len(p.Files), 1
		o["comments"], o["review_comments"], o["additions"], o["deletions"], o["maintainer_can_modify"] = 0, 0, 1, 1, false
	}
	var head *repository
	if !p.HeadGone {
		head = s.repos[p.HeadRepository]
	}
	maps.Copy(o, p.Raw)
	b := bytes.NewBuffer(bytes.TrimSuffix(encode(o), []byte("}")))
	if _, replaced := p.Raw["head"]; !replaced {
		s.branchJSON(b, "head", head, p.HeadRef, p.HeadSHA, s.headOwner(p))
	}
	if _, replaced := p.Raw["base"]; !replaced {
		s.branchJSON(b, "base", r, p.BaseRef, p.BaseSHA, r.owner)
	}
	b.WriteByte('}')
	return b.Bytes()
}

func (s *Server) branchJSON(b *bytes.Buffer, side string, repo *repository, ref, sha, owner string) {
	_, _ = fmt.Fprintf(b, `,%q:{"label":%s,"ref":%s,"sha":%q,"user":%s,"repo":`, side, encode(owner+":"+ref), encode(ref), sha, encode(userJSON(owner)))
	if repo == nil {
		b.WriteString("null}")
		return
	}
	b.Write(s.repositoryJSON(repo))
	b.WriteByte('}')
}

func (s *Server) headOwner(p *pull) string {
	if head := s.repos[p.HeadRepository]; head != nil {
		return head.owner
	}
	return "unknown"
}

func (s *Server) headLabel(p *pull) string { return s.headOwner(p) + ":" + p.HeadRef }

func (s *Server) pullObject(r *repository, p *pull) object {
	api, html := r.api()+"/pulls/"+strconv.Itoa(p.Number), r.html()+"/pull/"+strconv.Itoa(p.Number)
	issue := r.api() + "/issues/" + strconv.Itoa(p.Number)
	labels := make([]any, 0, len(p.Labels))
	for _, l := range p.Labels {
		labels = append(labels, labelJSON(r, l))
	}
	o := object{
		"id": p.id, "node_id": nodeID("PR", strconv.FormatInt(p.id, 10)), "number": p.Number, "state": p.State, "locked": false, "title": p.Title,
		"body": p.Body + strings.Repeat(".", s.padding), "draft": p.Draft, "labels": labels, "user": userJSON(p.Author),
		"created_at": stamp(p.Created), "updated_at": stamp(p.Updated), "closed_at": stamp(p.Closed), "merged_at": nil, "merge_commit_sha": nil,
		"url": api, "html_url": html, "diff_url": html + ".diff", "patch_url": html + ".patch", "issue_url": issue, "commits_url": api + "/commits",
		"review_comments_url": api + "/comments", "review_comment_url": r.api() + "/pulls/comments{/number}", "comments_url": issue + "/comments",
		"statuses_url": r.api() + "/statuses/" + p.HeadSHA, "assignee": nil, "assignees": []any{}, "requested_reviewers": []any{},
		"requested_teams": []any{}, "milestone": nil, "author_association": "MEMBER", "auto_merge": nil, "active_lock_reason": nil,
		"_links": object{"self": object{"href": api}, "html": object{"href": html}, "issue": object{"href": issue}, "statuses": object{"href": r.api() + "/statuses/" + p.HeadSHA}},
	}
	if p.Ghost {
		o["user"] = nil
	}
	if p.Merged {
		o["merged_at"], o["merge_commit_sha"] = stamp(p.Closed), SHA(fmt.Sprintf("%d %d merge", r.id, p.Number))
	}
	return o
}

func fileJSON(r *repository, p *pull, f File) object {
	if f.Status == "" {
		f.Status = "modified"
	}
	o := object{
		"sha": SHA(p.HeadSHA + f.Name), "filename": f.Name, "status": f.Status, "additions": 1, "deletions": 1, "changes": 2,
		"blob_url": r.html() + "/blob/" + p.HeadSHA + "/" + f.Name, "raw_url": r.html() + "/raw/" + p.HeadSHA + "/" + f.Name,
		"contents_url": r.api() + "/contents/" + f.Name + "?ref=" + p.HeadSHA, "patch": "@@ -1 +1 @@\n-a\n+b",
	}
	if f.Status == "renamed" {
		o["previous_filename"] = f.Previous
	}
	return o
}
