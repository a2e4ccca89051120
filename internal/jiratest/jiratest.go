// Package jiratest simulates the part of Jira that has remote links of issues. It answers as Jira's documentation of
// the REST API says: https://developer.atlassian.com/cloud/jira/platform/rest/v2/api-group-issue-remote-links/
package jiratest

import (
	"encoding/json"
	"net/http"
	"strconv"
	"sync"
)

// Link is a remote link of an issue.
type Link struct {
	Issue, GlobalID, URL, Title, Summary string
	Resolved                             bool
}

// Fault is a wrong answer.
type Fault struct {
	Status     int
	RetryAfter int // in seconds; 0 without
}

// Server is a simulated Jira. It implements http.Handler.
type Server struct {
	user, token string

	mu     sync.Mutex
	issues map[string]bool
	links  []Link
	faults []Fault
	writes int
}

// New returns a Jira with issues, and an account. Without a user, the token is a personal access token.
func New(user, token string, issues ...string) *Server {
	s := &Server{user: user, token: token, issues: map[string]bool{}}
	for _, issue := range issues {
		s.issues[issue] = true
	}
	return s
}

// Fail makes the next requests fail, one for each fault.
func (s *Server) Fail(faults ...Fault) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.faults = append(s.faults, faults...)
}

// Links returns all remote links in the order of their creation.
func (s *Server) Links() []Link {
	s.mu.Lock()
	defer s.mu.Unlock()
	return append([]Link(nil), s.links...)
}

// Requests returns the number of requests until now.
func (s *Server) Requests() int {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.writes
}

// ServeHTTP implements http.Handler.
func (s *Server) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	mux := http.NewServeMux()
	mux.HandleFunc("POST /rest/api/2/issue/{issue}/remotelink", s.put)
	mux.ServeHTTP(w, r)
}

func (s *Server) put(w http.ResponseWriter, r *http.Request) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.writes++
	if len(s.faults) > 0 {
		fault := s.faults[0]
		s.faults = s.faults[1:]
		if fault.RetryAfter > 0 {
			w.Header().Set("Retry-After", strconv.Itoa(fault.RetryAfter))
		}
		refuse(w, fault.Status, http.StatusText(fault.Status))
		return
	}
	var body struct {
		GlobalID string `json:"globalId"`
		Object   struct {
			URL, Title, Summary string
			Status              struct{ Resolved bool }
		}
	}
	switch issue := r.PathValue("issue"); {
	case !s.isAccount(r):
		refuse(w, http.StatusUnauthorized, "Client must be authenticated to access this resource.")
	case !s.issues[issue]:
		refuse(w, http.StatusNotFound, "Issue does not exist or you do not have permission to see it.")
	case json.NewDecoder(r.Body).Decode(&body) != nil || body.Object.Title == "" || body.Object.URL == "":
		refuse(w, http.StatusBadRequest, "The request body is invalid.")
	case len(body.GlobalID) > 255 || len(body.Object.Title) > 255:
		refuse(w, http.StatusBadRequest, "A text is longer than 255 characters.")
	default:
		s.save(w, Link{
			Issue: issue, GlobalID: body.GlobalID, URL: body.Object.URL, Title: body.Object.Title,
			Summary: body.Object.Summary, Resolved: body.Object.Status.Resolved,
		})
	}
}

func (s *Server) isAccount(r *http.Request) bool {
	user, token, isBasic := r.BasicAuth()
	if s.user == "" {
		return r.Header.Get("Authorization") == "Bearer "+s.token
	}
	return isBasic && user == s.user && token == s.token
}

// save updates the link of the issue with the same global ID, or adds it.
func (s *Server) save(w http.ResponseWriter, link Link) {
	w.Header().Set("Content-Type", "application/json")
	for i, known := range s.links {
		if known.Issue == link.Issue && known.GlobalID == link.GlobalID {
			s.links[i] = link
			answer(w, http.StatusOK, 10000+i)
			return
		}
	}
	s.links = append(s.links, link)
	answer(w, http.StatusCreated, 10000+len(s.links)-1)
}

func answer(w http.ResponseWriter, status, id int) {
	w.WriteHeader(status)
	_ = json.NewEncoder(w).Encode(map[string]any{"id": id, "self": "/rest/api/2/issue/remotelink/" + strconv.Itoa(id)})
}

func refuse(w http.ResponseWriter, status int, message string) {
	w.Header().Set("Content-Type", "application/json")
	w.WriteHeader(status)
	_ = json.NewEncoder(w).Encode(map[string]any{"errorMessages": []string{message}, "errors": map[string]string{}})
}
