package app_test

import (
	"archive/zip"
	"bytes"
	"errors"
	"io"
	"runtime"
	"slices"
	"strings"
	"testing"

	"reperform/app"
	"reperform/record"
	"reperform/soc1"
)

// archive is a zip with members of these names.
func archive(t *testing.T, members map[string]string) []byte {
	t.Helper()
	var b bytes.Buffer
	z := zip.NewWriter(&b)
	for name, text := range members {
		w, err := z.Create(name)
		if err == nil {
			_, err = io.WriteString(w, text)
		}
		if err != nil {
			t.Fatal(err)
		}
	}
	if err := z.Close(); err != nil {
		t.Fatal(err)
	}
	return b.Bytes()
}

const somePDF = "%PDF-1.7\n1 0 obj\n<< /Type /Catalog >>\nendobj\ntrailer\n<< /Root 1 0 R >>\n%%EOF\n"

// What is in a file is told, and the file is kept whatever it is.
func TestFilesAreInspected(t *testing.T) {
	s := begin(t)
	bomb := archive(t, map[string]string{"a": strings.Repeat("\x00", 64)})
	// The list of members says that it unpacks to 8 GB.
	at := bytes.Index(bomb, []byte("PK\x01\x02"))
	copy(bomb[at+24:], []byte{0xff, 0xff, 0xff, 0xf0})
	sheet := map[string]string{"xl/workbook.xml": "<workbook/>"}
	for _, c := range []struct {
		name, content, media string
		flags                []soc1.FileFlag
	}{
		{"register.pdf", somePDF, "application/pdf", nil},
		{"register.PDF", "<!doctype html><script>alert(1)</script>", "text/html", []soc1.FileFlag{soc1.FileOtherType, soc1.FileScripted}},
		{"photo.png", "\x89PNG\r\n\x1a\n....", "image/png", nil},
		{"photo.png", "\x89PNG\r\n\x1a\n...." + string(archive(t, sheet)), "image/png", []soc1.FileFlag{soc1.FileOtherType}},
		{"rows.csv", "a,b\n1,2\n", "text/csv", nil},
		{"rows.csv", "MZ\x90\x00\x03\x00", "application/vnd.microsoft.portable-executable", []soc1.FileFlag{soc1.FileExecutable, soc1.FileOtherType}},
		{"book.xlsx", string(archive(t, sheet)), "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet", nil},
		{"book.xlsx", string(archive(t, map[string]string{"xl/vbaProject.bin": "x"})), "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet", []soc1.FileFlag{soc1.FileMacros}},
		{"book.xls", "\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1" + "M\x00a\x00c\x00r\x00o\x00s\x00", "", []soc1.FileFlag{soc1.FileMacros}},
		{"bomb.zip", string(bomb), "application/zip", []soc1.FileFlag{soc1.FileInflated}},
		{"script.pdf", strings.Replace(somePDF, "/Catalog", "/Catalog /OpenAction << /S /JavaScript >>", 1), "application/pdf", []soc1.FileFlag{soc1.FileScripted}},
		{"run.sh", "#!/bin/sh\necho\n", "text/x-shellscript", []soc1.FileFlag{soc1.FileExecutable}},
	} {
		k, err := s.app.KeepFile(s.ctx, "dana", app.OrganizationLedger, c.name, strings.NewReader(c.content))
		s.must(err)
		if !slices.Equal(k.Flags, c.flags) || c.media != "" && k.MediaType != c.media || k.Size != int64(len(c.content)) {
			t.Errorf("%s %.20q: %s, %d bytes, flags %v; expected %s, %v", c.name, c.content, k.MediaType, k.Size, k.Flags, c.media, c.flags)
		}
	}
	for given, want := range map[string]string{`C:\Users\eve\leavers.csv`: "leavers.csv", "../../etc/passwd": "passwd", "in\u202evoice\u200b.pdf\n": "invoice.pdf", " a b.txt ": "a b.txt"} {
		k, err := s.app.KeepFile(s.ctx, "dana", app.OrganizationLedger, given, strings.NewReader("x"))
		s.must(err)
		if k.Name != want {
			t.Errorf("%q is kept as %q, expected %q", given, k.Name, want)
		}
	}
	long, err := s.app.KeepFile(s.ctx, "dana", app.OrganizationLedger, strings.Repeat("ü", 400)+".pdf", strings.NewReader(somePDF))
	s.must(err)
	if n := len([]rune(long.Name)); n != 200 || !strings.HasSuffix(long.Name, ".pdf") {
		t.Errorf("a long name is kept with %d characters: %s", n, long.Name)
	}
	var wrong *app.FieldError
	for name, content := range map[string]string{"empty.csv": "", "..": "x", " ": "x", "\u202e": "x"} {
		if _, err := s.app.KeepFile(s.ctx, "dana", app.OrganizationLedger, name, strings.NewReader(content)); !errors.As(err, &wrong) || wrong.Field != "file" {
			t.Errorf("%q with %d bytes: %v", name, len(content), err)
		}
	}
}

// Evidence is recorded with its files in one command; the same content is found
// again; what is not held is refused and nothing recorded.
func TestEvidenceIsFiled(t *testing.T) {
	s := begin(t)
	_, err := s.apply("dana", person("cora", "", "service_organization", "control_owner")+person("rita", "", "service_organization", "read_only")+person("xavier", "", "guest", "external_assessor"))
	s.must(err)
	a, err := s.app.KeepFile(s.ctx, "cora", app.OrganizationLedger, "june.csv", strings.NewReader("a,b\n1,2\n"))
	s.must(err)
	if len(a.Same) != 0 {
		t.Errorf("new content is said to be there: %v", a.Same)
	}
	filing := app.Filing{Evidence: soc1.Evidence{Title: "June", Controls: []string{"it-1-1"}, PeriodFrom: "2025-06-01", PeriodTo: "2025-06-30", Source: "Payroll"}, Files: []soc1.File{a.File}}
	id, err := s.app.FileEvidence(s.ctx, "cora", filing)
	s.must(err)
	v, err := s.app.View(s.ctx, "dana", app.OrganizationLedger, record.AsOf{})
	s.must(err)
	e, err := record.One[soc1.Evidence](s.ctx, v, "evidence", id)
	s.must(err)
	if len(e.Value.Files) != 1 || e.Value.Files[0].SHA256 != a.SHA256 || !e.Value.ReceivedAt.Valid() || e.Value.HowObtained != "Uploaded by Name of cora." {
		t.Errorf("the evidence reads %+v", e.Value)
	}
	again, err := s.app.KeepFile(s.ctx, "dana", app.OrganizationLedger, "copy.csv", strings.NewReader("a,b\n1,2\n"))
	s.must(err)
	if len(again.Same) != 1 || again.Same[0].ID != id || again.Same[0].Title != "June" || again.Same[0].FileName != "june.csv" {
		t.Errorf("the same content is not recognized: %+v", again.Same)
	}
	f, r, err := s.app.FileOf(s.ctx, "rita", app.OrganizationLedger, "evidence", id, a.SHA256)
	s.must(err)
	got, err := io.ReadAll(r)
	s.must(errors.Join(err, r.Close()))
	if f.Name != "june.csv" || string(got) != "a,b\n1,2\n" {
		t.Errorf("%s reads %q", f.Name, got)
	}
	s.must(s.app.AddFiles(s.ctx, "cora", app.OrganizationLedger, id, e.Revision, []soc1.File{again.File, again.File}, ""))
	var stale *app.StaleError
	if err := s.app.AddFiles(s.ctx, "cora", app.OrganizationLedger, id, e.Revision, []soc1.File{again.File}, ""); !errors.As(err, &stale) {
		t.Errorf("files were added to a record that changed: %v", err)
	}

	before := s.size("dana", app.OrganizationLedger)
	missing := a.File
	missing.SHA256 = strings.Repeat("ab", 32)
	for name, bad := range map[string]func() error{
		"what is not held": func() error {
			_, err := s.app.FileEvidence(s.ctx, "cora", app.Filing{Evidence: filing.Evidence, Files: []soc1.File{missing}})
			return err
		},
		"a reader": func() error { _, err := s.app.FileEvidence(s.ctx, "rita", filing); return err },
		"a reader's bytes": func() error {
			_, err := s.app.KeepFile(s.ctx, "rita", app.OrganizationLedger, "x.csv", strings.NewReader("x"))
			return err
		},
		"a guest's bytes": func() error {
			_, err := s.app.KeepFile(s.ctx, "xavier", app.OrganizationLedger, "x.csv", strings.NewReader("x"))
			return err
		},
		"no title": func() error { _, err := s.app.FileEvidence(s.ctx, "cora", app.Filing{Files: filing.Files}); return err },
		"a period backwards": func() error {
			_, err := s.app.FileEvidence(s.ctx, "cora", app.Filing{Evidence: soc1.Evidence{Title: "x", PeriodFrom: "2025-06-30", PeriodTo: "2025-06-01"}})
			return err
		},
		"no control of that name": func() error {
			_, err := s.app.FileEvidence(s.ctx, "cora", app.Filing{Evidence: soc1.Evidence{Title: "x", Controls: []string{"none"}}})
			return err
		},
		"no files to add": func() error { return s.app.AddFiles(s.ctx, "cora", app.OrganizationLedger, id, -1, nil, "") },
		"a file elsewhere": func() error {
			_, _, err := s.app.FileOf(s.ctx, "rita", app.OrganizationLedger, "evidence", id, missing.SHA256)
			return err
		},
		"bytes through another kind": func() error {
			_, _, err := s.app.FileOf(s.ctx, "rita", app.OrganizationLedger, "control", "it-1-1", a.SHA256)
			return err
		},
	} {
		if bad() == nil {
			t.Errorf("%s: nothing refused it", name)
		}
	}
	if s.size("dana", app.OrganizationLedger) != before {
		t.Error("a refusal recorded something")
	}
}

// zeros is a stream of n bytes that counts nothing in memory.
type zeros struct{ left int64 }

func (z *zeros) Read(p []byte) (int, error) {
	if z.left == 0 {
		return 0, io.EOF
	}
	n := min(int64(len(p)), z.left)
	clear(p[:n])
	z.left -= n
	return int(n), nil
}

// A large file streams: taking it in does not hold it.
func TestLargeFileStreams(t *testing.T) {
	s := begin(t)
	const size = 96 << 20
	_, err := s.app.KeepFile(s.ctx, "dana", app.OrganizationLedger, "warm.bin", &zeros{1 << 20})
	s.must(err)
	var before, after runtime.MemStats
	runtime.GC()
	runtime.ReadMemStats(&before)
	k, err := s.app.KeepFile(s.ctx, "dana", app.OrganizationLedger, "large.bin", &zeros{size})
	s.must(err)
	runtime.ReadMemStats(&after)
	if k.Size != size {
		t.Errorf("%d bytes", k.Size)
	}
	if grown := int64(after.TotalAlloc - before.TotalAlloc); grown > size/4 {
		t.Errorf("taking in %d MiB allocated %d MiB", size>>20, grown>>20)
	}
}

// BenchmarkKeepFile takes in a file of 1 GiB; what it allocates is told beside.
func BenchmarkKeepFile(b *testing.B) {
	s := begin(b)
	b.SetBytes(1 << 30)
	b.ReportAllocs()
	for i := 0; b.Loop(); i++ {
		if _, err := s.app.KeepFile(s.ctx, "dana", app.OrganizationLedger, "large.bin", &zeros{1 << 30}); err != nil {
			b.Fatal(err)
		}
	}
}
