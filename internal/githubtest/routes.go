package githubtest

import "net/http"

// routes is everything that is served. A path that isn't here is GitHub's 404.
func (s *Server) routes() *http.ServeMux {
	m := http.NewServeMux()
	on := func(pattern string, h func(*call) *answer) {
		m.HandleFunc(pattern, func(w http.ResponseWriter, r *http.Request) {
			rec := w.(*recorder) //nolint:forcetypeassert // dispatch passes nothing else
			rec.call.r = r
			rec.answer = h(rec.call)
		})
	}
	on("/", func(*call) *answer { return notFound() })
	on("POST /app/installations/{installation}/access_tokens", s.createInstallationToken)
	on("GET /users/{login}", getUser)
	on("POST /user/repos", createRepository)
	on("POST /orgs/{org}/repos", createRepository)
	repoRoutes(func(method, path string, h func(*call, *repository) *answer) {
		on(method+" /repos/{owner}/{repo}"+path, withRepo(h))
	})
	pullRoutes(func(method, path string, h func(*call, *repository, *pull) *answer) {
		on(method+" /repos/{owner}/{repo}"+path, withPull(h))
	})
	return m
}

func repoRoutes(on func(method, path string, h func(*call, *repository) *answer)) {
	by := func(value string, h func(*call, *repository, string) *answer) func(*call, *repository) *answer {
		return func(c *call, r *repository) *answer { return h(c, r, c.value(value)) }
	}
	on("GET", "", getRepository)
	on("PATCH", "", patchRepository)
	on("DELETE", "", deleteRepository)
	on("POST", "/transfer", transferRepository)
	on("GET", "/pulls", listPulls)
	on("POST", "/pulls", createPull)
	on("GET", "/compare/{basehead...}", by("basehead", compareCommits))
	on("GET", "/collaborators/{login}/permission", by("login", getPermission))
	on("GET", "/branches", listBranches)
	on("GET", "/branches/{branch...}", getBranch)
	on("GET", "/git/ref/{ref...}", getRef)
	on("GET", "/git/matching-refs/{ref...}", matchingRefs)
	on("POST", "/git/refs", createRef)
	on("PATCH", "/git/refs/{ref...}", updateRef)
	on("DELETE", "/git/refs/{ref...}", deleteRef)
	on("GET", "/git/tags/{sha}", by("sha", getTagObject))
	on("POST", "/git/tags", createTagObject)
	on("GET", "/commits/{ref}", by("ref", getCommit))
	on("GET", "/commits/{ref}/branches-where-head", by("ref", branchesWhereHead))
	on("GET", "/commits/{ref}/statuses", by("ref", listStatuses))
	on("GET", "/commits/{ref}/status", by("ref", combinedStatus))
	on("GET", "/commits/{ref}/check-runs", by("ref", listCheckRuns))
	on("GET", "/commits/{ref}/check-suites", by("ref", listCheckSuites))
	on("POST", "/statuses/{sha}", by("sha", createStatus))
	on("POST", "/check-runs", createCheckRun)
	on("GET", "/hooks", listHooks)
	on("POST", "/hooks", createHook)
	on("DELETE", "/hooks/{hook}", deleteHook)
	on("GET", "/hooks/{hook}/deliveries", listDeliveries)
	on("POST", "/hooks/{hook}/deliveries/{delivery}/attempts", redeliver)
}

func pullRoutes(on func(method, path string, h func(*call, *repository, *pull) *answer)) {
	for _, path := range []string{"/pulls/{number}", "/issues/{number}"} {
		on("GET", path, getPull)
		on("PATCH", path, patchPull)
	}
	on("GET", "/pulls/{number}/merge", isMerged)
	on("PUT", "/pulls/{number}/merge", mergePull)
	on("GET", "/pulls/{number}/files", listFiles)
	on("GET", "/pulls/{number}/reviews", listReviews)
	on("POST", "/pulls/{number}/reviews", createReview)
	on("PUT", "/pulls/{number}/reviews/{review}/dismissals", dismissReview)
	on("GET", "/issues/{number}/events", listEvents)
	on("GET", "/issues/{number}/labels", listLabels)
	on("POST", "/issues/{number}/labels", changeLabels(false))
	on("PUT", "/issues/{number}/labels", changeLabels(true))
	on("DELETE", "/issues/{number}/labels", deleteLabels)
	on("DELETE", "/issues/{number}/labels/{name}", deleteLabel)
}
