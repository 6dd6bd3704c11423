package main

import (
	"bytes"
	"errors"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/rogpeppe/go-internal/testscript"
)

// TestMain lets the test binary be the program itself: under the name
// reperform for the scripts, and with the one argument "engine" or "read-pdf" for the
// child processes that the program starts through its own executable.
func TestMain(m *testing.M) {
	main := func() { os.Exit(run(os.Args[1:], os.Stdin, os.Stdout, os.Stderr)) }
	if len(os.Args) == 2 && (os.Args[1] == "engine" || os.Args[1] == "read-pdf") {
		main()
	}
	testscript.Main(m, map[string]func(){"reperform": main})
}

// TestScripts runs the stories of testdata/script: each begins in an empty
// folder and does what a person would type.
func TestScripts(t *testing.T) {
	shared := sharedData(t)
	testscript.Run(t, testscript.Params{
		Dir:                 filepath.Join("testdata", "script"),
		RequireExplicitExec: false,
		UpdateScripts:       os.Getenv("UPDATE_SCRIPTS") != "",
		Setup: func(env *testscript.Env) error {
			env.Setenv("REPERFORM_CACHE", sharedCache(t))
			env.Setenv("SHARED", shared)
			// A report is dated neither before the work it rests on nor after the
			// day of its issue, and the program's clock is the machine's.
			env.Setenv("TODAY", time.Now().UTC().Format(time.DateOnly))
			return nil
		},
		Condition: func(cond string) (bool, error) {
			if cond != "shared" {
				return false, errors.New("there is no condition " + cond)
			}
			_, err := os.Stat(filepath.Join(shared, "data"))
			return err == nil, nil
		},
		Cmds: map[string]func(*testscript.TestScript, bool, []string){
			"exits":   exits,
			"hidden":  hidden,
			"corrupt": corrupt,
			"flip":    flip,
			"pages":   pages,
			"results": results,
		},
	})
}

// sharedData is the folder of real data beside the repository.
func sharedData(t *testing.T) string {
	t.Helper()
	dir := os.Getenv("REPERFORM_SHARED")
	if dir == "" {
		dir = filepath.Join("..", "..", "..", "shared")
	}
	abs, err := filepath.Abs(dir)
	if err != nil {
		t.Fatal(err)
	}
	return abs
}

// sharedCache is one place for the typesetter's compiled form, so that not each
// script waits for it.
func sharedCache(t *testing.T) string {
	t.Helper()
	if dir := os.Getenv("REPERFORM_CACHE"); dir != "" {
		return dir
	}
	user, err := os.UserCacheDir()
	if err != nil {
		t.Fatal(err)
	}
	return filepath.Join(user, "reperform")
}

// exits N COMMAND…: the command ends with exactly this exit code.
func exits(ts *testscript.TestScript, neg bool, args []string) {
	if neg || len(args) < 2 {
		ts.Fatalf("usage: exits CODE COMMAND…")
	}
	want, err := strconv.Atoi(args[0])
	ts.Check(err)
	got := 0
	err = ts.Exec(args[1], args[2:]...)
	var ee *exec.ExitError
	switch {
	case errors.As(err, &ee):
		got = ee.ExitCode()
	case err != nil:
		ts.Fatalf("%v", err)
	}
	if got != want {
		ts.Fatalf("exit code %d, want %d", got, want)
	}
}

// corrupt FILE OLD NEW: replaces text in a file by other text of the same length.
func corrupt(ts *testscript.TestScript, neg bool, args []string) {
	if neg || len(args) != 3 || len(args[1]) != len(args[2]) {
		ts.Fatalf("usage: corrupt FILE OLD NEW, both of one length")
	}
	name := ts.MkAbs(args[0])
	b, err := os.ReadFile(name)
	ts.Check(err)
	if !bytes.Contains(b, []byte(args[1])) {
		ts.Fatalf("%s does not contain %q", args[0], args[1])
	}
	ts.Check(os.WriteFile(name, bytes.ReplaceAll(b, []byte(args[1]), []byte(args[2])), 0o600))
}

// flip FILE PERCENT: flips one bit of the byte that stands at this part of the file.
func flip(ts *testscript.TestScript, neg bool, args []string) {
	if neg || len(args) != 2 {
		ts.Fatalf("usage: flip FILE PERCENT")
	}
	name := ts.MkAbs(args[0])
	b, err := os.ReadFile(name)
	ts.Check(err)
	percent, err := strconv.Atoi(args[1])
	ts.Check(err)
	b[(len(b)-1)*percent/100] ^= 1
	ts.Check(os.WriteFile(name, b, 0o600))
}

// pages [!] FILE.pdf TEXT: every page has the text; with ! no page has it.
func pages(ts *testscript.TestScript, neg bool, args []string) {
	if len(args) != 2 {
		ts.Fatalf("usage: [!] pages FILE.pdf TEXT")
	}
	out, err := exec.Command("pdftotext", "-layout", ts.MkAbs(args[0]), "-").Output()
	ts.Check(err)
	all := strings.Split(strings.TrimSuffix(string(out), "\f"), "\f")
	for i, p := range all {
		if strings.Contains(p, args[1]) == neg {
			ts.Fatalf("page %d of %d of %s: contains %q is %v:\n%s", i+1, len(all), args[0], args[1], !neg == false, p)
		}
	}
}
