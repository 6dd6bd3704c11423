package population

import (
	"context"
	"fmt"
	"os"
	"path/filepath"
	"testing"
)

// TestMain lets the test binary be its own engine child, so that every test
// runs the real thing: another process, fenced and limited.
func TestMain(m *testing.M) {
	if len(os.Args) == 2 && os.Args[1] == "engine" {
		if err := ServeChild(context.Background(), os.Stdin, os.Stdout); err != nil {
			fmt.Fprintln(os.Stderr, err)
			os.Exit(3)
		}
		os.Exit(0)
	}
	if len(os.Args) == 4 && os.Args[1] == "parent" {
		os.Exit(parentToKill(os.Args[2], os.Args[3]))
	}
	if len(os.Args) == 5 && os.Args[1] == "importer" {
		os.Exit(importerToKill(os.Args[2], os.Args[3], os.Args[4]))
	}
	os.Exit(m.Run())
}

// parentToKill is the life of a process that is killed in the middle of a
// question: it never returns by itself.
func parentToKill(tempDir, csv string) int {
	exe, err := os.Executable()
	if err != nil {
		return 1
	}
	e, err := Open(Options{Command: []string{exe, "engine"}, TempDir: tempDir})
	if err != nil {
		return 1
	}
	ctx := context.Background()
	f, err := e.Import(ctx, ImportRequest{Source: Source{Path: csv}, Key: []string{"k"}, Zone: "UTC", Output: filepath.Join(tempDir, "f.parquet")})
	if err != nil {
		fmt.Println(err)
		return 1
	}
	fmt.Println("asking")
	_, err = e.Evaluate(ctx, EvaluateRequest{Population: f.Input(), Zone: "UTC", Attributes: []Attribute{{Code: "A", Pass: endless}}, ExceptionsPath: filepath.Join(tempDir, "x")})
	fmt.Println(err)
	return 1
}

// importerToKill imports a file and ends; the test kills it on the way.
func importerToKill(tempDir, csv, output string) int {
	exe, err := os.Executable()
	if err != nil {
		return 1
	}
	e, err := Open(Options{Command: []string{exe, "engine"}, TempDir: tempDir})
	if err != nil {
		return 1
	}
	defer e.Close()
	if _, err = e.Import(context.Background(), ImportRequest{Source: Source{Path: csv}, Zone: "UTC", Output: output}); err != nil {
		return 1
	}
	return 0
}

func newEngine(t testing.TB, change ...func(*Options)) *Engine {
	t.Helper()
	exe, err := os.Executable()
	if err != nil {
		t.Fatal(err)
	}
	o := Options{Command: []string{exe, "engine"}, TempDir: t.TempDir(), MemoryLimit: 256 << 20}
	for _, f := range change {
		f(&o)
	}
	e, err := Open(o)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := e.Close(); err != nil {
			t.Errorf("closing the engine: %v", err)
		}
	})
	return e
}

func writeFile(t testing.TB, name, content string) string {
	t.Helper()
	path := filepath.Join(t.TempDir(), name)
	if err := os.WriteFile(path, []byte(content), 0o600); err != nil {
		t.Fatal(err)
	}
	return path
}

func importCSV(t testing.TB, e *Engine, content string, key ...string) *Frozen {
	t.Helper()
	f, err := e.Import(context.Background(), ImportRequest{
		Source: Source{Path: writeFile(t, "data.csv", content)}, Key: key, Zone: "UTC",
		Output: filepath.Join(t.TempDir(), "frozen.parquet"),
	})
	if err != nil {
		t.Fatalf("import: %v", err)
	}
	return f
}
