package envfile

import (
	"fmt"
	"maps"
	"slices"

	"github.com/previewset/previewset/internal/cli/output"
	"github.com/previewset/previewset/internal/config"
	"github.com/previewset/previewset/internal/overlay/yamldoc"
)

// Setting is one key of environment.yaml and its new value; nil takes the key out.
type Setting struct {
	Keys  []string
	Value func(*config.Policy, *yamldoc.Document) (any, error)
	Label string // for the commit's subject
}

// SetValue is a setting that is known already.
func SetValue(value any, what string, keys ...string) Setting {
	return Setting{Keys: keys, Label: what, Value: func(*config.Policy, *yamldoc.Document) (any, error) { return value, nil }}
}

// apply sets what was said in a file, and names what that changes.
func Apply(settings []Setting, p *config.Policy, d *yamldoc.Document) ([]string, error) {
	changed := map[string]bool{}
	for _, s := range settings {
		before := string(d.Bytes())
		value, err := s.Value(p, d)
		if err == nil && value == nil {
			err = d.Remove(s.Keys...)
		} else if err == nil {
			err = d.Set(value, s.Keys...)
		}
		if err != nil {
			return nil, err
		}
		if string(d.Bytes()) != before && s.Label != "" {
			changed[s.Label] = true
		}
	}
	return slices.Sorted(maps.Keys(changed)), nil
}

func CheckService(p *config.Policy, name string) error {
	var names []string
	for _, s := range p.Services {
		if s.Name == name {
			return nil
		}
		names = append(names, s.Name)
	}
	text := "there is no service " + name
	if near := config.Nearest(name, names); near != "" {
		text += "; did you mean " + near + "?"
	}
	return fmt.Errorf("%s\nservices of previewset.yaml: %s", text, output.List(names))
}
