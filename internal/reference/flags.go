package reference

import (
	"flag"
	"strings"
)

const flagsIntro = `# Flags of the generator

` + "`preview-generator`" + ` needs ` + "`--config-repo` and `--token-file`" + `. Every flag has an environment variable; the flag wins.
Files with tokens and keys are read again when they change. [Deployment](../../appsets/generator/deployment.yaml) has the
flags of an installation.

| flag | value | default | variable | effect |
| --- | --- | --- | --- | --- |
`

// FlagsPage returns a page with one table row for each flag of the generator. Variable returns a flag's environment
// variable.
func FlagsPage(flags *flag.FlagSet, variable func(name string) string) Page {
	var b strings.Builder
	b.WriteString(notice + flagsIntro)
	flags.VisitAll(func(f *flag.Flag) {
		value, usage := flag.UnquoteUsage(f)
		byDefault := ""
		if f.DefValue != "" && f.DefValue != "0" { // without a value there is no default
			byDefault = "`" + f.DefValue + "`"
		}
		writeRow(&b, "`--"+f.Name+"`", value, byDefault, "`"+variable(f.Name)+"`", usage)
	})
	return Page{"service-flags.md", []byte(b.String())}
}
