package github

import (
	"errors"
	"fmt"
	"strings"

	"github.com/previewset/previewset/internal/preview"
)

type statusJSON struct {
	ID      int64    `json:"id"`
	Context string   `json:"context"`
	State   string   `json:"state"`
	Creator *account `json:"creator"`
}

func (s *statusJSON) result() (checkResult, error) {
	if s == nil || s.ID == 0 {
		return checkResult{}, errors.New("the answer has a status without an ID")
	}
	result := checkResult{id: s.ID, check: preview.Check{Name: s.Context, Green: s.State == "success"}}
	if s.Creator == nil {
		return result, nil
	}
	result.creator = s.Creator.ID
	if result.check.App = s.Creator.appSlug(); result.check.App == "" {
		result.check.User, result.check.UserID = s.Creator.Login, s.Creator.ID
	}
	return result, nil
}

type checkRunsJSON struct {
	Runs []*checkRunJSON `json:"check_runs"`
}

type checkRunJSON struct {
	ID         int64  `json:"id"`
	Name       string `json:"name"`
	HeadSHA    string `json:"head_sha"`
	Status     string `json:"status"`
	Conclusion string `json:"conclusion"`
	App        *struct {
		ID   int64  `json:"id"`
		Slug string `json:"slug"`
	} `json:"app"`
}

func (c *checkRunJSON) result(sha string) (checkResult, error) {
	switch {
	case c == nil || c.ID == 0:
		return checkResult{}, errors.New("the answer has a check run without an ID")
	case !strings.EqualFold(c.HeadSHA, sha):
		return checkResult{}, fmt.Errorf("the answer has a check run of another commit, %.7s", c.HeadSHA)
	}
	check := preview.Check{Name: c.Name, Green: c.Status == "completed" && c.Conclusion == "success"}
	if c.App != nil {
		check.App, check.AppID = c.App.Slug, c.App.ID
	}
	return checkResult{id: c.ID, check: check}, nil
}
