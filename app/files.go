package app

import (
	"archive/zip"
	"bytes"
	"cmp"
	"context"
	"errors"
	"fmt"
	"io"
	"mime"
	"path"
	"path/filepath"
	"slices"
	"strings"
	"unicode"

	"github.com/gabriel-vasile/mimetype"

	"reperform/blob"
	"reperform/identity"
	"reperform/record"
	"reperform/soc1"
)

// LargestFile is the size in bytes up to which a file is taken in.
const LargestFile = 20 << 30

// longestFileName is how many characters of a file's name are kept.
const longestFileName = 200

// Kept is a file that was taken in and belongs to no record yet.
type Kept struct {
	soc1.File
	// Same are the evidence records that hold the same content already.
	Same []SameContent `json:"same,omitempty"`
}

// SameContent is a record of evidence with a file of the same content.
type SameContent struct {
	ID       string   `json:"id"`
	Title    string   `json:"title"`
	FileName string   `json:"file_name"`
	Controls []string `json:"controls,omitempty"`
}

// KeepFile takes in the bytes of a file that will belong to a record of evidence,
// sealed, in constant memory. Nothing is recorded, and what no record names later is
// no part of anything. It is for whoever may add evidence or keeps courses. What the file holds is
// looked at and never run; see soc1.FileFlag.
func (a *App) KeepFile(ctx context.Context, actor, name, fileName string, r io.Reader) (Kept, error) {
	if err := a.MayPut(ctx, actor, name, "evidence", ""); err != nil && a.MayPut(ctx, actor, name, "course", "") != nil {
		return Kept{}, err
	}
	if a.readOnly {
		return Kept{}, ErrReadOnly
	}
	clean := cleanFileName(fileName)
	if clean == "" {
		return Kept{}, &FieldError{Field: "file", Text: "The file has no name. Give it one and add it again."}
	}
	limited := &io.LimitedReader{R: r, N: LargestFile + 1}
	ref, err := a.blobs.Put(ctx, name, limited)
	if err != nil {
		return Kept{}, err
	}
	if limited.N <= 0 {
		return Kept{}, &FieldError{Field: "file", Text: fmt.Sprintf("%s is larger than %d GB, which is the most that is taken in. Split it.", clean, LargestFile>>30)}
	}
	if ref.Size == 0 {
		return Kept{}, &FieldError{Field: "file", Text: clean + " is empty. An empty file shows nothing; add the right one."}
	}
	f := soc1.File{Name: clean, Size: ref.Size, SHA256: ref.String()}
	if err := a.inspect(ctx, name, &f); err != nil {
		return Kept{}, err
	}
	same, err := a.sameContent(ctx, actor, name, f.SHA256)
	return Kept{File: f, Same: same}, err
}

// cleanFileName is a file's name without folders and without what would deceive
// whoever reads it.
func cleanFileName(s string) string {
	s = path.Base(strings.ReplaceAll(strings.TrimSpace(s), "\\", "/"))
	s = strings.Map(func(r rune) rune {
		if unicode.IsControl(r) || r == unicode.ReplacementChar || unicode.Is(unicode.Cf, r) || unicode.Is(unicode.Zl, r) || unicode.Is(unicode.Zp, r) {
			return -1
		}
		return r
	}, s)
	s = strings.TrimSpace(s)
	if s == "." || s == ".." || s == "/" {
		return ""
	}
	if runes := []rune(s); len(runes) > longestFileName {
		ext := []rune(path.Ext(s))
		if len(ext) > 12 {
			ext = nil
		}
		s = string(runes[:longestFileName-len(ext)]) + string(ext)
	}
	return s
}

// sameContent finds the evidence that the actor reads with a file of the same bytes.
func (a *App) sameContent(ctx context.Context, actor, name, sha string) ([]SameContent, error) {
	v, err := a.View(ctx, actor, name, record.AsOf{})
	if err != nil || !v.Shows("evidence") {
		return nil, err
	}
	l, err := v.Rows(ctx, "evidence")
	if err != nil {
		return nil, err
	}
	var out []SameContent
	needle := []byte(sha)
	l.All(func(it *record.Item) bool {
		if !it.Live() || !bytes.Contains(it.Body, needle) {
			return true
		}
		e, err := record.Value[soc1.Evidence](it)
		if err != nil {
			return true
		}
		for _, f := range e.Files {
			if f.SHA256 == sha {
				out = append(out, SameContent{ID: it.ID, Title: e.Title, FileName: f.Name, Controls: e.Controls})
				break
			}
		}
		return len(out) < 20
	})
	return out, nil
}

// The bounds of looking into an archive: how many of its members are looked at, and
// from which unpacked size and ratio on it is told.
const (
	mostMembers   = 20_000
	inflatedFrom  = 1 << 30
	inflatedRatio = 200
)

// expected are the media types of what people file most often, by the ending of the
// name. What is detected must be one of them or of their kind, or the file is not
// what it says.
var expected = map[string]string{
	".pdf": "application/pdf", ".png": "image/png", ".jpg": "image/jpeg", ".jpeg": "image/jpeg", ".gif": "image/gif", ".webp": "image/webp", ".bmp": "image/bmp",
	".xlsx": "application/zip", ".xlsm": "application/zip", ".docx": "application/zip", ".docm": "application/zip", ".pptx": "application/zip", ".pptm": "application/zip", ".zip": "application/zip",
	".gz": "application/gzip", ".csv": "text/plain", ".tsv": "text/plain", ".txt": "text/plain", ".log": "text/plain", ".md": "text/plain", ".json": "text/plain", ".yaml": "text/plain", ".yml": "text/plain",
}

// named are the types of files that their content does not tell from others of their
// kind.
var named = map[string]string{
	".xlsx": "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet", ".xlsm": "application/vnd.ms-excel.sheet.macroEnabled.12",
	".docx": "application/vnd.openxmlformats-officedocument.wordprocessingml.document", ".docm": "application/vnd.ms-word.document.macroEnabled.12",
	".pptx": "application/vnd.openxmlformats-officedocument.presentationml.presentation", ".pptm": "application/vnd.ms-powerpoint.presentation.macroEnabled.12",
	".csv": "text/csv", ".tsv": "text/tab-separated-values", ".md": "text/markdown", ".json": "application/json", ".yaml": "application/yaml", ".yml": "application/yaml",
}

// detect is the type that the first bytes of a file show, and whether it is of a kind.
func detect(head []byte) (media string, is func(string) bool) {
	m := mimetype.Detect(head)
	media, _, _ = mime.ParseMediaType(m.String())
	return media, func(kind string) bool {
		for x := m; x != nil; x = x.Parent() {
			if x.Is(kind) {
				return true
			}
		}
		return false
	}
}

// inspect looks at what was taken in: its type, and what whoever opens it should
// know.
func (a *App) inspect(ctx context.Context, name string, f *soc1.File) error {
	sha, err := digest(f.SHA256)
	if err != nil {
		return err
	}
	r, err := a.blobs.Open(ctx, name, sha)
	if err != nil {
		return err
	}
	defer r.Close()
	return inspect(r, f)
}

func inspect(r io.ReaderAt, f *soc1.File) error {
	head := make([]byte, 4096)
	n, err := r.ReadAt(head, 0)
	if err != nil && !errors.Is(err, io.EOF) {
		return err
	}
	head = head[:n]
	ext := strings.ToLower(filepath.Ext(f.Name))
	detected, is := detect(head)
	page := is("text/html") || is("image/svg+xml")
	flag := func(x soc1.FileFlag) {
		if !slices.Contains(f.Flags, x) {
			f.Flags = append(f.Flags, x)
		}
	}
	kind, known := expected[ext]
	if known && (!is(kind) || page) {
		flag(soc1.FileOtherType)
	}
	f.MediaType = detected
	if t, ok := named[ext]; ok && !slices.Contains(f.Flags, soc1.FileOtherType) {
		f.MediaType = t
	} else if !known && detected == "application/octet-stream" {
		if t := mime.TypeByExtension(ext); t != "" {
			f.MediaType, _, _ = mime.ParseMediaType(t)
		}
	}
	switch {
	case bytes.HasPrefix(head, []byte("MZ")), bytes.HasPrefix(head, []byte("\x7fELF")), bytes.HasPrefix(head, []byte("#!")),
		slices.Contains([]string{".exe", ".dll", ".bat", ".cmd", ".ps1", ".vbs", ".js", ".msi", ".scr", ".jar", ".sh"}, ext):
		flag(soc1.FileExecutable)
	case page || ext == ".svg" || ext == ".html" || ext == ".htm":
		flag(soc1.FileScripted)
	case bytes.HasPrefix(head, []byte("\xd0\xcf\x11\xe0")):
		inspectOld(r, flag)
	case bytes.HasPrefix(head, []byte("PK\x03\x04")):
		inspectZip(r, f.Size, flag)
	case is("application/pdf"):
		inspectPDF(r, flag)
	}
	// An archive behind something else is read as either by different programs.
	if !bytes.HasPrefix(head, []byte("PK")) && known && kind != "application/zip" && zipAtEnd(r, f.Size) {
		flag(soc1.FileOtherType)
	}
	slices.Sort(f.Flags)
	return nil
}

// inspectZip reads the list of an archive's members and unpacks nothing.
func inspectZip(r io.ReaderAt, size int64, flag func(soc1.FileFlag)) {
	z, err := zip.NewReader(r, size)
	if err != nil {
		flag(soc1.FileOtherType)
		return
	}
	var total uint64
	for i, m := range z.File {
		if i == mostMembers {
			flag(soc1.FileInflated)
			break
		}
		total += m.UncompressedSize64
		lower := strings.ToLower(m.Name)
		if strings.HasSuffix(lower, "vbaproject.bin") || strings.Contains(lower, "macrosheets/") {
			flag(soc1.FileMacros)
		}
		if m.Flags&1 != 0 {
			flag(soc1.FileEncrypted)
		}
	}
	if total > inflatedFrom && total/uint64(max(size, 1)) >= inflatedRatio {
		flag(soc1.FileInflated)
	}
}

// window is how much of the beginning of a file is searched for words.
const window = 4 << 20

// inspectOld looks for macros and encryption in the older form of office files.
func inspectOld(r io.ReaderAt, flag func(soc1.FileFlag)) {
	b := make([]byte, window)
	n, _ := r.ReadAt(b, 0)
	b = b[:n]
	wide := func(s string) []byte {
		out := make([]byte, 0, 2*len(s))
		for i := range len(s) {
			out = append(out, s[i], 0)
		}
		return out
	}
	if bytes.Contains(b, wide("_VBA_PROJECT")) || bytes.Contains(b, wide("Macros")) {
		flag(soc1.FileMacros)
	}
	if bytes.Contains(b, wide("EncryptedPackage")) {
		flag(soc1.FileEncrypted)
	}
}

// inspectPDF looks for scripts, embedded programs and encryption.
func inspectPDF(r io.ReaderAt, flag func(soc1.FileFlag)) {
	b := make([]byte, window)
	n, _ := r.ReadAt(b, 0)
	b = b[:n]
	if bytes.Contains(b, []byte("/JavaScript")) || bytes.Contains(b, []byte("/Launch")) {
		flag(soc1.FileScripted)
	}
	if bytes.Contains(b, []byte("/Encrypt")) {
		flag(soc1.FileEncrypted)
	}
}

// zipAtEnd tells whether a file ends like an archive.
func zipAtEnd(r io.ReaderAt, size int64) bool {
	const tail = 64 << 10
	b := make([]byte, min(size, tail))
	n, _ := r.ReadAt(b, size-int64(len(b)))
	return bytes.Contains(b[:n], []byte("PK\x05\x06"))
}

// Filing is evidence with the files that belong to it.
type Filing struct {
	// Ledger holds it; empty is the organization's. ID is chosen where it is empty.
	Ledger, ID string
	Evidence   soc1.Evidence
	// Files were taken in by KeepFile.
	Files []soc1.File
	// Effective is when it takes effect; empty is today.
	Effective soc1.Date
	Reason    string
}

// FileEvidence records evidence together with its files, in one command, and returns
// its id. What arrived now is marked as received now, and who brought it in is said
// where the evidence does not say how it was obtained.
func (a *App) FileEvidence(ctx context.Context, actor string, f Filing) (string, error) {
	name := cmp.Or(f.Ledger, OrganizationLedger)
	e := f.Evidence
	e.Files = slices.Concat(e.Files, f.Files)
	if e.ReceivedAt == "" {
		e.ReceivedAt = a.now()
	}
	if strings.TrimSpace(e.HowObtained) == "" {
		who := actor
		if v, err := a.latest(OrganizationLedger); err == nil {
			if p, err := record.One[soc1.Person](ctx, v, "person", actor); err == nil {
				who = p.Value.Name
			}
		}
		e.HowObtained = "Uploaded by " + who + "."
	}
	if err := a.heldAll(ctx, name, f.Files); err != nil {
		return "", err
	}
	id, err := a.newID("ev-", f.ID)
	if err != nil {
		return "", err
	}
	change := RecordChange{Ledger: name, Kind: "evidence", ID: id, Effective: f.Effective, Value: e, Reason: cmp.Or(strings.TrimSpace(f.Reason), "Evidence filed.")}
	return id, a.PutRecord(ctx, actor, change)
}

// AnswerRequestWith answers a request with files that KeepFile took in: they become
// evidence of the controls that the request is about, as of today, and the answer
// names it. Without files it is AnswerRequest.
func (a *App) AnswerRequestWith(ctx context.Context, actor, id, answer string, evidence []string, files []soc1.File) error {
	if len(files) == 0 {
		return a.AnswerRequest(ctx, actor, id, answer, evidence)
	}
	v, err := a.latest(OrganizationLedger)
	if err != nil {
		return err
	}
	q, err := record.One[soc1.Request](ctx, v, "request", id)
	if err != nil {
		return err
	}
	// Whether it can be answered is asked first: what is filed stays filed.
	if err := a.authorizeOn(ctx, actor, identity.RequestAnswer, about(OrganizationLedger, "request", id, q.Body), controlsOf("request", id, q.Body)); err != nil {
		return err
	}
	if !q.Value.Waits() {
		return fmt.Errorf("request %s is %s; there is nothing to answer", id, q.Value.Status)
	}
	today, err := a.Today(ctx)
	if err != nil {
		return err
	}
	made, err := a.FileEvidence(ctx, actor, Filing{Files: files, Reason: "Filed with the answer to request " + id + ".",
		Evidence: soc1.Evidence{Title: q.Value.Title, Controls: q.Value.Controls, AsOf: today, Description: answer, Source: "Answer to request " + id}})
	if err != nil {
		return err
	}
	return a.AnswerRequest(ctx, actor, id, answer, append(slices.Clone(evidence), made))
}

// AddFiles adds files that KeepFile took in to a record of evidence.
func (a *App) AddFiles(ctx context.Context, actor, name, id string, revision int64, files []soc1.File, reason string) error {
	if len(files) == 0 {
		return &FieldError{Field: "file", Text: "No file was added. Choose at least one."}
	}
	v, err := a.View(ctx, actor, name, record.AsOf{})
	if err != nil {
		return err
	}
	now, err := record.One[soc1.Evidence](ctx, v, "evidence", id)
	if err != nil {
		return err
	}
	if err := a.heldAll(ctx, name, files); err != nil {
		return err
	}
	value := now.Value
	for _, f := range files {
		if !slices.ContainsFunc(value.Files, func(x soc1.File) bool { return x.SHA256 == f.SHA256 && x.Name == f.Name }) {
			value.Files = append(value.Files, f)
		}
	}
	change := RecordChange{Ledger: name, Kind: "evidence", ID: id, Revision: revision, Effective: soc1.Date(now.Effective), Value: value, Reason: cmp.Or(strings.TrimSpace(reason), "Files added.")}
	return a.PutRecord(ctx, actor, change)
}

// heldAll refuses files that the store does not hold.
func (a *App) heldAll(ctx context.Context, name string, files []soc1.File) error {
	for _, f := range files {
		sha, err := digest(f.SHA256)
		if err != nil {
			return err
		}
		r, err := a.blobs.Open(ctx, name, sha)
		if errors.Is(err, blob.ErrNotFound) {
			return &FieldError{Field: "file", Text: fmt.Sprintf("%s is not there any more. Add it again.", f.Name)}
		}
		if err != nil {
			return err
		}
		r.Close()
	}
	return nil
}

// FileOf opens a file that a record names, for whoever reads the record. The caller
// closes it.
func (a *App) FileOf(ctx context.Context, actor, name, kind, id, sha256 string) (soc1.File, blob.Reader, error) {
	v, err := a.View(ctx, actor, name, record.AsOf{})
	if err != nil {
		return soc1.File{}, nil, err
	}
	x, err := v.Get(ctx, kind, id)
	if err != nil {
		return soc1.File{}, nil, err
	}
	f, ok := fileIn(x, sha256)
	if !ok {
		return soc1.File{}, nil, fmt.Errorf("%s %s names no file %.12s: %w", kind, id, sha256, record.ErrNotFound)
	}
	sha, err := digest(f.SHA256)
	if err != nil {
		return soc1.File{}, nil, err
	}
	r, err := a.blobs.Open(ctx, name, sha)
	if errors.Is(err, blob.ErrNotFound) {
		return soc1.File{}, nil, &FieldError{Field: "file", Text: fmt.Sprintf("The bytes of %s are not in this installation's store. The record keeps their SHA-256, %s.", f.Name, f.SHA256)}
	}
	return f, r, err
}

// fileIn finds a file that a record's body names.
func fileIn(x record.Record, sha256 string) (soc1.File, bool) {
	switch x.Kind {
	case "evidence":
		e, err := record.Decode[soc1.Evidence](x)
		return pickFile(e.Files, sha256, err)
	case "policy":
		p, err := record.Decode[soc1.Policy](x)
		return pickFile(p.Files, sha256, err)
	case "course":
		c, err := record.Decode[soc1.Course](x)
		return pickFile(c.Files, sha256, err)
	case "subservice_report":
		r, err := record.Decode[soc1.ObtainedReport](x)
		files := r.Files
		for _, b := range r.BridgeLetters {
			if b.File.SHA256 != "" {
				files = append(files, b.File)
			}
		}
		return pickFile(files, sha256, err)
	}
	return soc1.File{}, false
}

func pickFile(files []soc1.File, sha256 string, err error) (soc1.File, bool) {
	if err != nil {
		return soc1.File{}, false
	}
	i := slices.IndexFunc(files, func(f soc1.File) bool { return f.SHA256 == sha256 })
	if i < 0 {
		return soc1.File{}, false
	}
	return files[i], true
}
