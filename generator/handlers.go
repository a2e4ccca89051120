package generator

import (
	"bytes"
	"compress/gzip"
	"encoding/json"
	"errors"
	"io"
	"net/http"
	"regexp"
	"strconv"
	"strings"

	"github.com/gin-gonic/gin"

	"github.com/previewset/previewset/internal/preview"
)

// paramsRequest is what Argo CD's plugin generator sends. The ApplicationSet's name is the only thing that it says of
// who asks.
type paramsRequest struct {
	ApplicationSetName string `json:"applicationSetName"`
	Input              struct {
		Parameters map[string]json.RawMessage `json:"parameters"`
	} `json:"input"`
}

// getParams answers Argo CD. It says 200 only with a whole answer: with any other body Argo CD would delete everything.
func (g *Generator) getParams(c *gin.Context) {
	name, f, ok := g.readFilter(c)
	if !ok {
		return
	}
	s := g.current(c)
	if s == nil {
		return
	}
	body, err := s.answer(f)
	if err != nil {
		_ = c.Error(err)
		return
	}
	g.callers.add(name, s.number)
	writeGzip(c, body)
}

func (g *Generator) readFilter(c *gin.Context) (name string, f filter, ok bool) {
	content, err := io.ReadAll(c.Request.Body)
	if _, tooLarge := errors.AsType[*http.MaxBytesError](err); tooLarge {
		fail(c, http.StatusBadRequest, "the body is larger than %d KiB", maxBody>>10)
		return "", nil, false
	}
	var r paramsRequest
	if err == nil {
		err = json.Unmarshal(content, &r)
	}
	if err == nil && !bytes.HasPrefix(bytes.TrimSpace(content), []byte("{")) {
		err = errors.New("it is no JSON object")
	}
	if err != nil {
		fail(c, http.StatusBadRequest, "the body is not what Argo CD's plugin generator sends: %s", preview.Printable(err.Error()))
		return "", nil, false
	}
	g.callers.add(r.ApplicationSetName, 0)
	f, err = parseFilter(r.Input.Parameters)
	if err != nil {
		fail(c, http.StatusBadRequest, "%s; mend the ApplicationSet's spec.generators[].plugin.input.parameters", err)
		return "", nil, false
	}
	return r.ApplicationSetName, f, true
}

// current is what is served now; nil, with the answer given, where there is nothing yet.
func (g *Generator) current(c *gin.Context) *served {
	s := g.served.Load()
	if s == nil {
		fail(c, http.StatusServiceUnavailable, "no whole snapshot has been computed yet: %s", g.status.Load().Reason)
	}
	return s
}

// writeGzip writes a compressed body as it is to who accepts that, and unpacked to others.
func writeGzip(c *gin.Context, body []byte) {
	c.Header("Content-Type", "application/json; charset=utf-8")
	c.Header("Vary", "Accept-Encoding")
	if acceptsGzip(c.GetHeader("Accept-Encoding")) {
		c.Header("Content-Encoding", "gzip")
		c.Header("Content-Length", strconv.Itoa(len(body)))
		_, _ = c.Writer.Write(body) // the client may go
		return
	}
	r, err := gzip.NewReader(bytes.NewReader(body))
	if err != nil {
		_ = c.Error(err)
		return
	}
	_, _ = io.Copy(c.Writer, r) //nolint:gosec // G110: we packed it ourselves
}

func acceptsGzip(header string) bool {
	for coding := range strings.SplitSeq(header, ",") {
		name, weight, _ := strings.Cut(strings.ReplaceAll(coding, " ", ""), ";q=")
		if strings.EqualFold(name, "gzip") {
			return weight == "" || strings.Trim(weight, "0.") != ""
		}
	}
	return false
}

// listed is a live environment, and why it is there.
type listed struct {
	*preview.Row
	Decision *preview.Decision `json:"decision,omitempty"`
}

// decisions are those by which environments are live, by name.
func (s *served) decisions() map[string]*preview.Decision {
	live := make(map[string]*preview.Decision, len(s.snapshot.Rows))
	for i := range s.snapshot.Decisions { // others may want the same name, and be held for it
		if d := &s.snapshot.Decisions[i]; d.Outcome == preview.Live || d.Outcome == preview.Asleep {
			live[d.Environment] = d
		}
	}
	return live
}

func (g *Generator) listEnvironments(c *gin.Context) {
	s := g.current(c)
	if s == nil {
		return
	}
	decisions := s.decisions()
	environments := make([]listed, len(s.snapshot.Rows))
	for i := range s.snapshot.Rows {
		environments[i] = listed{Row: &s.snapshot.Rows[i], Decision: decisions[s.snapshot.Rows[i].Name]}
	}
	c.JSON(http.StatusOK, gin.H{"environments": environments})
}

var commitPattern = regexp.MustCompile(`^[0-9a-f]{7,40}$`)

func (g *Generator) getEnvironment(c *gin.Context) {
	s := g.current(c)
	if s == nil {
		return
	}
	commit := c.Query("config_commit")
	if commit != "" && !commitPattern.MatchString(commit) {
		fail(c, http.StatusBadRequest, "config_commit is no commit of 7 to 40 characters 0-9 and a-f")
		return
	}
	for _, r := range s.snapshot.Rows {
		if r.Name == c.Param("name") {
			status := g.environmentStatus(c.Request.Context(), r)
			status.Decision = s.decisions()[r.Name]
			if commit != "" {
				read := s.inputs.config != nil && s.inputs.config.Follows(commit)
				status.ConfigRead = &read
			}
			c.JSON(http.StatusOK, status)
			return
		}
	}
	fail(c, http.StatusNotFound, "no live environment has that name; previewctl why says whether one is held or gone")
}

// listDecisions answers all decisions, or those of one repository or pull request.
func (g *Generator) listDecisions(c *gin.Context) {
	s := g.current(c)
	if s == nil {
		return
	}
	number, err := strconv.Atoi(c.DefaultQuery("number", "0"))
	if err != nil {
		fail(c, http.StatusBadRequest, "number is not a pull request's number")
		return
	}
	repository := c.Query("repository")
	repositories, decisions := s.called(repository), []preview.Decision{}
	for _, d := range s.snapshot.Decisions {
		if (repository == "" || containsFold(repositories, d.Repository)) && (number == 0 || number == d.Number) {
			decisions = append(decisions, d)
		}
	}
	problems := append([]string{}, s.snapshot.Problems...)
	if why := g.status.Load().unheard(repositories); repository != "" && why != "" {
		problems = append(problems, why)
	}
	c.JSON(http.StatusOK, gin.H{"decisions": decisions, "problems": problems})
}

// called are the names that decisions have for a repository: configuration may know it by another one than GitHub.
func (s *served) called(repository string) []string {
	names, key := []string{repository}, strings.ToLower(repository)
	if now := s.inputs.facts.Repositories[key].FullName; now != "" {
		names = append(names, preview.Printable(now))
	}
	for i := range s.snapshot.Rows { // what is remembered of it where it can't be read
		if row := s.snapshot.Rows[i]; row.Repository != "" && containsFold(repositoryNames(s.snapshot, row), key) && !containsFold(names, row.Repository) {
			names = append(names, row.Repository)
		}
	}
	return names
}

// readyz is 200 once a whole snapshot has been computed; with ?verbose it tells the age of everything.
func (g *Generator) readyz(c *gin.Context) {
	st, code := g.status.Load(), http.StatusOK
	if g.served.Load() == nil {
		code = http.StatusServiceUnavailable
	}
	if _, verbose := c.GetQuery("verbose"); verbose {
		c.String(code, "%s", st.verbose(g.opts.Now()))
		return
	}
	if code != http.StatusOK {
		c.String(code, "not ready: %s\n", st.Reason)
		return
	}
	c.String(code, "ok\n")
}
