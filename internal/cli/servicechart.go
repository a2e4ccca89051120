package cli

import (
	"cmp"
	"context"
	"fmt"
	"os"
	"strings"

	"github.com/spf13/cobra"
	"helm.sh/helm/v3/pkg/helmpath"
	"sigs.k8s.io/yaml"

	"github.com/previewset/previewset/internal/cli/chartsource"
	"github.com/previewset/previewset/internal/cli/flags"
	"github.com/previewset/previewset/internal/cli/terminal"
	"github.com/previewset/previewset/internal/overlay/helmchart"
	"github.com/previewset/previewset/internal/overlay/newservice"
	"github.com/previewset/previewset/internal/overlay/source"
)

// maxValues is the largest accepted size of a values file in bytes.
const maxValues = 1 << 20

// chartOptions name a Helm chart.
type chartOptions struct {
	source, version, values string
	username, passwordFile  string
}

func (o *chartOptions) addFlags(cmd *cobra.Command) {
	f := cmd.Flags()
	f.StringVar(&o.version, "version", "", "set the chart's version, like 1.4.0")
	f.StringVar(&o.values, "values", "", "set the chart's values from a YAML file")
	f.StringVar(&o.username, "chart-username", "", "log in to the chart's registry or repository as this user "+
		"(default: PREVIEWSET_CHART_USERNAME, else the login of helm repo add or docker login)")
	f.StringVar(&o.passwordFile, "chart-password-file", "",
		"read the password of that user from a file (default: the password in PREVIEWSET_CHART_PASSWORD)")
}

func (o *chartOptions) check(cmd *cobra.Command) error {
	if o.source == "" && o.version+o.values != "" {
		return flags.Usagef(cmd, "--version and --values are about a chart; use them with --chart")
	}
	if err := o.checkTexts(cmd); err != nil {
		return err
	}
	if err := (chartsource.Source{Address: o.source, Version: o.version}).Check(); err != nil {
		return flags.Usagef(cmd, "%w", err)
	}
	return nil
}

func (o *chartOptions) checkTexts(cmd *cobra.Command) error {
	for _, flag := range [][2]string{
		{"--chart", o.source}, {"--version", o.version}, {"--values", o.values}, {"--chart-username", o.username},
	} {
		if err := flags.CheckLine(cmd, flag[0], flag[1]); err != nil {
			return err
		}
	}
	return nil
}

// render gets the chart and renders it, with the values of --values or else with the given ones.
func (o *chartOptions) render(
	ctx context.Context, env *terminal.Process, service string, values map[string]any,
) (*newservice.Chart, *source.Manifests, error) {
	if o.values != "" {
		var err error
		if values, err = readValues(o.values); err != nil {
			return nil, nil, err
		}
	}
	login, err := o.login(env)
	if err != nil {
		return nil, nil, err
	}
	c, err := (chartsource.Source{Address: o.source, Version: o.version}).Get(ctx, login)
	if err != nil {
		return nil, nil, err
	}
	manifests, err := helmchart.Render(c.Chart, service, values)
	if err != nil {
		return nil, nil, err
	}
	return &newservice.Chart{
		Source: o.source, Version: cmp.Or(o.version, c.Metadata.Version), Digest: c.Digest, Values: values,
	}, manifests, nil
}

// login returns how to log in to the chart's registry or repository.
func (o *chartOptions) login(env *terminal.Process) (chartsource.Login, error) {
	l := chartsource.Login{
		Username:         env.FlagOrEnv(o.username, "PREVIEWSET_CHART_USERNAME"),
		Password:         strings.TrimSpace(env.Getenv("PREVIEWSET_CHART_PASSWORD")),
		HelmRepositories: cmp.Or(env.Getenv("HELM_REPOSITORY_CONFIG"), helmpath.ConfigPath("repositories.yaml")),
	}
	if o.passwordFile == "" {
		return l, nil
	}
	var err error
	l.Password, err = flags.ReadToken(o.passwordFile)
	return l, err
}

func readValues(file string) (map[string]any, error) {
	const remedy = "name a YAML file with --values"
	info, err := os.Stat(file)
	if err == nil && info.Size() > maxValues {
		err = fmt.Errorf("%s is larger than %d MiB", file, maxValues>>20)
	}
	var text []byte
	if err == nil {
		text, err = os.ReadFile(file) //nolint:gosec // G304: the user names the file
	}
	if err != nil {
		return nil, fmt.Errorf("read the values: %w\n%s", err, remedy)
	}
	var values map[string]any
	if err := yaml.Unmarshal(text, &values); err != nil {
		return nil, fmt.Errorf("read the values in %q: %w\ncorrect the file", file, err)
	}
	return values, nil
}
