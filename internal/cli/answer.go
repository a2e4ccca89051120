package cli

import (
	"io"
	"time"

	"github.com/spf13/cobra"

	"github.com/previewset/previewset/internal/cli/configrepo"
	"github.com/previewset/previewset/internal/cli/envfile"
	"github.com/previewset/previewset/internal/cli/flags"
	"github.com/previewset/previewset/internal/cli/output"
	"github.com/previewset/previewset/internal/cli/terminal"
	"github.com/previewset/previewset/internal/cli/wait"
	"github.com/previewset/previewset/internal/gitrepo"
	"github.com/previewset/previewset/internal/preview"
)

// answerOutput is -o of the commands that change, request or wait. In JSON and YAML, standard output has only the
// answer. The text for a person then goes to standard error.
type answerOutput struct {
	format string
	out    io.Writer // nil for text
}

func (a *answerOutput) add(cmd *cobra.Command) {
	flags.Output(cmd, &a.format, "text", "text", "json", "yaml")
}

// check checks the flag and returns the terminal for text.
func (a *answerOutput) check(cmd *cobra.Command, term *terminal.Process) (*terminal.Process, error) {
	if err := flags.CheckOutput(cmd, a.format, "text", "json", "yaml"); err != nil || a.format == "text" {
		return term, err
	}
	a.out = term.Out
	forText := *term
	forText.Out, forText.OutTTY = forText.Err, false
	return &forText, nil
}

// print prints the answer. Its text is already printed.
func (a *answerOutput) print(answer any) error {
	if a.out == nil {
		return nil
	}
	return output.Encode(a.out, a.format, answer)
}

// changeAnswer is the JSON of create, set and delete.
type changeAnswer struct {
	Name string `json:"name"`
	URL  string `json:"url"`
	// Result is created, changed, deleted or unchanged.
	Result string `json:"result"`
	// DryRun says that nothing was committed.
	DryRun bool   `json:"dry_run"`
	Branch string `json:"branch"`
	// Commit is empty for a dry run.
	Commit    string            `json:"commit"`
	Patch     string            `json:"patch,omitempty"`
	ReviewURL string            `json:"review_url,omitempty"`
	Held      *preview.Decision `json:"held,omitempty"`
}

func newChangeAnswer(f *envfile.File, r gitrepo.Result, o configrepo.CommitOptions, done string) changeAnswer {
	a := changeAnswer{
		Name: f.Name, URL: f.URL(), Result: done, DryRun: o.DryRun, Branch: r.Branch, Commit: r.Commit, Patch: r.Patch,
		ReviewURL: r.ReviewURL,
	}
	if r.Unchanged {
		a.Result = "unchanged"
	}
	if o.DryRun {
		a.Commit = ""
	}
	return a
}

// requestAnswer is the JSON of wake, sleep, extend and redeploy.
type requestAnswer struct {
	Name   string `json:"name"`
	Action string `json:"action"` // wake, sleep, extend or redeploy
	// Until is missing if the request has no end.
	Until *time.Time `json:"until,omitempty"`
	Note  string     `json:"note,omitempty"`
}

// waitAnswer is the JSON of wait.
type waitAnswer struct {
	Name string `json:"name"`
	// Result is healthy or gone, as requested, or else timeout, degraded, gone or held.
	Result  string        `json:"result"`
	URL     string        `json:"url,omitempty"`
	State   preview.State `json:"state,omitempty"`
	Phase   preview.Phase `json:"phase,omitempty"`
	Reason  string        `json:"reason,omitempty"`
	Remedy  string        `json:"remedy,omitempty"`
	Seconds int           `json:"seconds"`
}

func newWaitAnswer(o *wait.Options, r wait.Result, result string) waitAnswer {
	a := waitAnswer{Name: o.Target, Result: result, Seconds: int(o.Env.Now().Sub(r.Began).Seconds())}
	if r.Name != "" {
		a.Name = r.Name
	}
	if result != wait.Gone {
		a.URL, a.State, a.Phase = r.URL, r.State, r.Progress.Phase
		a.Reason, a.Remedy = r.Cause, r.Progress.Remedy
	}
	return a
}
