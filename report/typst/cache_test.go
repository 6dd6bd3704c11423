package typst

import (
	"os"
	"path/filepath"
	"testing"
)

// TestCachePlaces: a folder that somebody named must be usable; an account
// without one of its own does without.
func TestCachePlaces(t *testing.T) {
	file := filepath.Join(t.TempDir(), "file")
	if err := os.WriteFile(file, nil, 0o600); err != nil {
		t.Fatal(err)
	}
	nowhere := filepath.Join(file, "cache")
	t.Setenv("REPERFORM_CACHE", "")
	t.Setenv("XDG_CACHE_HOME", nowhere)
	t.Setenv("HOME", nowhere)
	t.Setenv("LocalAppData", nowhere)
	if dir, err := cacheDir(""); dir != "" || err != nil {
		t.Errorf("an account without a folder: %q, %v", dir, err)
	}
	if _, err := cacheDir(nowhere); err == nil {
		t.Error("a folder that was named and cannot be made was passed over")
	}
	t.Setenv("REPERFORM_CACHE", nowhere)
	if _, err := cacheDir(""); err == nil {
		t.Error("REPERFORM_CACHE names no usable folder and was passed over")
	}
	t.Setenv("REPERFORM_CACHE", filepath.Dir(file))
	if dir, err := cacheDir(""); err != nil || dir != filepath.Join(filepath.Dir(file), "wazero") {
		t.Errorf("REPERFORM_CACHE: %q, %v", dir, err)
	}
}
