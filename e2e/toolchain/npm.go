package toolchain

import (
	"archive/tar"
	"bytes"
	"compress/gzip"
	"context"
	"crypto/sha512"
	"encoding/base64"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"strings"
)

// npmPackage is a version of a package in the npm registry, with its SHA-512 as the registry names it.
type npmPackage struct{ name, version, sum string }

var (
	axePackage = npmPackage{
		"axe-core", "4.11.0", "ilYanEU8vxxBexpJd8cWM4ElSQq4QctCLKih0TSfjIfCQTeyH/6zVrmIJfLPrKTKJRbiG+cfnZbQIjAlJmF1jQ==",
	}
	// Argo CD's UI has React 16 up to version 3.4, and React 19 since 3.5.
	react16 = npmPackage{
		"react", "16.14.0", "0X2CImDkJGApiAlcf0ODKIneSwBPhqJawOa5wCtKbu7ZECrmS26NvtSILynQ66cgkT/RJ4LidJOc3bUESwmU8g==",
	}
	reactDOM16 = npmPackage{
		"react-dom", "16.14.0", "1gCeQXDLoIqMgqD3IO2Ah9bnf0w9kzhwN5q4FGnHZ67hBm9yePzB5JJAIQCc8x3pFnNlwFq4RidZggNAAkzWWw==",
	}
	react19 = npmPackage{
		"react", "19.2.6", "sfWGGfavi0xr8Pg0sVsyHMAOziVYKgPLNrS7ig+ivMNb3wbCBw3KxtflsGBAwD3gYQlE/AEZsTLgToRrSCjb0Q==",
	}
	reactDOM19 = npmPackage{
		"react-dom", "19.2.6", "0prMI+hvBbPjsWnxDLxlCGyM8PN6UuWjEUCYmZhO67xIV9Xasa/r/vDnq+Xyq4Lo27g8QSbO5YzARu0D1Sps3g==",
	}
	scheduler = npmPackage{
		"scheduler", "0.27.0", "eNv+WrVbKu1f3vbYJT/xtiF5syA5HPIMtf9IgY/nKg0sWqzAUEvqY/xm7OcZc/qafLx/iO9FgOmeSAp4v5ti/Q==",
	}
)

// part is a file of a package that goes into a script. As a module it is called by a name, as in Node.js.
type part struct {
	npmPackage
	file, module string
}

// Axe returns the script axe-core, which checks the accessibility of a page. It is fetched once.
func (b *Toolbox) Axe(ctx context.Context, progress io.Writer) (script string, err error) {
	return b.script(ctx, progress, "axe-core", []part{{npmPackage: axePackage, file: "axe.min.js"}}, "")
}

// React returns scripts that define React and ReactDOM as Argo CD's UI does, and the function show(element, node): one
// with React 16 and one with React 19. They are fetched once.
func (b *Toolbox) React(ctx context.Context, progress io.Writer) (scripts []string, err error) {
	old, err := b.script(ctx, progress, "react-16", []part{
		{npmPackage: react16, file: "umd/react.production.min.js"},
		{npmPackage: reactDOM16, file: "umd/react-dom.production.min.js"},
	}, "window.show = ReactDOM.render\n")
	if err != nil {
		return nil, err
	}
	recent, err := b.script(ctx, progress, "react-19", []part{
		{react19, "cjs/react.production.js", "react"},
		{scheduler, "cjs/scheduler.production.js", "scheduler"},
		{reactDOM19, "cjs/react-dom.production.js", "react-dom"},
		{reactDOM19, "cjs/react-dom-client.production.js", "react-dom/client"},
	}, `window.React = require("react"); window.ReactDOM = require("react-dom")
window.show = (element, node) => require("react-dom/client").createRoot(node).render(element)
`)
	return []string{old, recent}, err
}

// script joins files of packages to one script.
func (b *Toolbox) script(
	ctx context.Context, progress io.Writer, name string, parts []part, end string,
) (string, error) {
	folder := name + "-" + parts[0].version
	return b.once(ctx, progress, name, filepath.Join(b.cache, folder, name+".js"), func(ctx context.Context, to string) error {
		script := &bytes.Buffer{}
		if parts[0].module != "" {
			fmt.Fprintln(script, "const parts = {}, loaded = {}, process = {env: {NODE_ENV: 'production'}}")
			fmt.Fprintln(script, "const require = name => loaded[name] ??= (m => (parts[name](m, m.exports), m.exports))({exports: {}})")
		}
		for _, p := range parts {
			content, err := p.read(ctx, to)
			if err != nil {
				return err
			}
			if p.module != "" {
				content = fmt.Appendf(nil, "parts[%q] = (module, exports) => {\n%s\n}", p.module, content)
			}
			script.Write(append(content, '\n'))
		}
		text := "(() => {\n" + script.String() + end + "})()\n"
		if parts[0].module == "" {
			text = script.String() + end
		}
		return os.WriteFile(filepath.Join(to, name+".js"), []byte(text), 0o600)
	})
}

// read downloads the package into the folder, checks it, and returns the file.
func (p part) read(ctx context.Context, folder string) ([]byte, error) {
	archive := filepath.Join(folder, p.name+"-"+p.version+".tgz")
	if err := system(ctx, folder, "npm", "pack", "--silent", p.name+"@"+p.version); err != nil {
		return nil, fmt.Errorf("%w\nnpm comes with Node.js", err)
	}
	content, err := os.ReadFile(archive)
	if err != nil {
		return nil, err
	}
	if sum := sha512.Sum512(content); base64.StdEncoding.EncodeToString(sum[:]) != p.sum {
		return nil, fmt.Errorf("the SHA-512 of %s is %s, not %s", p.name, base64.StdEncoding.EncodeToString(sum[:]), p.sum)
	}
	file, err := inArchive(content, "package/"+strings.TrimPrefix(p.file, "/"))
	if err != nil {
		return nil, err
	}
	return file, os.Remove(archive)
}

// inArchive returns a file of a gzip-compressed tar archive.
func inArchive(content []byte, name string) ([]byte, error) {
	plain, err := gzip.NewReader(bytes.NewReader(content))
	if err != nil {
		return nil, err
	}
	for archive := tar.NewReader(plain); ; {
		h, err := archive.Next()
		if err != nil {
			return nil, fmt.Errorf("look for %s: %w", name, err)
		}
		if h.Name == name {
			return io.ReadAll(archive)
		}
	}
}
