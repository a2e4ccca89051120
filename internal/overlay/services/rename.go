package services

import (
	"fmt"
	"path"
	"regexp"
	"slices"
	"strings"

	"github.com/previewset/previewset/internal/overlay/filetree"
	"github.com/previewset/previewset/internal/overlay/yamldoc"
)

// sourceFolder has a user's manifests, below the run folder of a service. They stay as they are.
const sourceFolder = "source"

// rename gives a service another name.
type rename struct {
	*change
	from, to string
	// hasSource is true for a service from a user's manifests. Its workloads and their labels keep their names.
	hasSource bool
}

// Rename gives a service another name: its folder, its Kubernetes Service, its entry in previewset.yaml, and all that
// names it there, in environments, in kustomization files and in addresses in manifests.
func (r Repository) Rename(from, to string) (*Change, error) {
	c, err := r.change(from)
	if err != nil {
		return nil, err
	}
	if known := r.Policy.Services.Get(to); known != nil || r.Tree.Kind(folderOf(to)) != filetree.Absent {
		return nil, fmt.Errorf("rename service %s: %s exists already\nchoose another name", from, to)
	}
	m := &rename{
		change: c, from: from, to: to,
		hasSource: r.Tree.Kind(path.Join(folderOf(from), "run", sourceFolder)) == filetree.Folder,
	}
	for _, step := range []func() error{
		m.renameInPolicy, m.keepContainer, m.renameInEnvironments, m.renameReferences, m.renameInBaseline,
		m.renameInAdmissionPolicies, m.renameAddresses, m.moveFolder,
	} {
		if err := step(); err != nil {
			return nil, err
		}
	}
	return c.edits, nil
}

func (m *rename) renamed(text string) string {
	if text == m.from {
		return m.to
	}
	return text
}

// renameInPolicy renames the service, and its name in calls and profiles.
func (m *rename) renameInPolicy() error {
	return m.replaceScalars(policyFile, func(s yamldoc.Scalar) string {
		isService := s.IsKey && slices.Equal(s.Path, []string{"services"})
		isCall := !s.IsKey && len(s.Path) == 4 && s.Path[0] == "services" && s.Path[2] == "calls"
		isRun := !s.IsKey && len(s.Path) == 4 && s.Path[0] == "profiles" && s.Path[2] == "run"
		if isService || isCall || isRun {
			return m.renamed(s.Value)
		}
		return s.Value
	})
}

// keepContainer names the container, if it keeps its name and the service's name was the default.
func (m *rename) keepContainer() error {
	if !m.hasSource || m.service.Container != "" {
		return nil
	}
	return m.editText(policyFile, func(content []byte) ([]byte, error) {
		d, err := yamldoc.Parse(content)
		if err == nil {
			err = d.Set(m.from, "services", m.to, "container")
		}
		if err != nil {
			return nil, fmt.Errorf("edit %s: %w", policyFile, err)
		}
		return d.Bytes(), nil
	})
}

func (m *rename) renameInEnvironments() error {
	for _, name := range m.Environments {
		err := m.replaceScalars(environmentFile(name), func(s yamldoc.Scalar) string {
			isKey := s.IsKey && (slices.Equal(s.Path, []string{"services"}) || slices.Equal(s.Path, []string{"links"}))
			if isKey || !s.IsKey && slices.Equal(s.Path, []string{"handover", ""}) {
				return m.renamed(s.Value)
			}
			return s.Value
		})
		if err != nil {
			return err
		}
	}
	return nil
}

// renameReferences renames the service's folder and its labels in kustomization files, and its objects in patches.
func (m *rename) renameReferences() error {
	label, folder := ownSelector(m.from), regexp.MustCompile(`services/`+regexp.QuoteMeta(m.from)+`(/|$)`)
	for _, file := range m.kustomizations() {
		err := m.replaceScalars(file, func(s yamldoc.Scalar) string {
			if s.IsKey {
				return s.Value
			}
			if leadsTo(file, s.Value, m.from) {
				return folder.ReplaceAllString(s.Value, "services/"+m.to+"$1")
			}
			if s.Key() == "labelSelector" {
				return label.ReplaceAllString(s.Value, "${1}"+m.to)
			}
			return m.renamedTarget(s)
		})
		if err != nil {
			return err
		}
	}
	return nil
}

// renamedTarget renames an object of the service in patches and replicas of overlays.
func (m *rename) renamedTarget(s yamldoc.Scalar) string {
	at := strings.Join(s.Path, ".")
	if m.hasSource || (at != "patches..target.name" && at != "replicas..name") {
		return s.Value
	}
	if s.Value == "^"+m.from+"$" {
		return "^" + m.to + "$"
	}
	return m.renamed(s.Value)
}

// renameInBaseline renames the NetworkPolicies that admit previews, and the service in the list of hosts.
func (m *rename) renameInBaseline() error {
	err := m.replaceScalars(path.Join(baselineOverlay, "networkpolicies.yaml"), func(s yamldoc.Scalar) string {
		suffix, ok := m.policySuffix(nameOf(s.Document))
		switch {
		case !ok || s.IsKey:
			return s.Value
		case slices.Equal(s.Path, []string{"metadata", "name"}):
			return policyPrefix + m.to + suffix
		}
		return m.renamedLabel(s)
	})
	if err != nil {
		return err
	}
	if err := m.replaceScalars(path.Join(baselineOverlay, "configmap.yaml"), func(s yamldoc.Scalar) string {
		if slices.Equal(s.Path, []string{"data", "hosts"}) && !s.IsKey {
			return strings.ReplaceAll(s.Value, `"`+m.from+`":`, `"`+m.to+`":`)
		}
		return s.Value
	}); err != nil {
		return err
	}
	return m.renameBaselineHost()
}

// renameBaselineHost renames the service's host in all files of the baseline. It searches whole files, because a patch
// has the host in a text, not in a field.
func (m *rename) renameBaselineHost() error {
	host := regexp.MustCompile(`(^|[^A-Za-z0-9.-])` + regexp.QuoteMeta(m.from+"-staging."+m.Policy.Domain))
	for _, file := range m.files(baselineOverlay) {
		if err := m.editText(file, func(content []byte) ([]byte, error) {
			return host.ReplaceAll(content, []byte("${1}"+m.to+"-staging."+m.Policy.Domain)), nil
		}); err != nil {
			return err
		}
	}
	return nil
}

func (m *rename) renameInAdmissionPolicies() error {
	return m.changePublicServices(func(names []string) []string {
		for i, name := range names {
			names[i] = m.renamed(name)
		}
		return names
	})
}

// renameAddresses renames the service in addresses such as http://orders/, user@orders: and orders:8080. It edits all
// files in kustomize-base and overlays. In a line with an image, orders:8080 is an image and its tag, so it stays.
func (m *rename) renameAddresses() error {
	name := regexp.QuoteMeta(m.from)
	url := regexp.MustCompile(`(://(?:[^/@\s"']*@)?)` + name + `([:/"'\s?]|$)`)
	port := regexp.MustCompile(`([=\s"',])` + name + `(:[0-9]{2,5}(?:[^0-9A-Za-z.-]|$))`)
	for _, file := range m.files(baseFolder, overlaysFolder) {
		err := m.editText(file, func(content []byte) ([]byte, error) {
			lines := strings.SplitAfter(string(content), "\n")
			for i, line := range lines {
				line = url.ReplaceAllString(line, "${1}"+m.to+"${2}")
				if !strings.Contains(line, "image:") {
					line = port.ReplaceAllString(line, "${1}"+m.to+"${2}")
				}
				lines[i] = line
			}
			return []byte(strings.Join(lines, "")), nil
		})
		if err != nil {
			return err
		}
	}
	return m.noteMentions()
}

// noteMentions adds a note for each line with the service's name in the files of services that call it. Such a line may
// mean the service.
func (m *rename) noteMentions() error {
	word := regexp.MustCompile(`(^|[^A-Za-z0-9_./-])` + regexp.QuoteMeta(m.from) + `([^A-Za-z0-9_/-]|$)`)
	for _, s := range m.Policy.Services {
		if !slices.Contains(s.Calls, m.from) || s.Name == m.from {
			continue
		}
		for _, file := range m.files(folderOf(s.Name)) {
			content, err := m.read(file)
			if err != nil {
				return fmt.Errorf("%s: %w", file, err)
			}
			for i, line := range strings.Split(string(content), "\n") {
				if word.MatchString(line) && !strings.HasPrefix(strings.TrimSpace(line), "#") {
					m.note("%s:%d mentions %s: change it if it means the service", file, i+1, m.from)
				}
			}
		}
	}
	return nil
}
