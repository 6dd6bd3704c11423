package repotest

import (
	"bytes"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"sync"
	"testing"
)

// findRoot finds the nearest folder above that has a go.mod.
func findRoot() (string, error) {
	dir, err := os.Getwd()
	if err != nil {
		return "", err
	}
	for {
		if _, err := os.Stat(filepath.Join(dir, "go.mod")); err == nil {
			return dir, nil
		}
		up := filepath.Dir(dir)
		if up == dir {
			return "", errors.New("no go.mod in any folder above the test")
		}
		dir = up
	}
}

// root is the repository's root.
func root(t testing.TB) string {
	t.Helper()
	dir, err := findRoot()
	if err != nil {
		t.Fatal(err)
	}
	return dir
}

// ignored are folders that hold nothing of ours: results and local data.
var ignored = map[string]bool{".git": true, "bin": true, "reperform-data": true, "reperform-demo": true, "demo-out": true, "node_modules": true}

// tree lists every file of the repository: what git tracks, or, where the source
// came without git, what lies in the folder.
var tree = sync.OnceValues(func() ([]string, error) {
	dir, err := findRoot()
	if err != nil {
		return nil, err
	}
	git := exec.Command("git", "ls-files", "-z")
	git.Dir = dir
	if out, err := git.Output(); err == nil && len(out) > 0 {
		var names []string
		for _, n := range strings.Split(strings.TrimSuffix(string(out), "\x00"), "\x00") {
			if info, err := os.Lstat(filepath.Join(dir, n)); err == nil && info.Mode().IsRegular() {
				names = append(names, n)
			}
		}
		return names, nil
	}
	var names []string
	err = filepath.WalkDir(dir, func(path string, d fs.DirEntry, err error) error {
		if err != nil {
			return err
		}
		if d.IsDir() {
			if path != dir && ignored[d.Name()] {
				return filepath.SkipDir
			}
			return nil
		}
		rel, err := filepath.Rel(dir, path)
		if err == nil && d.Type().IsRegular() {
			names = append(names, filepath.ToSlash(rel))
		}
		return err
	})
	return names, err
})

// files lists the repository's files by slash-separated path from the root, as
// long as the name ends in one of the suffixes. Vendored folders are left out:
// what stands there is not ours to change.
func files(t testing.TB, suffixes ...string) []string {
	t.Helper()
	names, err := tree()
	if err != nil {
		t.Fatal(err)
	}
	var out []string
	for _, n := range names {
		if strings.Contains("/"+n, "/vendored/") {
			continue
		}
		for _, s := range suffixes {
			if strings.HasSuffix(n, s) {
				out = append(out, n)
				break
			}
		}
	}
	return out
}

// read reads a file of the repository.
func read(t testing.TB, rel string) []byte {
	t.Helper()
	b, err := os.ReadFile(filepath.Join(root(t), filepath.FromSlash(rel)))
	if err != nil {
		t.Fatal(err)
	}
	return b
}

// isText tells text from what only machines read.
func isText(b []byte) bool {
	return !bytes.ContainsRune(b[:min(len(b), 8000)], 0)
}

// generated tells whether a Go file says that a program wrote it.
func generated(b []byte) bool {
	return bytes.Contains(b[:min(len(b), 400)], []byte("DO NOT EDIT."))
}

// fence is a fenced block of a document.
type fence struct {
	file string
	line int // of its first line of content, from 1
	info string
	body []string
}

func (f fence) at(i int) string { return fmt.Sprintf("%s:%d", f.file, f.line+i) }

// fences finds the blocks that three backticks enclose.
func fences(file string, b []byte) []fence {
	var out []fence
	var cur *fence
	for i, l := range strings.Split(string(b), "\n") {
		mark, isMark := strings.CutPrefix(l, "```")
		switch {
		case isMark && cur == nil:
			cur = &fence{file: file, line: i + 2, info: strings.TrimSpace(mark)}
		case isMark:
			out = append(out, *cur)
			cur = nil
		case cur != nil:
			cur.body = append(cur.body, l)
		}
	}
	return out
}
