package bundle_test

import (
	"bytes"
	"encoding/json"
	"maps"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"reperform/app"
	"reperform/bundle"
	"reperform/soc1"
)

// issuedOnce is a report released, issued, and bundled both ways; afterwards
// the organization's ledger goes on.
type issuedOnce struct {
	*story
	issue        app.Issued
	pdf          []byte
	report, file string
}

func told1(t *testing.T) issuedOnce {
	t.Helper()
	w := issuedOnce{story: told(t, filepath.Join(t.TempDir(), "workspace"))}
	t.Cleanup(func() { w.app.Close() })
	w.release()
	var path string
	w.issue, path = w.story.issue("")
	var err error
	w.pdf, err = os.ReadFile(path)
	w.must(err)
	w.apply("dana", "later.yaml", "")
	w.must(w.app.Release(w.ctx, "helen", exam, "some", soc1.Release{What: "A deviation", ToWhom: "Alder", Revisions: []soc1.Ref{{Kind: "deviation", ID: "dev-t-it-1-1", Revision: 1}}}))
	w.report, w.file = w.export(t, "helen", bundle.ForReport, false), w.export(t, "helen", bundle.ForFile, false)
	return w
}

// TestIssuedReport follows an issued report through both bundles, with
// everything that can be done to the one a reader holds.
func TestIssuedReport(t *testing.T) {
	w := told1(t)
	opt := options(t)
	note, key, err := w.app.Checkpoint(w.ctx, "helen", exam)
	w.must(err)
	opt.Checkpoint, opt.Program = note, app.Version().Program
	t.Run("the report holds", func(t *testing.T) {
		v := verify(t, w.report, opt)
		if v.Count(bundle.Fails) > 0 {
			t.Fatalf("claims fail:\n%s", list(v))
		}
		for _, id := range []string{"checkpoint", "key", "issue", "issue/pdf", "issue/content", "report/checkpoint", "report/pdf"} {
			if status(v, id) != bundle.Holds {
				t.Errorf("claim %s is %q:\n%s", id, status(v, id), list(v))
			}
		}
		if status(v, "issue/partner") != bundle.NotReperformed || status(v, "report/model") != bundle.NotReperformed {
			t.Errorf("neither people nor working papers are shown:\n%s", list(v))
		}
		parts := bundle.Parts(t, w.report)
		if !bytes.Equal(parts[bundle.PartPDF], w.pdf) {
			t.Error("the bundle holds another PDF than was issued")
		}
		// Nothing is shown of the examination but the entry that issues.
		for name, b := range parts {
			if name != bundle.PartPDF && bytes.Contains(b, []byte("Suitably designed")) {
				t.Errorf("part %s shows a working paper", name)
			}
		}
		for _, l := range bundle.Lines(t, parts, exam) {
			if l.Leaf == nil || l.Bytes != nil || l.Documents != nil {
				t.Fatalf("entry %d is shown by more than its hash", l.Pos)
			}
		}
		limits := strings.Join(v.Limits, "\n")
		for _, want := range []string{"engagement partner", "no later issue", "working papers"} {
			if !strings.Contains(limits, want) {
				t.Errorf("nothing says that %q is not established:\n%s", want, limits)
			}
		}
		if strings.Contains(limits, "--checkpoint") {
			t.Errorf("a checkpoint was given:\n%s", limits)
		}
		// The organization's latest state is another than the one issued from.
		orgNote, _, err := w.app.Checkpoint(w.ctx, "helen", "org")
		w.must(err)
		if v := verify(t, w.report, bundle.Options{Checkpoint: orgNote}); status(v, "checkpoint") != bundle.NotReperformed || v.Count(bundle.Fails) > 0 {
			t.Errorf("the bundle shows the organization's ledger as of the issue only:\n%s", list(v))
		}
		if v := verify(t, w.report, bundle.Options{Keys: []string{key}}); !strings.Contains(strings.Join(v.Limits, "\n"), "--checkpoint") {
			t.Errorf("a key alone shows nothing against its holder:\n%q", v.Limits)
		}
	})
	t.Run("the file holds, roles and all", func(t *testing.T) {
		v := verify(t, w.file, opt)
		if v.Count(bundle.Fails) > 0 || v.Count(bundle.NotReperformed) > 0 {
			t.Fatalf("not everything holds:\n%s", list(v))
		}
		for _, id := range []string{"issue/issuance-1", "issue/issuance-1/states", "issue/issuance-1/content", "issue/issuance-1/pdf"} {
			if status(v, id) != bundle.Holds {
				t.Errorf("claim %s is %q:\n%s", id, status(v, id), list(v))
			}
		}
	})
	t.Run("the same issue is the same report", func(t *testing.T) {
		path := filepath.Join(t.TempDir(), "again.pdf")
		x, err := w.app.IssuedReport(w.ctx, "helen", engagement, path)
		w.must(err)
		again, err := os.ReadFile(path)
		w.must(err)
		if !bytes.Equal(again, w.pdf) || !strings.Contains(x.Rebuilt, "the same bytes") || x.ID != "issuance-1" {
			t.Errorf("%s: %q", x.ID, x.Rebuilt)
		}
	})
	t.Run("a PDF by another way", func(t *testing.T) {
		for _, c := range []struct {
			path string
			pdf  []byte
			want bundle.Status
		}{{w.report, w.pdf, bundle.Holds}, {w.file, w.pdf, bundle.Holds}, {w.report, flip(w.pdf, 9), bundle.Fails}, {w.file, flip(w.pdf, 9), bundle.Fails}, {w.file, bundle.Parts(t, w.file)[bundle.PartPDF], bundle.Fails}} {
			if v := verify(t, c.path, bundle.Options{PDF: c.pdf, Scratch: t.TempDir()}); status(v, "report/given") != c.want {
				t.Errorf("%s: %q, want %q:\n%s", filepath.Base(c.path), status(v, "report/given"), c.want, list(v))
			}
		}
	})
	t.Run("forged reports", func(t *testing.T) { forgedReports(t, w) })
	t.Run("forged files", func(t *testing.T) { forgedFiles(t, w) })
	t.Run("issued again", func(t *testing.T) { issuedAgain(t, w, opt) })
}

// forgedReports are bundles for a report in the hands of somebody who knows the
// format and cannot sign.
func forgedReports(t *testing.T, w issuedOnce) {
	whole := bundle.Parts(t, w.report)
	proof := func(f *forgery, change func(p map[string]any)) {
		var p map[string]any
		w.must(json.Unmarshal(f.parts[bundle.PartIssuance], &p))
		change(p)
		// In the order of the struct, or the spelling alone would fail.
		var b bytes.Buffer
		b.WriteByte('{')
		for i, k := range []string{"pos", "entry", "slot", "salt", "document", "inclusion", "consistency"} {
			if i > 0 {
				b.WriteByte(',')
			}
			v, err := json.Marshal(p[k])
			w.must(err)
			b.WriteString(`"` + k + `":`)
			b.Write(v)
		}
		b.WriteByte('}')
		f.parts[bundle.PartIssuance] = b.Bytes()
	}
	draft := bundle.Parts(t, filepath.Join(shared1(t), "report.bundle"))
	for _, c := range []struct {
		name, claim string
		do          func(f *forgery)
	}{
		{"the PDF of another report", "issue/pdf", func(f *forgery) { f.parts[bundle.PartPDF] = draft[bundle.PartPDF] }},
		{"one bit of the PDF", "issue/pdf", func(f *forgery) {
			f.parts[bundle.PartPDF] = flip(f.parts[bundle.PartPDF], len(f.parts[bundle.PartPDF])/2)
		}},
		{"the PDF and its content", "issue/content", func(f *forgery) {
			f.parts[bundle.PartPDF], f.parts[bundle.PartModel] = draft[bundle.PartPDF], draft[bundle.PartModel]
		}},
		{"the content", "issue/content", func(f *forgery) {
			f.parts[bundle.PartModel] = bytes.Replace(f.parts[bundle.PartModel], []byte("Alder"), []byte("Elder"), 1)
		}},
		{"the PDF in the issue, too", "issue", func(f *forgery) {
			proof(f, func(p map[string]any) { p["document"] = "e30=" })
		}},
		{"the salt", "issue", func(f *forgery) {
			proof(f, func(p map[string]any) { p["salt"] = strings.Repeat("A", 43) + "=" })
		}},
		{"the entry", "issue", func(f *forgery) { proof(f, func(p map[string]any) { p["entry"] = "e30=" }) }},
		{"the position", "issue", func(f *forgery) {
			proof(f, func(p map[string]any) { p["pos"] = p["pos"].(float64) - 1 })
		}},
		{"a hash of the inclusion", "issue", func(f *forgery) {
			proof(f, func(p map[string]any) { p["inclusion"].([]any)[0] = strings.Repeat("A", 43) + "=" })
		}},
		{"the consistency", "issue", func(f *forgery) {
			proof(f, func(p map[string]any) { p["consistency"].([]any)[0] = strings.Repeat("A", 43) + "=" })
		}},
		{"no consistency", "issue", func(f *forgery) { proof(f, func(p map[string]any) { p["consistency"] = nil }) }},
		{"an empty consistency", "issue", func(f *forgery) { proof(f, func(p map[string]any) { p["consistency"] = []any{} }) }},
		{"a field more", "issue", func(f *forgery) {
			f.parts[bundle.PartIssuance] = append([]byte(`{"note":"hidden",`), f.parts[bundle.PartIssuance][1:]...)
		}},
		{"no issue", "issue", func(f *forgery) { delete(f.parts, bundle.PartIssuance) }},
		{"a leaf", "ledger/" + exam + "/tree", func(f *forgery) {
			f.lines(exam, func(l []bundle.Line) []bundle.Line {
				l[3].Leaf = l[4].Leaf
				return l
			})
		}},
		{"the form of a report that was not issued", "report/checkpoint", func(f *forgery) {
			f.about(func(a *bundle.About) { a.Version = 1 })
			delete(f.parts, bundle.PartIssuance)
		}},
		{"the form without its issue taken out", "container/parts", func(f *forgery) { f.about(func(a *bundle.About) { a.Version = 1 }) }},
		{"the form of a file", "about", func(f *forgery) { f.about(func(a *bundle.About) { a.For = bundle.ForFile }) }},
		{"a later form", "about", func(f *forgery) { f.about(func(a *bundle.About) { a.Version = 3 }) }},
		{"another program", "issue", func(f *forgery) { f.about(func(a *bundle.About) { a.Program = "9.9.9" }) }},
		{"another engagement", "issue", func(f *forgery) { f.about(func(a *bundle.About) { a.Engagement = "soc1-2024" }) }},
		{"another state of the organization", "ledger/org/checkpoint", func(f *forgery) { f.about(func(a *bundle.About) { a.Known["org"]-- }) }},
		{"the organization's checkpoint of another day", "report/checkpoint", func(f *forgery) {
			now := bundle.Parts(t, w.file)
			f.parts[bundle.PartCheckpoint("org")] = now[bundle.PartCheckpoint("org")]
			var a bundle.About
			w.must(json.Unmarshal(now[bundle.PartAbout], &a))
			f.about(func(b *bundle.About) { b.Known["org"] = a.Known["org"] })
		}},
		{"the checkpoint from before the issue", "issue", func(f *forgery) {
			f.lines(exam, func(l []bundle.Line) []bundle.Line { return l[:w.issue.Position] })
			f.parts[bundle.PartCheckpoint(exam)] = []byte(w.issue.Checkpoint)
			f.about(func(a *bundle.About) { a.Known[exam] = w.issue.Position })
		}},
	} {
		t.Run(c.name, func(t *testing.T) {
			f := &forgery{t: t, s: w.story, parts: maps.Clone(whole)}
			c.do(f)
			path := filepath.Join(t.TempDir(), "forged.bundle")
			bundle.Assemble(t, f.parts, path)
			if v := verify(t, path, bundle.Options{}); !fails(v, c.claim) {
				t.Errorf("claim %s does not fail:\n%s", c.claim, list(v))
			}
		})
	}
	// Whatever single byte of the file changes, something fails.
	b, err := os.ReadFile(w.report)
	w.must(err)
	path := filepath.Join(t.TempDir(), "flipped.bundle")
	for at := 0; at < len(b); at += len(b)/400 + 1 {
		w.must(os.WriteFile(path, flip(b, at), 0o600))
		if found, err := bundle.ScanFails(path); !found {
			t.Fatalf("byte %d changed and nothing tells (%v)", at, err)
		}
	}
	// And of every part, whoever computes the digest anew.
	for name, content := range whole {
		for _, at := range []int{0, len(content) / 3, len(content) / 2, len(content) - 1} {
			parts := maps.Clone(whole)
			parts[name] = flip(content, at)
			bundle.Assemble(t, parts, path)
			if v := verify(t, path, bundle.Options{}); v.Count(bundle.Fails) == 0 {
				t.Errorf("byte %d of %s changed and nothing fails:\n%s", at, name, list(v))
			}
		}
	}
}

// shared1 holds the draft of another examination as a bundle for a report.
func shared1(t *testing.T) string {
	t.Helper()
	s := sharedStory(t)
	dir := t.TempDir()
	b, err := os.ReadFile(s.export(t, "helen", bundle.ForReport, false))
	s.must(err)
	s.must(os.WriteFile(filepath.Join(dir, "report.bundle"), b, 0o600))
	return dir
}

// forgedFiles are the auditor's file in the hands of the operator, who signs.
func forgedFiles(t *testing.T, w issuedOnce) {
	whole := bundle.Parts(t, w.file)
	body := func(change func(b map[string]any)) func(f *forgery) {
		return func(f *forgery) { f.edit(exam, "issuance", "issuance-1", change) }
	}
	for _, c := range []struct {
		name, claim string
		do          func(f *forgery)
	}{
		{"issued by staff", "issue/issuance-1", func(f *forgery) {
			body(func(b map[string]any) { b["by"] = "mei" })(f)
			f.actor("issuance", "issuance-1", "mei")
		}},
		{"issued in the partner's name", "issue/issuance-1", func(f *forgery) { f.actor("issuance", "issuance-1", "mei") }},
		{"issued by another command", "issue/issuance-1", func(f *forgery) {
			f.lines(exam, func(l []bundle.Line) []bundle.Line {
				i, _ := f.find(l, "issuance", "issuance-1")
				l[i].Bytes = bytes.Replace(l[i].Bytes, []byte(`"report.issue"`), []byte(`"record.put"`), 1)
				return l
			})
		}},
		{"issued before it was released", "issue/issuance-1", func(f *forgery) {
			f.lines(exam, func(l []bundle.Line) []bundle.Line {
				i, _ := f.find(l, "release", "report")
				l[i].Bytes = bytes.Replace(l[i].Bytes, []byte(`"report.release"`), []byte(`"record.put"`), 1)
				return l
			})
		}},
		{"a second issue that is the first", "issue/issuance-1", body(func(b map[string]any) { b["number"], b["reason"] = 2, "Again." })},
		{"another state", "issue/issuance-1/states", body(func(b map[string]any) { b["position"] = b["position"].(float64) - 1 })},
		{"another state of the organization", "issue/issuance-1/states", body(func(b map[string]any) { b["organization_position"] = 1 })},
		{"a state that another key signed", "issue/issuance-1/states", body(func(b map[string]any) { b["checkpoint"] = b["organization_checkpoint"] })},
		{"another content", "issue/issuance-1/content", body(func(b map[string]any) { b["content"] = b["report"] })},
		{"another PDF", "file/", body(func(b map[string]any) { b["report"].(map[string]any)["sha256"] = strings.Repeat("ab", 32) })},
		{"the issued PDF's bytes", "file/" + w.issue.Report.SHA256, func(f *forgery) {
			n := bundle.PartBlob + w.issue.Report.SHA256
			f.parts[n] = flip(f.parts[n], len(f.parts[n])/2)
		}},
		{"the issued PDF is gone", "issue/issuance-1/pdf", func(f *forgery) { delete(f.parts, bundle.PartBlob+w.issue.Report.SHA256) }},
		{"a rewritten past before the issue", "issue/issuance-1/states", func(f *forgery) {
			f.edit(exam, "conclusion", "c-it-1-1-o", func(b map[string]any) { b["reasons"] = "Others." })
		}},
	} {
		t.Run(c.name, func(t *testing.T) {
			f := &forgery{t: t, s: w.story, parts: maps.Clone(whole)}
			c.do(f)
			f.resign(exam)
			path := filepath.Join(t.TempDir(), "forged.bundle")
			bundle.Assemble(t, f.parts, path)
			opt := bundle.Options{Scratch: t.TempDir()}
			if strings.HasSuffix(c.claim, "/pdf") {
				opt.Typst = options(t).Typst
			}
			if v := verify(t, path, opt); !fails(v, c.claim) {
				t.Errorf("claim %s does not fail:\n%s", c.claim, list(v))
			}
		})
	}
}

// actor puts another name on the entry that holds a record.
func (f *forgery) actor(kind, id, name string) {
	f.t.Helper()
	f.lines(exam, func(l []bundle.Line) []bundle.Line {
		i, _ := f.find(l, kind, id)
		l[i].Bytes = bytes.Replace(l[i].Bytes, []byte(`"actor":"helen"`), []byte(`"actor":"`+name+`"`), 1)
		return l
	})
}

// issuedAgain is what happens when something becomes known after the issue.
func issuedAgain(t *testing.T, w issuedOnce, opt bundle.Options) {
	// The organization's records have moved on, but not what the report reads.
	refused := func(reason, want string) {
		t.Helper()
		path := filepath.Join(t.TempDir(), "x.pdf")
		_, err := w.app.IssueReport(w.ctx, "helen", engagement, reason, path)
		if err == nil || !strings.Contains(err.Error(), want) {
			t.Fatalf("issued again with reason %q: %v, want %q", reason, err, want)
		}
		if _, err := os.Stat(path); err == nil {
			t.Error("what was refused was written")
		}
	}
	refused("", "issued before, as issuance-1")
	w.must(w.app.Opine(w.ctx, "helen", exam, "opinion-1", soc1.Opinion{Engagement: engagement, ReportDate: "2026-02-20", Emphasis: []string{"As described in Section III, a deviation became known after the first issue."},
		Limbs: soc1.OpinionLimbs{Description: soc1.Unmodified, Design: soc1.Unmodified, Operating: soc1.Unmodified}}))
	refused("A deviation became known.", "does not name")
	w.must(w.app.ReleaseReport(w.ctx, "helen", engagement, "Alder"))
	x, path := w.story.issue("A deviation became known.")
	if x.ID != "issuance-2" || x.Number != 2 {
		t.Errorf("the second issue is %s, number %d", x.ID, x.Number)
	}
	second, err := os.ReadFile(path)
	w.must(err)
	note, _, err := w.app.Checkpoint(w.ctx, "helen", exam)
	w.must(err)
	opt.Checkpoint, opt.Scratch = note, t.TempDir()
	v := verify(t, w.export(t, "helen", bundle.ForFile, false), opt)
	if v.Count(bundle.Fails) > 0 || v.Count(bundle.NotReperformed) > 0 || status(v, "issue/issuance-1/content") != bundle.Holds || status(v, "issue/issuance-2/content") != bundle.Holds {
		t.Errorf("both issues should hold:\n%s", list(v))
	}
	report := w.export(t, "helen", bundle.ForReport, false)
	if parts := bundle.Parts(t, report); !bytes.Equal(parts[bundle.PartPDF], second) {
		t.Error("the bundle for the report holds another than the last issue")
	}
	v = verify(t, report, opt)
	i := slices.IndexFunc(v.Claims, func(c bundle.Claim) bool { return c.ID == "issue" })
	if v.Count(bundle.Fails) > 0 || i < 0 || !strings.Contains(v.Claims[i].Detail, "issuance 2") {
		t.Errorf("the second issue should hold:\n%s", list(v))
	}
	// The first one still verifies where somebody kept it, and under the new checkpoint
	// only as far as it goes.
	if v := verify(t, w.report, bundle.Options{}); v.Count(bundle.Fails) > 0 {
		t.Errorf("the first issue no longer verifies:\n%s", list(v))
	}
}
