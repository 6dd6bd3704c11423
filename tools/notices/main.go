// Command notices writes THIRD_PARTY.md: the name, version and license text of
// every module that is linked into the program, found by asking the go command
// and read from the module cache, and of the files that are vendored. It fails
// when a module carries no license that it knows, or one that does not permit
// distribution with an Apache-2.0 program. It looks at the Linux build, which
// links what every other platform does.
package main

import (
	"bytes"
	"encoding/json"
	"errors"
	"flag"
	"fmt"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"sort"
	"strings"
)

func main() {
	root := flag.String("root", ".", "the repository")
	out := flag.String("o", "THIRD_PARTY.md", "file to write, relative to the repository; - for standard output")
	flag.Parse()
	b, err := notices(*root)
	if err == nil {
		if *out == "-" {
			_, err = os.Stdout.Write(b)
		} else {
			err = os.WriteFile(filepath.Join(*root, *out), b, 0o644)
		}
	}
	if err != nil {
		fmt.Fprintln(os.Stderr, "notices:", err)
		os.Exit(1)
	}
}

// component is something linked or included.
type component struct {
	name, version string
	// license is the SPDX expression of what was recognized.
	license string
	texts   []text
}

type text struct{ file, body string }

func notices(root string) ([]byte, error) {
	all, err := modules(root)
	if err != nil {
		return nil, err
	}
	std, err := standardLibrary()
	if err != nil {
		return nil, err
	}
	all = append(all, std)
	vendored, err := vendored(root)
	if err != nil {
		return nil, err
	}
	all = append(all, vendored...)
	return render(all), nil
}

// modules lists what the go command links, with licenses.
func modules(root string) ([]component, error) {
	cmd := exec.Command("go", "list", "-deps", "-json=Module,Standard", "./cmd/reperform")
	cmd.Dir = root
	cmd.Env = append(os.Environ(), "GOOS=linux", "GOARCH=amd64", "CGO_ENABLED=1")
	var stderr bytes.Buffer
	cmd.Stderr = &stderr
	list, err := cmd.Output()
	if err != nil {
		return nil, fmt.Errorf("go list: %w: %s", err, stderr.String())
	}
	type module struct {
		Path, Version, Dir string
		Main               bool
		Replace            *module
	}
	seen := map[string]bool{}
	var out []component
	for dec := json.NewDecoder(bytes.NewReader(list)); ; {
		var p struct {
			Standard bool
			Module   *module
		}
		if err := dec.Decode(&p); errors.Is(err, io.EOF) {
			break
		} else if err != nil {
			return nil, err
		}
		if p.Standard || p.Module == nil || p.Module.Main || seen[p.Module.Path] {
			continue
		}
		m := p.Module
		seen[m.Path] = true
		dir := m.Dir
		if m.Replace != nil {
			dir = m.Replace.Dir
		}
		c, err := read(m.Path, m.Version, dir)
		if err != nil {
			return nil, err
		}
		out = append(out, c)
	}
	sort.Slice(out, func(i, j int) bool { return out[i].name < out[j].name })
	return out, nil
}

// licenseFile tells which files of a module's root are notices.
func licenseFile(name string) bool {
	if strings.Contains(name, "LOGO") || strings.HasSuffix(name, ".go") {
		return false
	}
	for _, prefix := range []string{"LICENSE", "LICENCE", "COPYING", "NOTICE", "PATENTS"} {
		if strings.HasPrefix(name, prefix) {
			return true
		}
	}
	return false
}

func read(name, version, dir string) (component, error) {
	c := component{name: name, version: version}
	entries, err := os.ReadDir(dir)
	if err != nil {
		return c, fmt.Errorf("%s: %w; run go mod download", name, err)
	}
	for _, e := range entries {
		if e.IsDir() || !licenseFile(e.Name()) {
			continue
		}
		b, err := os.ReadFile(filepath.Join(dir, e.Name()))
		if err != nil {
			return c, err
		}
		c.texts = append(c.texts, text{e.Name(), normal(string(b))})
	}
	return c, c.recognize()
}

// marks are phrases by which a license's text is known, the specific before the
// general.
var marks = []struct{ id, phrase string }{
	{"Apache-2.0", "Apache License Version 2.0, January 2004"},
	{"Apache-2.0", "Licensed under the Apache License, Version 2.0"},
	{"OFL-1.1", "SIL OPEN FONT LICENSE Version 1.1"},
	{"MPL-2.0", "Mozilla Public License Version 2.0"},
	{"MPL-2.0", "Mozilla Public License, version 2.0"},
	{"MIT", "Permission is hereby granted, free of charge, to any person obtaining a copy of this software and associated documentation files"},
	{"ISC", "Permission to use, copy, modify, and/or distribute this software for any purpose"},
	{"BSD-3-Clause", "may be used to endorse or promote products derived from"},
	{"BSD-2-Clause", "Redistributions in binary form must reproduce the above copyright notice"},
	{"blessing", "SQLite Is Public Domain"},
}

// refused are licenses whose terms would reach the whole program.
var refused = []string{
	"GNU GENERAL PUBLIC LICENSE", "GNU AFFERO GENERAL PUBLIC LICENSE", "GNU LESSER GENERAL PUBLIC LICENSE",
	"SERVER SIDE PUBLIC LICENSE", "BUSINESS SOURCE LICENSE",
}

// recognize names the licenses of the texts. A module whose main license is
// not known, or is refused, is an error.
func (c *component) recognize() error {
	var ids []string
	for _, t := range c.texts {
		flat := strings.Join(strings.Fields(t.body), " ")
		for _, r := range refused {
			// The title of the license stands at its beginning; the same words
			// further down are a reference to it.
			if i := strings.Index(strings.ToUpper(flat), r); i >= 0 && i < 200 {
				return fmt.Errorf("%s %s carries the %s (%s), which may not be linked", c.name, c.version, r, t.file)
			}
		}
		for _, m := range marks {
			if !strings.Contains(strings.ToLower(flat), strings.ToLower(m.phrase)) || slices.Contains(ids, m.id) {
				continue
			}
			if m.id == "BSD-2-Clause" && slices.Contains(ids, "BSD-3-Clause") {
				continue
			}
			ids = append(ids, m.id)
		}
	}
	if len(ids) == 0 {
		return fmt.Errorf("%s %s carries no license that is known here; look at it and add its mark", c.name, c.version)
	}
	c.license = strings.Join(ids, " AND ")
	return nil
}

// normal keeps texts free of what differs between systems.
func normal(s string) string {
	s = strings.ReplaceAll(strings.ReplaceAll(s, "\r\n", "\n"), "\f", "")
	lines := strings.Split(s, "\n")
	for i := range lines {
		lines[i] = strings.TrimRight(lines[i], " \t")
	}
	return strings.Trim(strings.Join(lines, "\n"), "\n")
}

func standardLibrary() (component, error) {
	root, err := exec.Command("go", "env", "GOROOT").Output()
	if err != nil {
		return component{}, err
	}
	dir := strings.TrimSpace(string(root))
	b, err := os.ReadFile(filepath.Join(dir, "LICENSE"))
	if err != nil {
		return component{}, err
	}
	c := component{name: "The Go standard library and runtime", texts: []text{{"LICENSE", normal(string(b))}}}
	return c, c.recognize()
}

// vendored are the files that the repository itself includes.
func vendored(root string) ([]component, error) {
	var out []component
	for _, v := range []struct{ name, version, file string }{
		{"typst-ts-web-compiler (WebAssembly module, report/typst/vendored)", "0.7.0, Typst 0.14.2", "report/typst/vendored/LICENSE-APACHE-2.0.txt"},
		{"IBM Plex fonts (report/typst/vendored/fonts)", "Serif 2.0.0, Sans 1.1.0, Mono 2.5.0", "report/typst/vendored/fonts/LICENSE.txt"},
		{"Inter fonts (web/static/files)", "4.1, as packaged in 5.3.0", "web/static/licenses/INTER-OFL-1.1.txt"},
		{"htmx (web/static/files)", "4.0.1", "web/static/licenses/HTMX-0BSD.txt"},
		{"Lucide icons (web/static/files)", "1.62.0", "web/static/licenses/LUCIDE-ISC.txt"},
		{"zxcvbn-ts list of common passwords (hashed, account/vendored)", "language-common 4.1.3", "account/vendored/LICENSE-zxcvbn-ts.txt"},
	} {
		b, err := os.ReadFile(filepath.Join(root, v.file))
		if err != nil {
			return nil, err
		}
		c := component{name: v.name, version: v.version, texts: []text{{filepath.Base(v.file), normal(string(b))}}}
		if err := c.recognize(); err != nil {
			return nil, err
		}
		out = append(out, c)
	}
	return out, nil
}

const head = `# Third-party software

<!-- Written by tools/notices from the modules that are linked. DO NOT EDIT. Run: make notices -->

What is linked into the program or included in this repository, with its license.
Reperform itself is under the Apache License 2.0 (LICENSE).

Two of these are built from many parts of their own. ` + "`duckdb-go-bindings`" + `
links the DuckDB library, whose source includes third-party code under
permissive licenses (among them fmt, mbedTLS, miniz, RE2, utf8proc, zstd, and
Parquet and Thrift of the Apache project); they are listed in the folder
third_party of its repository, <https://github.com/duckdb/duckdb>. The
WebAssembly module of Typst is compiled from Rust crates listed in the lock file
of <https://github.com/Myriad-Dreamin/typst.ts>.

| Component | Version | License |
|---|---|---|
`

// render writes the table, then each distinct text once with the components
// that carry it.
func render(all []component) []byte {
	var b bytes.Buffer
	b.WriteString(head)
	for _, c := range all {
		fmt.Fprintf(&b, "| %s | %s | %s |\n", c.name, c.version, c.license)
	}
	b.WriteString("\n## Texts\n")
	carriers := map[string][]string{}
	var order []string
	for _, c := range all {
		for _, t := range c.texts {
			if carriers[t.body] == nil {
				order = append(order, t.body)
			}
			carriers[t.body] = append(carriers[t.body], c.name+", "+t.file)
		}
	}
	for _, body := range order {
		b.WriteString("\n")
		for _, c := range carriers[body] {
			fmt.Fprintf(&b, "* %s\n", c)
		}
		fence := "```"
		for strings.Contains(body, fence) {
			fence += "`"
		}
		fmt.Fprintf(&b, "\n%stext\n%s\n%s\n", fence, body, fence)
	}
	return b.Bytes()
}
