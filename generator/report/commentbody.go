package report

import (
	"fmt"
	"strings"

	"github.com/previewset/previewset/internal/config"
	"github.com/previewset/previewset/internal/preview"
)

// endedBody is the last content of a comment.
const endedBody = "**This pull request has no preview any more.** Its environment was removed."

// commentBody is the comment about a pull request, and the summary of its check run, in Markdown. Texts from outside
// are only in code blocks, where they can't be a link, a mention or structure. It has no times that change while the
// preview is used, because each change is an edit.
func commentBody(r asking) string {
	var b strings.Builder
	fmt.Fprintf(&b, "**Preview %s: %s**\n", inlineCode(r.decision.Environment), r.progress.Phase)
	writeWhy(&b, r)
	if r.row != nil {
		writeServices(&b, r.row)
		writeLinks(&b, r.row)
		writeData(&b, r.row)
		writeEnd(&b, r.decision)
	}
	if r.page != "" {
		fmt.Fprintf(&b, "\nPage of this preview: <%s>\n", r.page)
	}
	return b.String()
}

// writeWhy says why the preview isn't ready, and what the author can do.
func writeWhy(b *strings.Builder, r asking) {
	p, lines := r.progress, []string{}
	switch {
	case p.Phase == preview.PhaseReady:
	case p.Phase == preview.PhaseDeploying && p.Remedy == "": // Argo CD's reasons change every few seconds
		lines = append(lines, "Argo CD deploys it.")
	case r.decision.Rule == preview.RuleUnread: // GitHub's errors differ each time
		lines = append(lines, "A source of this preview can't be read yet.")
	case r.decision.Rule == preview.RuleTaken: // the other owner may be confidential
		lines = append(lines, "Its name or host is taken.")
	default:
		lines = append(lines, p.Reason, p.Remedy)
		if p.Resource != nil && !strings.Contains(p.Reason, p.Resource.Message) {
			lines = append(lines, fmt.Sprintf("%s %s: %s", p.Resource.Kind, p.Resource.Name, p.Resource.Message))
		}
	}
	if r.decision.LostSlot != "" {
		lines = append(lines, "Its owner no longer holds slot "+r.decision.LostSlot+".")
	}
	if text := codeBlock(lines); text != "" {
		b.WriteString("\n" + text)
	}
}

func writeServices(b *strings.Builder, row *preview.Row) {
	if row.URL != "" {
		fmt.Fprintf(b, "\nAddress: <%s>\n", row.URL)
	}
	if len(row.Services) == 0 {
		return
	}
	b.WriteString("\n| Service | Commit | Address |\n| --- | --- | --- |\n")
	scheme, _, _ := strings.Cut(row.URL, "://")
	for _, s := range row.Services {
		commit, address := "default image", ""
		if s.Commit != "" {
			commit = inlineCode(s.Commit[:min(len(s.Commit), 8)])
		}
		if s.Host != "" && scheme != "" {
			address = fmt.Sprintf("<%s://%s>", scheme, s.Host)
		}
		fmt.Fprintf(b, "| %s | %s | %s |\n", inlineCode(s.Service), commit, address)
	}
}

func writeLinks(b *strings.Builder, row *preview.Row) {
	if len(row.Links) == 0 {
		return
	}
	b.WriteString("\nLinked:\n")
	for _, l := range row.Links {
		names := make([]string, len(l.Services))
		for i, name := range l.Services {
			names[i] = inlineCode(name)
		}
		fmt.Fprintf(b, "- %s in %s\n", strings.Join(names, ", "), inlineCode(l.Namespace))
	}
}

func writeData(b *strings.Builder, row *preview.Row) {
	_, datasets := row.Content()
	for i, dataset := range datasets {
		datasets[i] = inlineCode(dataset)
	}
	if len(datasets) > 0 {
		fmt.Fprintf(b, "\nData: %s\n", strings.Join(datasets, ", "))
	}
}

func writeEnd(b *strings.Builder, d *preview.Decision) {
	if d.SleepsAt != nil {
		b.WriteString("\nIt falls asleep without use. Its address wakes it.\n")
	}
	if d.ExpiresAt != nil && d.ExpiresAnyway {
		fmt.Fprintf(b, "\nIt is removed on %s.\n", d.ExpiresAt.UTC().Format("2006-01-02 at 15:04 MST"))
	}
	if claim := d.SlotClaim; claim != nil {
		fmt.Fprintf(b, "\nSlot %s is %s.\n", inlineCode(d.Environment), inlineCode(claim.String()))
	}
	fmt.Fprintf(b, "\nDetails: %s\n", inlineCode("previewctl show "+d.Environment))
}

// inlineCode quotes a name or command as code. A back-tick would end the code, so it is replaced.
func inlineCode(name string) string {
	return "`" + strings.ReplaceAll(config.Printable(name), "`", "'") + "`"
}

// codeBlock quotes lines; empty lines are left out. Its fence is longer than any in the text.
func codeBlock(lines []string) string {
	var text []string
	fence := "```"
	for _, line := range lines {
		if line = config.Printable(line); line == "" {
			continue
		}
		for strings.Contains(line, fence) {
			fence += "`"
		}
		text = append(text, line)
	}
	if len(text) == 0 {
		return ""
	}
	return fence + "text\n" + strings.Join(text, "\n") + "\n" + fence + "\n"
}
