package rowtemplate

import (
	"encoding/json"
	"errors"
	"fmt"
	"strings"

	"github.com/previewset/previewset/internal/preview"
)

// Form is the saved form of environments. The JSON keys "shapes" and "packed", for templates and environments, have
// their earlier names: saved states have them.
type Form struct {
	Parts        []string           `json:"parts,omitempty"`
	Templates    [][]run            `json:"shapes,omitempty"`
	Environments []savedEnvironment `json:"packed,omitempty"`
}

// run is a sequence of parts: the position of the first one, and their number.
type run [2]int

type savedEnvironment struct {
	Template int      `json:"s"`
	Values   []string `json:"v"`
}

var errInvalid = errors.New("expand environment: invalid row template")

// Expand restores the environments by name. It fails if they have more than most bytes of JSON together.
func (f Form) Expand(most int) (map[string]preview.Remembered, error) {
	environments, left := make(map[string]preview.Remembered, len(f.Environments)), most
	for _, e := range f.Environments {
		if e.Template < 0 || e.Template >= len(f.Templates) {
			return nil, errInvalid
		}
		text, err := f.expandTemplate(f.Templates[e.Template], e.Values, left)
		if err != nil {
			return nil, err
		}
		left -= len(text)
		var environment preview.Remembered
		if err := json.Unmarshal([]byte(text), &environment); err != nil {
			return nil, errors.Join(errInvalid, err)
		}
		if environment.Row.Name == "" || environment.Row.Namespace == "" {
			return nil, errInvalid
		}
		environments[environment.Row.Name] = environment
	}
	return environments, nil
}

// expandTemplate joins the parts of a template and replaces its marks by values.
func (f Form) expandTemplate(template []run, values []string, most int) (string, error) {
	var b strings.Builder
	for _, r := range template {
		if r[0] < 0 || r[1] < 0 || r[0] > len(f.Parts) || r[1] > len(f.Parts)-r[0] {
			return "", errInvalid
		}
		for _, part := range f.Parts[r[0] : r[0]+r[1]] {
			if err := expandPart(&b, part, values, most); err != nil {
				return "", err
			}
		}
	}
	return b.String(), nil
}

func expandPart(b *strings.Builder, part string, values []string, most int) error {
	if part == "" { // never saved; millions of them would cost time without any text
		return errInvalid
	}
	for {
		before, after, found := strings.Cut(part, string(mark))
		b.WriteString(before)
		if b.Len() > most {
			return fmt.Errorf("%w: larger than allowed", errInvalid)
		}
		if !found {
			return nil
		}
		if after == "" || after[0] < 'a' || int(after[0]-'a') >= len(values) {
			return errInvalid
		}
		b.WriteString(values[after[0]-'a'])
		part = after[1:]
	}
}
