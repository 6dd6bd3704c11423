package bundle_test

import (
	"flag"
	"os"
	"path/filepath"
	"testing"

	"reperform/app"
	"reperform/bundle"
)

var update = flag.Bool("update", false, "write testdata/v1.bundle anew")

// An issued report of the second form verifies for ever, too.
func TestGoldenBundleOfVersion2(t *testing.T) {
	path := filepath.Join("testdata", "v2.bundle")
	if *update {
		w := told1(t)
		b, err := os.ReadFile(w.report)
		w.must(err)
		w.must(os.WriteFile(path, b, 0o644))
		note, _, err := w.app.Checkpoint(w.ctx, "helen", exam)
		w.must(err)
		w.must(os.WriteFile(filepath.Join("testdata", "v2.checkpoint"), note, 0o644))
	}
	note, err := os.ReadFile(filepath.Join("testdata", "v2.checkpoint"))
	if err != nil {
		t.Fatal(err)
	}
	ty, err := sharedTypst()
	if err != nil {
		t.Fatal(err)
	}
	v := verify(t, path, bundle.Options{Checkpoint: note, Typst: ty, Program: app.Version().Program + "+test"})
	if v.Count(bundle.Fails) > 0 {
		t.Fatalf("claims fail:\n%s", list(v))
	}
	for _, id := range []string{"container", "about", "ledger/" + exam + "/tree", "issue", "checkpoint", "key", "issue/pdf", "issue/content", "report/checkpoint", "container/parts"} {
		if status(v, id) != bundle.Holds {
			t.Errorf("claim %s is %q:\n%s", id, status(v, id), list(v))
		}
	}
}

// A bundle that the first version wrote verifies for ever: only what depends
// on how a version writes and typesets reports may be left out.
func TestGoldenBundleOfVersion1(t *testing.T) {
	path := filepath.Join("testdata", "v1.bundle")
	if *update {
		s := sharedStory(t)
		if _, err := s.app.ExportBundle(s.ctx, "helen", engagement, bundle.ForFile, false, path); err != nil {
			t.Fatal(err)
		}
		note, _, err := s.app.Checkpoint(s.ctx, "helen", exam)
		s.must(err)
		s.must(os.WriteFile(filepath.Join("testdata", "v1.checkpoint"), note, 0o644))
	}
	note, err := os.ReadFile(filepath.Join("testdata", "v1.checkpoint"))
	if err != nil {
		t.Fatal(err)
	}
	opt := options(t)
	opt.Checkpoint = note
	// Reports may read differently in every version but the one that wrote it.
	opt.Program = app.Version().Program + "+test"
	v := verify(t, path, opt)
	if v.Count(bundle.Fails) > 0 {
		t.Fatalf("claims fail:\n%s", list(v))
	}
	for _, c := range v.Claims {
		if c.Status == bundle.NotReperformed && c.ID != "report/model" && c.ID != "report/pdf" {
			t.Errorf("claim %s is not re-performed: %s", c.ID, c.Detail)
		}
	}
	if got := len(v.Claims); got < 35 {
		t.Errorf("%d claims, some are gone:\n%s", got, list(v))
	}
}
