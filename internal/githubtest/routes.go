package githubtest

import (
	"net/http"
	"net/http/httptest"
)

// exchange carries a call through the mux to its handler, and the handler's answer back. If the mux itself answers,
// for example 405, its answer is in the ResponseRecorder.
type exchange struct {
	*httptest.ResponseRecorder
	call   *call
	answer *answer
}

// dispatch lets the mux choose the handler, and returns the handler's answer.
func dispatch(routes *http.ServeMux, c *call) *answer {
	e := &exchange{ResponseRecorder: httptest.NewRecorder(), call: c}
	routes.ServeHTTP(e, c.request)
	if e.answer == nil {
		return &answer{status: e.Code, header: e.Header(), body: e.Body.Bytes()}
	}
	return e.answer
}

// newRoutes returns all routes of the API. Every other path is GitHub's 404.
func newRoutes(k *credentials) *http.ServeMux {
	m := http.NewServeMux()
	on := func(pattern string, h func(*call) *answer) {
		m.HandleFunc(pattern, func(w http.ResponseWriter, r *http.Request) {
			e := w.(*exchange) //nolint:forcetypeassert // dispatch passes nothing else
			e.call.request = r
			e.answer = h(e.call)
		})
	}
	on("/", func(*call) *answer { return notFound() })
	on("POST /app/installations/{installation}/access_tokens", k.createInstallationToken)
	on("GET /users/{login}", getUser)
	on("GET /user", getTokenUser)
	on("POST /user/repos", createRepository)
	on("POST /orgs/{org}/repos", createRepository)
	inRepository := func(method, path string, h func(*call, *repository) *answer) {
		on(method+" /repos/{owner}/{repo}"+path, withRepository(h))
	}
	addRepositoryRoutes(inRepository)
	addRefRoutes(inRepository)
	addCommitRoutes(func(method, path string, h func(*call, *repository, string) *answer) {
		inRepository(method, path, func(c *call, r *repository) *answer { return h(c, r, c.value("ref")) })
	})
	addPullRoutes(func(method, path string, h func(*call, *repository, *pull) *answer) {
		on(method+" /repos/{owner}/{repo}"+path, withPull(h))
	})
	return m
}

func addRepositoryRoutes(on func(method, path string, h func(*call, *repository) *answer)) {
	on("GET", "", getRepository)
	on("PATCH", "", patchRepository)
	on("DELETE", "", deleteRepository)
	on("POST", "/transfer", transferRepository)
	on("GET", "/pulls", listPulls)
	on("POST", "/pulls", createPull)
	on("POST", "/check-runs", createCheckRun)
	on("GET", "/check-runs/{run}", getCheckRun)
	on("PATCH", "/check-runs/{run}", updateCheckRun)
	on("GET", "/deployments", listDeployments)
	on("POST", "/deployments", createDeployment)
	on("GET", "/deployments/{deployment}", withDeployment(getDeployment))
	on("DELETE", "/deployments/{deployment}", withDeployment(deleteDeployment))
	on("POST", "/deployments/{deployment}/statuses", withDeployment(createDeploymentStatus))
	on("PATCH", "/issues/comments/{comment}", editComment)
	on("GET", "/hooks", listHooks)
	on("POST", "/hooks", createHook)
	on("DELETE", "/hooks/{hook}", deleteHook)
	on("GET", "/hooks/{hook}/deliveries", listDeliveries)
	on("POST", "/hooks/{hook}/deliveries/{delivery}/attempts", redeliverHook)
}

func addRefRoutes(on func(method, path string, h func(*call, *repository) *answer)) {
	on("GET", "/branches", listBranches)
	on("GET", "/branches/{branch...}", getBranch)
	on("GET", "/git/ref/{ref...}", getRef)
	on("GET", "/git/matching-refs/{ref...}", matchingRefs)
	on("POST", "/git/refs", createRef)
	on("PATCH", "/git/refs/{ref...}", updateRef)
	on("DELETE", "/git/refs/{ref...}", deleteRef)
	on("POST", "/git/tags", createTagObject)
}

// addCommitRoutes adds the routes with one parameter besides the repository, most of them a commit.
func addCommitRoutes(on func(method, path string, h func(*call, *repository, string) *answer)) {
	on("GET", "/commits/{ref}", getCommit)
	on("GET", "/commits/{ref}/branches-where-head", branchesWhereHead)
	on("GET", "/commits/{ref}/statuses", listStatuses)
	on("GET", "/commits/{ref}/status", combinedStatus)
	on("GET", "/commits/{ref}/check-runs", listCheckRuns)
	on("GET", "/commits/{ref}/check-suites", listCheckSuites)
	on("POST", "/statuses/{ref}", createStatus)
	on("GET", "/git/tags/{ref}", getTagObject)
	on("GET", "/compare/{ref...}", compareCommits)
	on("GET", "/collaborators/{ref}/permission", getPermission)
	on("GET", "/labels/{ref}", getRepositoryLabel)
	on("DELETE", "/labels/{ref}", deleteRepositoryLabel)
}

func addPullRoutes(on func(method, path string, h func(*call, *repository, *pull) *answer)) {
	for _, path := range []string{"/pulls/{number}", "/issues/{number}"} {
		on("GET", path, getPull)
		on("PATCH", path, patchPull)
	}
	on("GET", "/pulls/{number}/merge", getMerged)
	on("PUT", "/pulls/{number}/merge", mergePull)
	on("GET", "/pulls/{number}/files", listFiles)
	on("GET", "/pulls/{number}/reviews", listReviews)
	on("POST", "/pulls/{number}/reviews", createReview)
	on("PUT", "/pulls/{number}/reviews/{review}/dismissals", dismissReview)
	on("GET", "/issues/{number}/events", listIssueEvents)
	on("GET", "/issues/{number}/comments", listComments)
	on("POST", "/issues/{number}/comments", createComment)
	on("GET", "/issues/{number}/labels", listLabels)
	on("POST", "/issues/{number}/labels", postLabels)
	on("PUT", "/issues/{number}/labels", putLabels)
	on("DELETE", "/issues/{number}/labels", deleteLabels)
	on("DELETE", "/issues/{number}/labels/{name}", deleteLabel)
}
