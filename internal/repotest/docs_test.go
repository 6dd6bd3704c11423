package repotest

import (
	"bytes"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"sync"
	"testing"
)

var binDir string

func TestMain(m *testing.M) {
	var err error
	if binDir, err = os.MkdirTemp("", "repotest-"); err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(2)
	}
	code := m.Run()
	os.RemoveAll(binDir)
	os.Exit(code)
}

// build makes the program once for all tests that run it. REPERFORM_BIN names
// one that is built already.
var build = sync.OnceValues(func() (string, error) {
	if bin := os.Getenv("REPERFORM_BIN"); bin != "" {
		return bin, nil
	}
	dir, err := findRoot()
	if err != nil {
		return "", err
	}
	bin := filepath.Join(binDir, "reperform")
	cmd := exec.Command("go", "build", "-o", bin, "./cmd/reperform")
	cmd.Dir = dir
	if out, err := cmd.CombinedOutput(); err != nil {
		return "", fmt.Errorf("building the program: %w\n%s", err, out)
	}
	return bin, nil
})

func program(t *testing.T) string {
	t.Helper()
	bin, err := build()
	if err != nil {
		t.Fatal(err)
	}
	return bin
}

var link = regexp.MustCompile(`\[[^\]\n]*\]\(([^)\s]+)\)`)

// TestLinksResolve follows every relative link of every document.
func TestLinksResolve(t *testing.T) {
	for _, doc := range files(t, ".md") {
		if doc == "THIRD_PARTY.md" {
			continue // it quotes texts of others
		}
		for _, m := range link.FindAllStringSubmatch(string(read(t, doc)), -1) {
			target, fragment, _ := strings.Cut(m[1], "#")
			if strings.Contains(target, "://") || strings.HasPrefix(target, "mailto:") {
				continue
			}
			to := doc
			if target != "" {
				to = path.Join(path.Dir(doc), target)
			}
			if _, err := os.Stat(filepath.Join(root(t), to)); err != nil {
				t.Errorf("%s links to %s, which does not exist", doc, m[1])
				continue
			}
			if fragment != "" && strings.HasSuffix(to, ".md") && !slices.Contains(anchors(read(t, to)), fragment) {
				t.Errorf("%s links to %s: %s has no heading of that name", doc, m[1], to)
			}
		}
	}
}

// anchors are the names that headings get where documents are shown.
func anchors(doc []byte) []string {
	var out []string
	for _, l := range strings.Split(string(doc), "\n") {
		title, ok := strings.CutPrefix(strings.TrimLeft(l, "#"), " ")
		if !ok || !strings.HasPrefix(l, "#") {
			continue
		}
		var b strings.Builder
		for _, r := range strings.ToLower(title) {
			switch {
			case r >= 'a' && r <= 'z', r >= '0' && r <= '9', r == '-', r == '_':
				b.WriteRune(r)
			case r == ' ':
				b.WriteByte('-')
			}
		}
		out = append(out, b.String())
	}
	return out
}

// usage is what the help of a command says that it takes.
type usage struct {
	exists bool
	use    string
	flags  map[string]bool // by name with its dashes: whether it wants a value
}

var flagLine = regexp.MustCompile(`^\s+(?:(-\w), )?\s*(--[\w-]+)( \w+)?`)

// help asks the program for the help of a command.
func help(t *testing.T, words []string) usage {
	out, err := exec.Command(program(t), append(slices.Clone(words), "--help")...).Output()
	if err != nil {
		return usage{}
	}
	u := usage{flags: map[string]bool{}}
	lines := strings.Split(string(out), "\n")
	for i, l := range lines {
		if l == "Usage:" && i+1 < len(lines) {
			u.use = strings.TrimSpace(lines[i+1])
		}
		if m := flagLine.FindStringSubmatch(l); m != nil {
			u.flags[m[2]] = m[3] != ""
			if m[1] != "" {
				u.flags[m[1]] = m[3] != ""
			}
		}
	}
	name := strings.Join(append([]string{"reperform"}, words...), " ")
	u.exists = u.use == name || strings.HasPrefix(u.use, name+" ")
	return u
}

// TestCommandLinesParse holds every command line that a document shows to the
// commands and flags that exist.
func TestCommandLinesParse(t *testing.T) {
	known := map[string]usage{}
	ask := func(words []string) usage {
		k := strings.Join(words, " ")
		if _, ok := known[k]; !ok {
			known[k] = help(t, words)
		}
		return known[k]
	}
	global := ask(nil).flags
	n := 0
	for _, doc := range files(t, ".md") {
		// Descriptions of formats hold texts that begin like commands.
		if !strings.HasPrefix(doc, "cmd/") && !strings.HasPrefix(doc, "docs/") && strings.Contains(doc, "/") || doc == "docs/FORMAT.md" {
			continue
		}
		for at, l := range commandLines(string(read(t, doc))) {
			words := shellWords(l)
			if len(words) == 0 {
				continue
			}
			n++
			if problem := checkCommand(words[1:], global, ask); problem != "" {
				t.Errorf("%s:%d: %s: `%s`", doc, at, problem, l)
			}
		}
	}
	if n < 30 {
		t.Errorf("only %d command lines were found in the documents; the search for them is broken", n)
	}
}

// checkCommand follows the words to a command, then checks its flags and that
// it takes arguments if there are some.
func checkCommand(words []string, global map[string]bool, ask func([]string) usage) string {
	var command []string
	u := ask(nil)
	args := 0
	for i := 0; i < len(words); i++ {
		w := words[i]
		if w == "--help" || w == "-h" {
			return ""
		}
		if strings.HasPrefix(w, "-") && w != "-" {
			name, _, has := strings.Cut(w, "=")
			wants, ok := u.flags[name]
			if !ok {
				if wants, ok = global[name]; !ok {
					return fmt.Sprintf("reperform %s has no flag %s", strings.Join(command, " "), name)
				}
			}
			if wants && !has {
				i++
				if i == len(words) {
					return "flag " + name + " wants a value"
				}
			}
			continue
		}
		if args == 0 {
			if next := ask(append(slices.Clone(command), w)); next.exists && next.use != u.use {
				command, u = append(slices.Clone(command), w), next
				continue
			}
		}
		args++
	}
	rest := strings.TrimPrefix(u.use, strings.TrimSpace("reperform "+strings.Join(command, " ")))
	rest = strings.TrimSpace(strings.ReplaceAll(rest, "[flags]", ""))
	if strings.HasPrefix(rest, "[command]") || len(command) == 0 && len(words) > 0 && args > 0 {
		return "there is no such command"
	}
	if args > 0 && rest == "" {
		return fmt.Sprintf("reperform %s takes no arguments", strings.Join(command, " "))
	}
	return ""
}

var inline = regexp.MustCompile("`(reperform [^`]+)`")

// commandLines finds calls of the program by line: in blocks, indented or
// fenced, and in running text between backticks. What a backslash continues is
// joined.
func commandLines(doc string) map[int]string {
	out := map[int]string{}
	lines := strings.Split(doc, "\n")
	fenced := false
	for i := 0; i < len(lines); i++ {
		l := lines[i]
		if strings.HasPrefix(l, "```") {
			fenced = !fenced
			continue
		}
		if !fenced && !strings.HasPrefix(l, "  ") {
			for _, m := range inline.FindAllStringSubmatch(l, -1) {
				out[i+1] = m[1]
			}
			continue
		}
		at, text := i+1, strings.TrimPrefix(strings.TrimSpace(l), "$ ")
		for strings.HasSuffix(text, `\`) && i+1 < len(lines) {
			i++
			text = strings.TrimSuffix(text, `\`) + " " + strings.TrimSpace(lines[i])
		}
		if rest, ok := strings.CutPrefix(text, "bin/"); ok {
			text = rest
		}
		if strings.HasPrefix(text, "reperform ") && !strings.Contains(text, " is ready") && !strings.HasPrefix(text, "reperform bundle 1") {
			out[at] = text
		}
	}
	return out
}

// shellWords splits a line as a shell does as far as documents need it, up to
// the first redirection, pipe or comment.
func shellWords(l string) []string {
	var words []string
	var w strings.Builder
	var quote rune
	in := false
	for _, r := range l {
		switch {
		case quote != 0 && r == quote:
			quote = 0
		case quote != 0:
			w.WriteRune(r)
		case r == '"' || r == '\'':
			quote, in = r, true
		case r == '>' || r == '<' || r == '|' || r == '#' && !in || r == ';' || r == '&':
			if in {
				words = append(words, w.String())
			}
			return words
		case r == ' ':
			if in {
				words = append(words, w.String())
			}
			w.Reset()
			in = false
		default:
			w.WriteRune(r)
			in = true
		}
	}
	if in {
		words = append(words, w.String())
	}
	return words
}

// TestWalksRun plays the documents that are walks: blocks marked file=NAME are
// written, blocks marked `console run` are typed line by line. What a block
// shows below a command must stand in its output, in this order; … stands for
// anything. A line [exit N] says the exit code where it is not 0.
func TestWalksRun(t *testing.T) {
	for _, doc := range files(t, ".md") {
		if !strings.HasPrefix(doc, "docs/") && doc != "README.md" {
			continue
		}
		blocks := fences(doc, read(t, doc))
		if !slices.ContainsFunc(blocks, func(f fence) bool { return f.info == "console run" }) {
			continue
		}
		t.Run(path.Base(doc), func(t *testing.T) {
			dir := t.TempDir()
			for _, f := range blocks {
				if _, name, ok := strings.Cut(f.info, "file="); ok {
					p := filepath.Join(dir, name)
					if err := os.MkdirAll(filepath.Dir(p), 0o755); err != nil {
						t.Fatal(err)
					}
					if err := os.WriteFile(p, []byte(strings.Join(f.body, "\n")+"\n"), 0o644); err != nil {
						t.Fatal(err)
					}
				}
				if f.info == "console run" {
					for _, s := range steps(t, f) {
						s.run(t, dir, filepath.Dir(program(t)))
					}
				}
			}
		})
	}
}

type step struct {
	at      string
	command string
	expect  []string
	exit    int
}

func steps(t *testing.T, f fence) []step {
	var out []step
	for i := 0; i < len(f.body); i++ {
		l := f.body[i]
		if cmd, ok := strings.CutPrefix(l, "$ "); ok {
			s := step{at: f.at(i), command: cmd}
			for strings.HasSuffix(s.command, `\`) && i+1 < len(f.body) {
				i++
				s.command += "\n" + f.body[i]
			}
			out = append(out, s)
			continue
		}
		if len(out) == 0 {
			t.Fatalf("%s: a block to run begins with a command after `$ `", f.at(i))
		}
		last := &out[len(out)-1]
		if _, err := fmt.Sscanf(l, "[exit %d]", &last.exit); err == nil {
			continue
		}
		if strings.TrimSpace(l) != "" {
			last.expect = append(last.expect, strings.TrimSpace(l))
		}
	}
	return out
}

func (s step) run(t *testing.T, dir, bin string) {
	t.Helper()
	cmd := exec.Command("sh", "-c", s.command)
	cmd.Dir = dir
	cmd.Env = append(os.Environ(), "PATH="+bin+string(os.PathListSeparator)+os.Getenv("PATH"))
	var out bytes.Buffer
	cmd.Stdout, cmd.Stderr = &out, &out
	err := cmd.Run()
	code := 0
	var ee *exec.ExitError
	if errors.As(err, &ee) {
		code = ee.ExitCode()
	} else if err != nil {
		t.Fatal(err)
	}
	if code != s.exit {
		t.Fatalf("%s: exit code %d, the document says %d\n$ %s\n%s", s.at, code, s.exit, s.command, out.String())
	}
	rest := out.String()
	for _, want := range s.expect {
		parts := strings.Split(want, "…")
		for i, p := range parts {
			parts[i] = regexp.QuoteMeta(strings.TrimSpace(p))
		}
		at := regexp.MustCompile(strings.Join(parts, `.*`)).FindStringIndex(rest)
		if at == nil {
			t.Fatalf("%s: the output does not show, or not at this place, the line\n  %s\n$ %s\n%s", s.at, want, s.command, out.String())
		}
		rest = rest[at[1]:]
	}
}
