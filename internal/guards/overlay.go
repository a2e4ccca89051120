package main

import (
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strings"
)

// overlay writes the changed files and the file that lists them for the go command. It returns the name of the list.
func (g guard) overlay(found map[string]marker, folder string) (string, error) {
	changed, err := g.changed(found)
	if err != nil {
		return "", err
	}
	if err = os.MkdirAll(folder, 0o700); err != nil {
		return "", err
	}
	var list struct{ Replace map[string]string }
	list.Replace = map[string]string{}
	for file, content := range changed {
		to := filepath.Join(folder, strings.ReplaceAll(file, "/", "_"))
		if err = os.WriteFile(to, []byte(content), 0o600); err != nil {
			return "", err
		}
		list.Replace[file] = to
	}
	content, err := json.Marshal(list)
	if err != nil {
		return "", err
	}
	overlay := filepath.Join(folder, "overlay.json")
	return overlay, os.WriteFile(overlay, content, 0o600)
}

// changed returns the files with the guard's code, in which that code has no effect.
func (g guard) changed(found map[string]marker) (map[string]string, error) {
	byFile := map[string][]marker{}
	var problems []error
	for _, name := range g.markers {
		m, ok := found[name]
		if !ok {
			problems = append(problems, fmt.Errorf("guard %q: the source has no marker // guard %s", g.name, name))
			continue
		}
		byFile[m.file] = append(byFile[m.file], m)
	}
	files := map[string]string{}
	for file, list := range byFile {
		content, err := disable(file, list)
		problems = append(problems, err)
		files[file] = content
	}
	return files, errors.Join(problems...)
}
