package store

import (
	"bytes"
	"compress/gzip"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"time"

	"github.com/previewset/previewset/generator/announced"
	"github.com/previewset/previewset/generator/progress"
	"github.com/previewset/previewset/generator/report"
	"github.com/previewset/previewset/generator/shares"
	"github.com/previewset/previewset/generator/store/rowtemplate"
	"github.com/previewset/previewset/internal/preview"
)

const (
	formatVersion = 4
	// maxText bounds the JSON text of the saved state in bytes. maxExpanded bounds the environments in it after expansion.
	// A larger state is neither written nor read.
	maxText     = 64 << 20
	maxExpanded = 512 << 20
)

// State is everything that the generator keeps between two runs.
type State struct {
	Memory preview.Memory
	// Reported holds the commit statuses that GitHub had at this save, by pull request. A status that was set later is set
	// again after a restart, which does no harm.
	Reported map[string]string
	// Reports holds the check runs, deployments and comments that GitHub had at this save.
	Reports report.SavedRecords
	// Requested holds the resources that sleeping environments requested while they were awake, by environment.
	Requested map[string]Resources
	// Filters are those of the ApplicationSets' last answers, by ApplicationSet.
	Filters map[string]Filter
	// Progress has the phases of environments, with the times at which they began.
	Progress progress.SavedProgress
	// Shares are the links for guests by ID.
	Shares map[string]shares.Share
	// Announced are the states of pull requests that webhooks announced within the last hour.
	Announced announced.Saved
}

// Filter is the filter of an ApplicationSet's last answer.
type Filter struct {
	// Values are the accepted values by input parameter.
	Values map[string][]string `json:"values,omitempty"`
	// Lost are the environments that it selected, until what it reads changed. They wait for confirmation.
	Lost []string `json:"lost,omitempty"`
}

// Resources are requested cores and bytes of memory.
type Resources struct {
	CPU    float64 `json:"cpu"`
	Memory float64 `json:"memory"`
}

// document is the saved state as gzip-compressed JSON.
type document struct {
	Version          int                     `json:"version"`
	Saved            time.Time               `json:"saved"`
	Memory           preview.Memory          `json:"memory"` // without its environments
	Reported         map[string]string       `json:"reported,omitempty"`
	Reports          report.SavedRecords     `json:"reports,omitempty"`
	Requested        map[string]Resources    `json:"requested,omitempty"`
	Filters          map[string]Filter       `json:"filters,omitempty"`
	Progress         progress.SavedProgress  `json:"progress,omitzero"`
	Shares           map[string]shares.Share `json:"shares,omitempty"`
	Announced        announced.Saved         `json:"announced,omitempty"`
	rowtemplate.Form                         // Memory.Environments
}

// Decode reads a saved state. It refuses a partly readable one: environments that it lacks would be removed.
func Decode(content []byte) (State, error) {
	d, err := decodeDocument(content)
	if err == nil {
		d.Memory.Environments, err = d.Expand(maxExpanded)
	}
	if err != nil {
		return State{}, fmt.Errorf("decode saved state: %w", err)
	}
	return State{
		Memory: d.Memory, Reported: d.Reported, Reports: d.Reports, Requested: d.Requested, Filters: d.Filters,
		Progress: d.Progress, Shares: d.Shares, Announced: d.Announced,
	}, nil
}

func decodeDocument(content []byte) (d document, err error) {
	zip, err := gzip.NewReader(bytes.NewReader(content))
	if err != nil {
		return d, err
	}
	text, err := io.ReadAll(io.LimitReader(zip, maxText+1)) // to its end, because the checksum is there
	switch {
	case err != nil:
		return d, err
	case len(text) > maxText:
		return d, fmt.Errorf("larger than %d MiB", maxText>>20)
	}
	if err := json.Unmarshal(text, &d); err != nil {
		return d, err
	}
	switch {
	case d.Version != formatVersion:
		return d, fmt.Errorf("unknown version %d", d.Version)
	case len(d.Memory.Repositories) == 0:
		return d, errors.New("no repositories; every saved state has some")
	}
	return d, nil
}

// encodeState writes a state with the environments as row templates.
func encodeState(e *rowtemplate.Encoder, s State, now time.Time) ([]byte, error) {
	m := s.Memory.Kept()
	m.Environments = nil
	head, err := json.Marshal(document{
		Version: formatVersion, Saved: now.UTC(), Memory: m, Reported: s.Reported, Reports: s.Reports,
		Requested: s.Requested, Filters: s.Filters, Progress: s.Progress,
		Shares: s.Shares, Announced: s.Announced,
	})
	if err != nil {
		return nil, fmt.Errorf("encode saved state: %w", err)
	}
	content, size, err := e.Encode(head, s.Memory.Environments)
	if err != nil {
		return nil, err
	}
	return content, checkReadable(size)
}

// checkReadable refuses a state that Decode would refuse after a restart.
func checkReadable(s rowtemplate.Size) error {
	if s.Text <= maxText && s.Expanded <= maxExpanded {
		return nil
	}
	return fmt.Errorf("save state: it has %d MiB (at most %d) and its environments %d MiB (at most %d); "+
		"lower limits.environments, or run fewer services", s.Text>>20, maxText>>20, s.Expanded>>20, maxExpanded>>20)
}
