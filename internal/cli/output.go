package cli

import (
	"bytes"
	"encoding/json"
	"fmt"
	"io"
	"slices"
	"strings"
	"text/tabwriter"
	"unicode"
	"unicode/utf16"

	"github.com/spf13/cobra"
	"sigs.k8s.io/yaml"

	"github.com/previewset/previewset/internal/preview"
)

// outputFlag adds -o with its choices, completion included.
func outputFlag(cmd *cobra.Command, value *string, standard string, choices ...string) {
	cmd.Flags().StringVarP(value, "output", "o", standard, "output format: "+strings.Join(choices, ", "))
	complete(cmd, "output", func(string) []string { return choices })
}

// complete adds completion to a flag that exists; cobra errs only where it doesn't.
func complete(cmd *cobra.Command, flag string, values func(toComplete string) []string) {
	err := cmd.RegisterFlagCompletionFunc(flag, func(_ *cobra.Command, _ []string, toComplete string) ([]string, cobra.ShellCompDirective) {
		return values(toComplete), cobra.ShellCompDirectiveNoFileComp
	})
	if err != nil {
		panic(err)
	}
}

// encode writes a value as JSON or YAML, with the same keys.
func encode(w io.Writer, format string, v any) error {
	text, err := json.MarshalIndent(v, "", "  ")
	if err != nil {
		return err
	}
	shown := string(text) + "\n"
	if format == "yaml" {
		asYAML, yamlErr := yaml.JSONToYAML(text)
		if yamlErr != nil {
			return yamlErr
		}
		shown = string(asYAML)
	}
	if hides(shown) {
		shown = escaped(string(text)) + "\n" // JSON is YAML too
	}
	_, err = io.WriteString(w, shown)
	return err
}

// hides says whether a text holds what doesn't show, or what reorders or steers what shows: controls, bidi marks, zero
// widths. Nothing that previewctl prints may: a title must not write on the terminal that it is listed on.
func hides(text string) bool { return strings.ContainsFunc(text, isHidden) }

func isHidden(r rune) bool {
	return r != '\n' && r != '\t' && unicode.In(r, unicode.C, unicode.Zl, unicode.Zp)
}

// escaped is the same JSON with everything hidden in its strings written as \u escapes: equal to a program, plain to a
// person.
func escaped(text string) string {
	var b strings.Builder
	for _, r := range text {
		if !isHidden(r) {
			b.WriteRune(r)
			continue
		}
		for _, unit := range utf16.Encode([]rune{r}) {
			fmt.Fprintf(&b, `\u%04x`, unit)
		}
	}
	return b.String()
}

// plainManifests writes the documents that hide something as JSON with escapes, and leaves the others as they are.
func plainManifests(manifests string) (string, error) {
	if !hides(manifests) {
		return manifests, nil
	}
	documents := strings.Split(manifests, "\n---\n")
	for i, doc := range documents {
		if !hides(doc) {
			continue
		}
		text, err := yaml.YAMLToJSON([]byte(doc))
		if err != nil {
			return "", err
		}
		var indented bytes.Buffer
		if err := json.Indent(&indented, text, "", "  "); err != nil {
			return "", err
		}
		documents[i] = escaped(indented.String())
	}
	return strings.TrimSuffix(strings.Join(documents, "\n---\n"), "\n") + "\n", nil
}

// table is what a list prints: aligned with a header for a person, tab-separated without one for a program.
type table struct {
	header []string
	rows   [][]string
}

func (t *table) add(cells ...string) { t.rows = append(t.rows, cells) }

func (t *table) write(w io.Writer, aligned bool) error {
	if !aligned {
		return t.writeTabs(w)
	}
	tw := tabwriter.NewWriter(w, 0, 0, 2, ' ', 0)
	for _, row := range slices.Concat([][]string{t.header}, t.rows) {
		if _, err := fmt.Fprintln(tw, strings.Join(printable(row, "-"), "\t")); err != nil {
			return err
		}
	}
	return tw.Flush()
}

func (t *table) writeTabs(w io.Writer) error {
	for _, row := range t.rows {
		if _, err := fmt.Fprintln(w, strings.Join(printable(row, ""), "\t")); err != nil {
			return err
		}
	}
	return nil
}

func printable(cells []string, empty string) []string {
	clean := make([]string, len(cells))
	for i, c := range cells {
		if clean[i] = preview.Printable(c); clean[i] == "" {
			clean[i] = empty
		}
	}
	return clean
}

// cut shortens a text for a table that a person reads.
func cut(s string, limit int) string {
	if r := []rune(s); len(r) > limit {
		return string(r[:limit-1]) + "…"
	}
	return s
}
