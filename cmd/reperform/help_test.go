package main

import (
	"bytes"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"

	"github.com/spf13/cobra"
	"github.com/spf13/pflag"
)

// commands lists every command that people see, by its path without the
// program's name.
func commands(t *testing.T) map[string]*cobra.Command {
	t.Helper()
	all := map[string]*cobra.Command{}
	var walk func(c *cobra.Command)
	walk = func(c *cobra.Command) {
		all[strings.TrimSpace(strings.TrimPrefix(c.CommandPath(), "reperform"))] = c
		for _, sub := range c.Commands() {
			if !sub.Hidden {
				walk(sub)
			}
		}
	}
	root := (&cli{}).root()
	root.InitDefaultHelpCmd()
	walk(root)
	if len(all) < 30 {
		t.Fatalf("only %d commands were found", len(all))
	}
	return all
}

// TestEveryCommandHasAPage: help says what the command does, each flag what it
// is for, and asking for help succeeds without a workspace.
func TestEveryCommandHasAPage(t *testing.T) {
	t.Chdir(t.TempDir())
	for path, c := range commands(t) {
		if len(c.Short) < 10 || strings.HasSuffix(c.Short, ".") {
			t.Errorf("%s: its one line is %q", path, c.Short)
		}
		c.Flags().VisitAll(func(f *pflag.Flag) {
			if f.Usage == "" {
				t.Errorf("%s --%s has no usage text", path, f.Name)
			}
		})
		var out, errs bytes.Buffer
		if code := run(append(strings.Fields(path), "--help"), strings.NewReader(""), &out, &errs); code != 0 || out.Len() < 100 || errs.Len() > 0 {
			t.Errorf("%s --help: exit code %d, %d bytes, %s", path, code, out.Len(), errs.String())
		}
	}
	if left, _ := os.ReadDir("."); len(left) > 0 {
		t.Errorf("asking for help left %v", left)
	}
}

// mention finds calls of the program in pages: in indented lines and between
// backticks.
var mention = regexp.MustCompile("(?m)(?:^  |`)reperform([^`\\n\\\\<>]*)")

// TestPagesNameWhatExists: every command and flag in the manual and in the
// readme exists.
func TestPagesNameWhatExists(t *testing.T) {
	all := commands(t)
	pages, err := filepath.Glob("*.md")
	if err != nil || len(pages) == 0 {
		t.Fatalf("no pages: %v", err)
	}
	readme := filepath.Join("..", "..", "README.md")
	if _, err := os.Stat(readme); err == nil {
		pages = append(pages, readme)
	}
	for _, page := range pages {
		b, err := os.ReadFile(page)
		if err != nil {
			t.Fatal(err)
		}
		for _, m := range mention.FindAllStringSubmatch(string(b), -1) {
			check(t, all, page, m[1])
		}
	}
}

// check follows the words of a call as far as they are commands, then looks for
// its flags.
func check(t *testing.T, all map[string]*cobra.Command, page, call string) {
	t.Helper()
	c := all[""]
	path := ""
	words := strings.Fields(call)
	for i, w := range words {
		if next, ok := all[strings.TrimSpace(path+" "+w)]; ok {
			path, c = strings.TrimSpace(path+" "+w), next
			continue
		}
		if name, isFlag := strings.CutPrefix(w, "--"); isFlag {
			name, _, _ = strings.Cut(strings.TrimRight(name, ".,;:)]"), "=")
			if c.Flags().Lookup(name) == nil && c.PersistentFlags().Lookup(name) == nil && c.InheritedFlags().Lookup(name) == nil && all[""].PersistentFlags().Lookup(name) == nil && name != "help" {
				t.Errorf("%s: `reperform%s`: %q has no flag --%s", page, call, c.CommandPath(), name)
			}
			continue
		}
		isGroup := c.HasSubCommands()
		valueOfFlag := i > 0 && strings.HasPrefix(words[i-1], "-")
		if isGroup && !valueOfFlag && regexp.MustCompile(`^[a-z]+$`).MatchString(w) {
			t.Errorf("%s: `reperform%s`: there is no command %q after %q", page, call, w, c.CommandPath())
			return
		}
	}
}

// TestContract pins the commands and flags that scripts rely on.
func TestContract(t *testing.T) {
	all := commands(t)
	for path, flags := range map[string]string{
		"":                   "workspace actor json",
		"init":               "organization name timezone",
		"apply":              "file dry-run",
		"export":             "output",
		"get":                "as-of known-at",
		"history":            "",
		"diff":               "",
		"population import":  "",
		"population derive":  "",
		"population profile": "",
		"population check":   "",
		"test run":           "engagement control",
		"sampling plan":      "model confidence tolerable expected population",
		"sampling evaluate":  "model confidence n k population",
		"sampling select":    "seed-input n",
		"report build":       "engagement format output",
		"bundle":             "engagement for output",
		"verify":             "checkpoint complete",
		"ledger log":         "",
		"ledger checkpoint":  "",
		"ledger prove":       "",
		"ledger verify":      "",
		"templates list":     "",
		"templates show":     "csv",
		"templates test":     "engagement effective planned output",
		"templates use":      "",
		"version":            "",
		"demo":               "",
	} {
		c, ok := all[path]
		if !ok {
			t.Errorf("there is no command %q", path)
			continue
		}
		for _, f := range strings.Fields(flags) {
			if c.Flags().Lookup(f) == nil && c.PersistentFlags().Lookup(f) == nil {
				t.Errorf("%q has no flag --%s", path, f)
			}
		}
	}
}
