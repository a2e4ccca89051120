package envfile

import (
	"encoding/json"
	"strings"

	"github.com/spf13/cobra"

	"github.com/previewset/previewset/internal/cli/flags"
	"github.com/previewset/previewset/internal/config"
	"github.com/previewset/previewset/internal/overlay/yamldoc"
)

// checkEnv sets variables of services. The check of the file validates names and values.
func (f *Flags) checkEnv(cmd *cobra.Command) error {
	for _, text := range f.env {
		name, value, isSet := strings.Cut(text, "=")
		service, variable, ok := strings.Cut(name, ".")
		if !isSet {
			variable, isSet = strings.CutSuffix(variable, "-")
			ok = ok && isSet
		}
		if !ok || variable == "" || !flags.IsServiceName(service) {
			return flags.Usagef(cmd, "--env %q: invalid format; use for example orders.LOG_LEVEL=debug", text)
		}
		if err := flags.CheckLine(cmd, "--env", text); err != nil {
			return err
		}
		keys := []string{"services", service, "env", variable}
		if strings.Contains(text, "=") {
			f.set(value, name, keys...)
		} else {
			f.set(nil, service+"."+variable, keys...)
		}
	}
	return nil
}

// withVariables returns the value of a service's key, with the variables that the file has. A nil ref leaves only these.
func withVariables(p *config.Policy, d *yamldoc.Document, ref refValue, keys ...string) (any, error) {
	var env map[string]any
	if err := d.Decode(&env, append(keys, "env")...); err != nil {
		return nil, err
	}
	var value any
	if ref != nil {
		var err error
		if value, err = ref(p); err != nil || len(env) == 0 {
			return value, err
		}
	}
	if len(env) == 0 {
		return nil, nil
	}
	merged := map[string]any{}
	if value != nil { // a map of one key
		text, err := json.Marshal(value)
		if err != nil {
			return nil, err
		}
		if err := json.Unmarshal(text, &merged); err != nil {
			return nil, err
		}
	}
	merged["env"] = env
	return merged, nil
}
