package githubtest

import (
	"bytes"
	"fmt"
	"maps"
	"strconv"
	"strings"
)

// pullsJSON shows a page of pull requests.
func pullsJSON(s *state, r *repository, page []*pull) []byte {
	var b bytes.Buffer
	b.WriteByte('[')
	for i, p := range page {
		if i > 0 {
			b.WriteByte(',')
		}
		b.Write(listedPullJSON(s, r, p))
	}
	b.WriteByte(']')
	return b.Bytes()
}

// pullsVersion differs whenever the JSON of the page differs. Each pull request and each activity in a repository
// that they embed changes it.
func pullsVersion(s *state, r *repository, page []*pull) string {
	var b strings.Builder
	_, _ = fmt.Fprintf(&b, "%d %d;", r.version, s.padding)
	for _, p := range page {
		head := int64(0)
		if h := s.repos[p.HeadRepository]; h != nil {
			head = h.version
		}
		_, _ = fmt.Fprintf(&b, "%d %d %d;", p.id, p.version, head)
	}
	return b.String()
}

// pullJSON shows a single pull request, which has more fields than one in a list.
func pullJSON(s *state, r *repository, p *pull) []byte {
	o := pullObject(r, p, s.padding)
	o["merged"], o["mergeable"], o["mergeable_state"] = p.Merged, true, "clean"
	o["changed_files"], o["commits"] = len(p.Files), 1
	o["comments"], o["review_comments"], o["additions"], o["deletions"], o["maintainer_can_modify"] = 0, 0, 1, 1, false
	return withBranches(s, r, p, o)
}

// listedPullJSON shows a pull request as it is in a list.
func listedPullJSON(s *state, r *repository, p *pull) []byte {
	return withBranches(s, r, p, pullObject(r, p, s.padding))
}

// withBranches encodes a pull request and adds its head and base. Their repositories are inserted as encoded JSON,
// because encoding them again costs much time.
func withBranches(s *state, r *repository, p *pull, o object) []byte {
	var head *repository
	if !p.HeadDeleted {
		head = s.repos[p.HeadRepository]
	}
	maps.Copy(o, p.Raw)
	b := bytes.NewBuffer(bytes.TrimSuffix(encode(o), []byte("}")))
	if _, replaced := p.Raw["head"]; !replaced {
		writeBranch(b, "head", head, p.HeadRef, p.HeadSHA, headOwner(s, p))
	}
	if _, replaced := p.Raw["base"]; !replaced {
		writeBranch(b, "base", r, p.BaseRef, p.BaseSHA, r.owner)
	}
	b.WriteByte('}')
	return b.Bytes()
}

func writeBranch(b *bytes.Buffer, side string, repo *repository, ref, sha, owner string) {
	_, _ = fmt.Fprintf(b, `,%q:{"label":%s,"ref":%s,"sha":%q,"user":%s,"repo":`,
		side, encode(owner+":"+ref), encode(ref), sha, encode(userJSON(owner)))
	if repo == nil {
		b.WriteString("null}")
		return
	}
	b.Write(repositoryJSON(repo))
	b.WriteByte('}')
}

// headOwner returns the owner of the head repository.
func headOwner(s *state, p *pull) string {
	if head := s.repos[p.HeadRepository]; head != nil {
		return head.owner
	}
	return "unknown"
}

func pullObject(r *repository, p *pull, padding int) object {
	number := strconv.Itoa(p.Number)
	api, html, issue := r.apiURL()+"/pulls/"+number, r.htmlURL()+"/pull/"+number, r.apiURL()+"/issues/"+number
	statuses := r.apiURL() + "/statuses/" + p.HeadSHA
	labels := make([]any, 0, len(p.Labels))
	for _, l := range p.Labels {
		labels = append(labels, labelJSON(r, l))
	}
	o := object{
		"id": p.id, "node_id": numericNodeID("PR", p.id), "number": p.Number, "state": p.State, "locked": false,
		"title": p.Title, "body": p.Body + strings.Repeat(".", padding), "draft": p.Draft, "labels": labels,
		"user": userJSON(p.Author), "created_at": stamp(p.Created), "updated_at": stamp(p.Updated),
		"closed_at": stamp(p.Closed), "merged_at": nil, "merge_commit_sha": nil, "url": api, "html_url": html,
		"diff_url": html + ".diff", "patch_url": html + ".patch", "issue_url": issue, "commits_url": api + "/commits",
		"review_comments_url": api + "/comments", "review_comment_url": r.apiURL() + "/pulls/comments{/number}",
		"comments_url": issue + "/comments", "statuses_url": statuses, "assignee": nil, "assignees": []any{},
		"requested_reviewers": []any{}, "requested_teams": []any{}, "milestone": nil, "author_association": "MEMBER",
		"auto_merge": nil, "active_lock_reason": nil,
		"_links": object{
			"self": object{"href": api}, "html": object{"href": html},
			"issue": object{"href": issue}, "statuses": object{"href": statuses},
		},
	}
	if p.AuthorDeleted {
		o["user"] = nil
	}
	if p.Merged {
		o["merged_at"], o["merge_commit_sha"] = stamp(p.Closed), mergeSHA(r, p)
	}
	return o
}

func labelJSON(r *repository, name string) object {
	return object{
		"id": idFromName(r.fullName() + name), "node_id": nodeID("LA", name), "url": r.apiURL() + "/labels/" + name,
		"name": name, "color": "ededed", "default": false, "description": nil,
	}
}

func fileJSON(r *repository, p *pull, f File) object {
	if f.Status == "" {
		f.Status = "modified"
	}
	path := p.HeadSHA + "/" + f.Name
	o := object{
		"sha": SHA(p.HeadSHA + f.Name), "filename": f.Name, "status": f.Status, "additions": 1, "deletions": 1,
		"changes": 2, "blob_url": r.htmlURL() + "/blob/" + path, "raw_url": r.htmlURL() + "/raw/" + path,
		"contents_url": r.apiURL() + "/contents/" + f.Name + "?ref=" + p.HeadSHA, "patch": "@@ -1 +1 @@\n-a\n+b",
	}
	if f.Status == "renamed" {
		o["previous_filename"] = f.Previous
	}
	return o
}
