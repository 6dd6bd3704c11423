package bundle_test

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"reperform/app"
	"reperform/blob"
	"reperform/bundle"
	"reperform/ledger"
	"reperform/ledger/sqlite"
)

func TestWholeFileHolds(t *testing.T) {
	s := sharedStory(t)
	opt := options(t)
	note, _, err := s.app.Checkpoint(s.ctx, "helen", exam)
	s.must(err)
	opt.Checkpoint, opt.Program = note, app.Version().Program
	v := verify(t, filepath.Join(shared.dir, "file.bundle"), opt)
	if v.Count(bundle.Fails) > 0 || v.Count(bundle.NotReperformed) > 0 {
		t.Fatalf("with everything at hand every claim should hold:\n%s", list(v))
	}
	for _, id := range []string{"container", "about", "ledger/" + exam, "ledger/org", "ledger/org/anchor", "engagement", "checkpoint", "key",
		"population/pop-leavers", "population/pop-bank-changes", "population/pop-bank-changes/derivation", "nonce", "sample/t-pay-1-1-draw-1",
		"run/t-it-1-1-run-1", "exceptions/t-it-1-1-run-1", "figures/t-it-1-1", "figures/t-pay-1-1", "deviation/dev-t-it-1-1", "deviation/dev-t-pay-1-1",
		"order/samples", "order/conclusions", "order/opinion", "report/model", "report/released", "report/pdf", "redactions", "container/parts"} {
		if status(v, id) != bundle.Holds {
			t.Errorf("claim %s is %q", id, status(v, id))
		}
	}
}

func TestSameStateSameBytes(t *testing.T) {
	s := sharedStory(t)
	again, err := os.ReadFile(s.export(t, "helen", bundle.ForFile, false))
	s.must(err)
	if !bytes.Equal(shared.file, again) {
		t.Errorf("two exports of the same state differ: %d and %d bytes", len(shared.file), len(again))
	}
}

func TestReportBundleShowsNoWorkingPapers(t *testing.T) {
	s := sharedStory(t)
	path := s.export(t, "helen", bundle.ForReport, false)
	b, err := os.ReadFile(path)
	s.must(err)
	parts := bundle.Parts(t, path)
	// What is in the bundle is the report, keys, checkpoints and bare hashes.
	for name := range parts {
		if strings.HasPrefix(name, bundle.PartBlob) {
			t.Errorf("a sealed file is in a bundle for a report: %s", name)
		}
	}
	delete(parts, bundle.PartPDF)
	secret := []string{"LEAVER-KEY", "CHANGE-KEY", "acct-1", "mei", "carla", "Quartermaine", "Obuya", "No call is logged", "The change was withdrawn", "item_key",
		"add_business_days", "Call log inspected", "ev-calls", "An oversight of one person", "Agreed with the owner", "Suitably designed", "organization_checkpoint"}
	// Every document of the examination, word for word.
	for _, l := range bundle.Lines(t, bundle.Parts(t, filepath.Join(shared.dir, "file.bundle")), exam) {
		for _, d := range l.Documents {
			secret = append(secret, string(d.Bytes))
		}
	}
	for _, word := range secret {
		if bytes.Contains(b, []byte(word)) {
			t.Errorf("a bundle for a report holds %q", word)
		}
		for name, content := range parts {
			if bytes.Contains(content, []byte(word)) {
				t.Errorf("part %s holds %q", name, word)
			}
		}
	}
	opt := options(t)
	v := verify(t, path, opt)
	if v.Count(bundle.Fails) > 0 {
		t.Fatalf("claims fail:\n%s", list(v))
	}
	var open []string
	for _, c := range v.Claims {
		if c.Status == bundle.NotReperformed {
			open = append(open, c.ID)
		}
	}
	if got := strings.Join(open, " "); got != "checkpoint key report/model issue" {
		t.Errorf("not re-performed are %s:\n%s", got, list(v))
	}
	// A user of the report holds its footer against the ledger all the same.
	note, _, err := s.app.Checkpoint(s.ctx, "helen", exam)
	s.must(err)
	if v := verify(t, path, bundle.Options{Checkpoint: note, Typst: opt.Typst}); status(v, "checkpoint") != bundle.Holds {
		t.Errorf("the checkpoint should hold:\n%s", list(v))
	}
	// And a report that names another state than the one signed is found.
	all := bundle.Parts(t, path)
	root := func(c []byte) []byte { return bytes.Split(c, []byte("\n"))[2] }(note)
	all[bundle.PartModel] = bytes.ReplaceAll(all[bundle.PartModel], root, bytes.ToLower(root))
	forged := filepath.Join(t.TempDir(), "forged.bundle")
	bundle.Assemble(t, all, forged)
	if v := verify(t, forged, bundle.Options{}); !fails(v, "report/checkpoint") {
		t.Errorf("the report names another state:\n%s", list(v))
	}
}

func TestWithoutFilesSaysSo(t *testing.T) {
	s := sharedStory(t)
	path := s.export(t, "helen", bundle.ForFile, true)
	v := verify(t, path, options(t))
	if v.Count(bundle.Fails) > 0 {
		t.Fatalf("claims fail:\n%s", list(v))
	}
	for _, id := range []string{"population/pop-leavers", "population/pop-bank-changes/derivation", "sample/t-pay-1-1-draw-1", "run/t-it-1-1-run-1", "exceptions/t-it-1-1-run-1"} {
		if status(v, id) != bundle.NotReperformed {
			t.Errorf("claim %s is %q, but its files were left out", id, status(v, id))
		}
	}
	for _, id := range []string{"ledger/" + exam, "nonce", "figures/t-it-1-1", "deviation/dev-t-it-1-1", "order/samples", "report/model", "report/pdf"} {
		if status(v, id) != bundle.Holds {
			t.Errorf("claim %s is %q; it needs no file", id, status(v, id))
		}
	}
	if n := len(bundle.Parts(t, path)); n != 8 {
		t.Errorf("%d parts without files, want 8", n)
	}
}

// The report loses its draft marks when the partner releases it, and the bundle
// shows by what.
func TestReleasedByThePartnerOnly(t *testing.T) {
	s := sharedStory(t)
	if err := s.app.ReleaseReport(s.ctx, "mei", engagement, "Alder"); err == nil {
		t.Fatal("staff released the report")
	}
	w := told(t, filepath.Join(t.TempDir(), "workspace"))
	defer w.app.Close()
	w.release()
	m, err := w.app.ReportModel(w.ctx, "helen", engagement)
	w.must(err)
	if m.Draft != "" {
		t.Errorf("released and still marked %q", m.Draft)
	}
	path := w.export(t, "helen", bundle.ForFile, true)
	v := verify(t, path, bundle.Options{})
	if v.Count(bundle.Fails) > 0 || status(v, "report/released") != bundle.Holds {
		t.Fatalf("the released report should hold:\n%s", list(v))
	}
	whole := bundle.Parts(t, path)
	forgeries := map[string]func(f *forgery){
		"recorded by staff": func(f *forgery) {
			f.lines(exam, func(l []bundle.Line) []bundle.Line {
				i, slot := f.find(l, "release", "report")
				f.editAt(&l[i], slot, func(b map[string]any) { b["by"] = "mei" })
				l[i].Bytes = bytes.Replace(l[i].Bytes, []byte(`"actor":"helen"`), []byte(`"actor":"mei"`), 1)
				return l
			})
		},
		"recorded by another command": func(f *forgery) {
			f.lines(exam, func(l []bundle.Line) []bundle.Line {
				i, _ := f.find(l, "release", "report")
				l[i].Bytes = bytes.Replace(l[i].Bytes, []byte(`"report.release"`), []byte(`"record.put"`), 1)
				return l
			})
		},
		"in the partner's name": func(f *forgery) {
			f.lines(exam, func(l []bundle.Line) []bundle.Line {
				i, _ := f.find(l, "release", "report")
				l[i].Bytes = bytes.Replace(l[i].Bytes, []byte(`"actor":"helen"`), []byte(`"actor":"dana"`), 1)
				return l
			})
		},
		"of another revision of the opinion": func(f *forgery) {
			f.edit(exam, "release", "report", func(b map[string]any) { b["revisions"].([]any)[0].(map[string]any)["revision"] = 7 })
		},
		"by one who was no partner": func(f *forgery) {
			f.lines(exam, func(l []bundle.Line) []bundle.Line {
				i, slot := f.find(l, "person", "helen")
				f.editAt(&l[i], slot, func(b map[string]any) { b["roles"] = []string{"firm_staff"} })
				return l
			})
		},
	}
	for name, do := range forgeries {
		t.Run(name, func(t *testing.T) {
			f := &forgery{t: t, s: w, parts: map[string][]byte{}}
			for k, b := range whole {
				f.parts[k] = b
			}
			do(f)
			f.resign(exam)
			forged := filepath.Join(t.TempDir(), "forged.bundle")
			bundle.Assemble(t, f.parts, forged)
			v := verify(t, forged, bundle.Options{})
			if !fails(v, "report/released") || !fails(v, "report/model") {
				t.Errorf("a report without draft marks passes:\n%s", list(v))
			}
		})
	}
}

// Management's own tests stand in the organization's ledger, need no nonce and
// are never released.
func TestManagementsOwnWork(t *testing.T) {
	w := begin(t, filepath.Join(t.TempDir(), "workspace"))
	defer w.app.Close()
	w.load("dana", "org", "pop-leavers", "leavers.csv", "leaver", "Leavers")
	w.load("dana", "org", "pop-accounts", "accounts.csv", "account", "Accounts")
	w.load("dana", "org", "pop-changes", "changes.csv", "change", "Changes of employee data")
	w.derive("dana", "org")
	b, err := os.ReadFile(fixture("exam.yaml"))
	w.must(err)
	own := string(b[bytes.Index(b, []byte("kind: evidence")):])
	own = strings.NewReplacer("ledger: exam-soc1-2025\n", "", "by: auditor", "by: management", "performed_by: mei", "performed_by: omar", "reviewer: carla", "reviewer: dana").Replace(own)
	w.applyBytes("dana", "own.yaml", []byte(own), "")
	w.test("dana", "org")
	w.must(verifyNoFails(t, verify(t, w.export(t, "dana", bundle.ForReport, false), bundle.Options{})))
	if _, err := w.app.ExportBundle(w.ctx, "dana", engagement, bundle.ForFile, false, filepath.Join(t.TempDir(), "x")); err == nil {
		t.Error("management took the auditor's file")
	}
	// The package itself can bundle management's whole work; who may is the
	// application's to say.
	w.must(w.app.Close())
	opt := options(t)
	path := filepath.Join(t.TempDir(), "own.bundle")
	w.directly(func(log *ledger.Log) { exportDirectly(t, log, w.dir, "org", path, opt) })
	opt.Typst = nil
	v := verify(t, path, opt)
	w.must(verifyNoFails(t, v))
	if status(v, "nonce") != "" || status(v, "sample/t-pay-1-1-draw-1") != bundle.Holds || status(v, "run/t-it-1-1-run-1") != bundle.Holds {
		t.Errorf("the sample without a nonce and the run should hold:\n%s", list(v))
	}
}

func verifyNoFails(t *testing.T, v *bundle.Verification) error {
	t.Helper()
	if v.Count(bundle.Fails) > 0 {
		return fmt.Errorf("claims fail:\n%s", list(v))
	}
	return nil
}

// directly works on the ledgers of a closed workspace without the application.
func (s *story) directly(do func(log *ledger.Log)) {
	s.t.Helper()
	store, err := sqlite.Open(s.ctx, filepath.Join(s.dir, "ledger.db"))
	s.must(err)
	defer store.Close()
	log, err := ledger.Open(s.ctx, store, ledger.Options{Keys: ledger.FileKeys{Dir: filepath.Join(s.dir, "keys")}})
	s.must(err)
	defer log.Close()
	do(log)
}

func exportDirectly(t *testing.T, log *ledger.Log, dir, work, path string, opt bundle.Options) {
	t.Helper()
	blobs := blob.Files(filepath.Join(dir, "blobs"), blob.FileKeys(filepath.Join(dir, "keys", "blobs")))
	_, err := bundle.Export(t.Context(), path, bundle.Source{Log: log, Typst: opt.Typst, Work: work, Organization: "org", Engagement: engagement, For: bundle.ForFile, Program: "test", Engine: "test",
		Open: func(ctx context.Context, ledger string, sha [32]byte) (io.ReadCloser, error) {
			return blobs.Open(ctx, ledger, sha)
		}})
	if err != nil {
		t.Fatal(err)
	}
}

// An examination in the middle of its work is a bundle too: what is not done
// yet is not re-performed, and fails nothing.
func TestUnfinishedWork(t *testing.T) {
	w := begin(t, filepath.Join(t.TempDir(), "workspace"))
	defer w.app.Close()
	w.examine()
	w.apply("dana", "later.yaml", "")
	v := verify(t, w.export(t, "mei", bundle.ForFile, false), bundle.Options{Scratch: t.TempDir()})
	if v.Count(bundle.Fails) > 0 {
		t.Fatalf("claims fail:\n%s", list(v))
	}
	for _, id := range []string{"nonce", "sample/t-pay-1-1-draw-1", "figures/t-it-1-1", "order/opinion"} {
		if status(v, id) != bundle.NotReperformed {
			t.Errorf("claim %s is %q", id, status(v, id))
		}
	}
	if status(v, "ledger/org/anchor") != bundle.Holds {
		t.Errorf("the organization's ledger went on and should extend its checkpoint:\n%s", list(v))
	}
	w.must(w.app.Close())
	w.directly(w.redacted)
}

// redacted removes a person's name as the law may demand: the proofs stay, the
// report is the one without the name, and nothing counts as left out.
func (s *story) redacted(log *ledger.Log) {
	s.t.Helper()
	var at []ledger.DocumentRef
	s.must(log.Store().Revisions(s.ctx, ledger.RevisionQuery{Ledger: "org", Kind: "person", ID: "omar", Select: ledger.SelectAll}, func(r ledger.Revision) error {
		at = append(at, ledger.DocumentRef{Pos: r.Pos, Slot: r.Slot})
		return nil
	}))
	_, err := log.Commit(s.ctx, ledger.Command{Ledger: "org", Actor: "dana", Action: "redact", Reason: "Asked for.", Redacts: at})
	s.must(err)
	t := s.t.(*testing.T)
	path := filepath.Join(t.TempDir(), "redacted.bundle")
	exportDirectly(t, log, s.dir, exam, path, options(t))
	v := verify(t, path, bundle.Options{})
	s.must(verifyNoFails(t, v))
	if status(v, "redactions") != bundle.NotReperformed || len(v.Redactions) != len(at) || len(at) == 0 {
		t.Errorf("%d redactions are named, expected %d:\n%s", len(v.Redactions), len(at), list(v))
	}
	for _, r := range v.Redactions {
		if r.Ledger != "org" || r.Kind != "person" || r.ID != "omar" || r.By != "dana" || r.Reason != "Asked for." {
			t.Errorf("the redaction is told as %s", r)
		}
	}
	for _, l := range bundle.Lines(t, bundle.Parts(t, path), "org") {
		for _, d := range l.Documents {
			if bytes.Contains(d.Bytes, []byte("Omar Reyes")) {
				t.Errorf("the redacted name is in entry %d", l.Pos)
			}
		}
	}
	if status(v, "report/model") != bundle.Holds {
		t.Errorf("the report should follow without the name:\n%s", list(v))
	}
}

// A killed or failing export leaves no file of the name, and the next one
// removes what was left.
func TestHalfWrittenBundles(t *testing.T) {
	s := sharedStory(t)
	dir := t.TempDir()
	left := filepath.Join(dir, bundle.TempName+"123")
	if err := os.WriteFile(left, []byte("half"), 0o600); err != nil {
		t.Fatal(err)
	}
	path := filepath.Join(dir, "x.bundle")
	src := bundle.Source{Log: nil}
	func() {
		defer func() { recover() }()
		bundle.Export(s.ctx, path, src)
	}()
	if _, err := os.Stat(path); err == nil {
		t.Error("a failed export left a bundle")
	}
	if _, err := os.Stat(left); err == nil {
		t.Error("what a killed export left was not swept")
	}
	if rest, _ := filepath.Glob(filepath.Join(dir, bundle.TempName+"*")); len(rest) != 0 {
		t.Errorf("a failed export left %v", rest)
	}
}

// Time is bounded, and what does not finish is not called anything else.
func TestTimeLimit(t *testing.T) {
	sharedStory(t)
	opt := options(t)
	opt.Typst, opt.Limit = nil, time.Nanosecond
	v := verify(t, filepath.Join(shared.dir, "file.bundle"), opt)
	if status(v, "run/t-it-1-1-run-1") == bundle.Holds || v.Count(bundle.Fails) > 0 {
		t.Errorf("nothing finishes in a nanosecond, and nothing is wrong:\n%s", list(v))
	}
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	if _, err := bundle.Verify(ctx, filepath.Join(shared.dir, "file.bundle"), bundle.Options{}); !errors.Is(err, context.Canceled) {
		t.Errorf("a canceled verification gives %v", err)
	}
}
