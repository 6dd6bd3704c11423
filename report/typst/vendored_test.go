package typst

import (
	"bufio"
	"bytes"
	"crypto/sha256"
	"encoding/hex"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"

	"github.com/tetratelabs/wazero"
)

// moduleHash is the SHA-256 of the compiler, as VENDORED.md records it.
const moduleHash = "1fc968438a672366dfec39c96c842c26ed29caff4eb1bcaab19a6c60867de5fd"

func TestVendoredFilesAreThePinnedOnes(t *testing.T) {
	notes, err := os.ReadFile("vendored/VENDORED.md")
	if err != nil {
		t.Fatal(err)
	}
	recorded := map[string]string{}
	line := regexp.MustCompile(`^    ([0-9a-f]{64})  (\S+)$`)
	for s := bufio.NewScanner(bytes.NewReader(notes)); s.Scan(); {
		if m := line.FindStringSubmatch(s.Text()); m != nil {
			recorded[m[2]] = m[1]
		}
	}
	err = filepath.WalkDir("vendored", func(name string, d os.DirEntry, err error) error {
		if err != nil || d.IsDir() || d.Name() == "VENDORED.md" {
			return err
		}
		content, err := os.ReadFile(name)
		if err != nil {
			return err
		}
		key := filepath.ToSlash(strings.TrimPrefix(name, "vendored"+string(filepath.Separator)))
		if got := hash(content); recorded[key] != got {
			t.Errorf("%s has SHA-256 %s, VENDORED.md says %q", key, got, recorded[key])
		}
		delete(recorded, key)
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
	for name := range recorded {
		t.Errorf("VENDORED.md names %s, which is not there", name)
	}

	wasm, err := unpackModule()
	if err != nil {
		t.Fatal(err)
	}
	if got := hash(wasm); got != moduleHash || !strings.Contains(string(notes), moduleHash) {
		t.Errorf("the module has SHA-256 %s, want %s, also in VENDORED.md", got, moduleHash)
	}
}

// TestImportsAreExactlyTheModules keeps imports.go from holding names of
// another version.
func TestImportsAreExactlyTheModules(t *testing.T) {
	compiled := engine(t).compiled
	wanted := map[string]bool{}
	for _, def := range compiled.ImportedFunctions() {
		_, name, _ := def.Import()
		wanted[name] = true
		if imports[name] == nil {
			t.Errorf("the module imports %s, which imports.go lacks", name)
		}
	}
	for name := range imports {
		if !wanted[name] {
			t.Errorf("imports.go has %s, which the module does not import", name)
		}
	}
}

// A module of another make must be refused with its name, not run.
func TestAnotherModuleIsRefused(t *testing.T) {
	// (module (import "wbg" "__wbg_new_0123" (func)))
	other := []byte("\x00asm\x01\x00\x00\x00" + "\x01\x04\x01\x60\x00\x00" + "\x02\x16\x01\x03wbg\x0e__wbg_new_0123\x00\x00")
	rt := wazero.NewRuntime(t.Context())
	defer rt.Close(t.Context())
	compiled, err := rt.CompileModule(t.Context(), other)
	if err != nil {
		t.Fatal(err)
	}
	err = link(t.Context(), rt, compiled)
	if err == nil || !strings.Contains(err.Error(), "__wbg_new_0123") {
		t.Errorf("got %v, want an error that names the unknown import", err)
	}
}

func hash(b []byte) string {
	sum := sha256.Sum256(b)
	return hex.EncodeToString(sum[:])
}
