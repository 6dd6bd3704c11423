package web

import (
	"context"
	"crypto/rand"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"mime"
	"net/http"
	"net/url"
	"slices"
	"strconv"
	"strings"
	"sync"
	"time"

	"reperform/app"
	"reperform/record"
	"reperform/soc1"
	"reperform/web/ui"
)

// waitingFiles are files that people sent and no record names yet. They are forgotten
// with the process, and after a day: what was not recorded by then is sent again.
type waitingFiles struct {
	mu sync.Mutex
	by map[string]waitingFile
}

type waitingFile struct {
	actor, ledger string
	file          soc1.File
	at            time.Time
}

// mostUploads bounds what waits, longestUpload how long.
const (
	mostUploads   = 50_000
	longestUpload = 24 * time.Hour
)

// put keeps a file and gives the word by which its form names it.
func (u *waitingFiles) put(x waitingFile) string {
	var b [16]byte
	// Without randomness there is no word that nobody guesses.
	if _, err := rand.Read(b[:]); err != nil {
		return ""
	}
	token := hex.EncodeToString(b[:])
	u.mu.Lock()
	defer u.mu.Unlock()
	if u.by == nil {
		u.by = map[string]waitingFile{}
	}
	if len(u.by) >= mostUploads {
		for k, old := range u.by {
			if x.at.Sub(old.at) > longestUpload/24 {
				delete(u.by, k)
			}
		}
	}
	if len(u.by) >= mostUploads {
		return ""
	}
	u.by[token] = x
	return token
}

// get finds a file that the same person sent for the same ledger.
func (u *waitingFiles) get(token, actor, ledger string, now time.Time) (soc1.File, bool) {
	u.mu.Lock()
	defer u.mu.Unlock()
	x, ok := u.by[token]
	if !ok || x.actor != actor || x.ledger != ledger || now.Sub(x.at) > longestUpload {
		return soc1.File{}, false
	}
	return x.file, true
}

// uploadPatience is how long an upload or a download may stand still.
const uploadPatience = time.Minute

// patient reads a body however long it takes, as long as something comes.
type patient struct {
	r    io.Reader
	c    *http.ResponseController
	next time.Time
}

func (p *patient) Read(b []byte) (int, error) {
	if now := time.Now(); now.After(p.next) {
		// A server that knows no deadlines has none to move.
		_ = p.c.SetReadDeadline(now.Add(uploadPatience))
		_ = p.c.SetWriteDeadline(now.Add(uploadPatience + time.Minute))
		p.next = now.Add(uploadPatience / 4)
	}
	return p.r.Read(b)
}

// body is what is sent, read with patience.
func (r *request) body() io.Reader { return &patient{r: r.Body, c: http.NewResponseController(r.w)} }

// uploaded is the answer to one file.
type uploaded struct {
	Token string `json:"token,omitempty"`
	fileRow
	Same    []sameRow `json:"same,omitempty"`
	Problem string    `json:"problem,omitempty"`
}

type sameRow struct {
	Href  string `json:"href"`
	Title string `json:"title"`
}

// fileRow is a file as pages show it.
type fileRow struct {
	Name  string   `json:"name"`
	Size  string   `json:"size"`
	Flags []string `json:"flags,omitempty"`
	// Href is where it is downloaded, View where it is looked at, if it can be.
	Href   string `json:"-"`
	View   string `json:"-"`
	SHA256 string `json:"-"`
}

func rowOfFile(f soc1.File) fileRow {
	x := fileRow{Name: f.Name, Size: sizeText(f.Size), SHA256: f.SHA256}
	for _, flag := range f.Flags {
		x.Flags = append(x.Flags, flag.Label())
	}
	return x
}

// sizeText is a number of bytes for people.
func sizeText(n int64) string {
	units := []string{"kB", "MB", "GB", "TB"}
	if n < 1000 {
		return count(int(n), "byte")
	}
	// Tenths, rounded down, without fractions.
	tenths := n / 100
	i := 0
	for tenths >= 10_000 && i < len(units)-1 {
		tenths /= 1000
		i++
	}
	if tenths >= 100 {
		return fmt.Sprintf("%d %s", tenths/10, units[i])
	}
	return fmt.Sprintf("%d.%d %s", tenths/10, tenths%10, units[i])
}

// uploadFile takes in one file and answers with the word by which a form names it.
func (r *request) uploadFile() error {
	name, err := url.PathUnescape(r.Header.Get("X-File-Name"))
	if err != nil {
		name = r.Header.Get("X-File-Name")
	}
	kept, err := r.site.app.KeepFile(r.Context(), r.actor, r.ledger, name, r.body())
	var wrong *app.FieldError
	switch {
	case errors.As(err, &wrong):
		return r.answer(http.StatusUnprocessableEntity, uploaded{fileRow: fileRow{Name: name}, Problem: wrong.Text})
	case err != nil:
		p := explain(err)
		return r.answer(p.Status, uploaded{fileRow: fileRow{Name: name}, Problem: p.Text})
	}
	return r.answer(http.StatusOK, r.keptAnswer(kept))
}

func (r *request) keptAnswer(k app.Kept) uploaded {
	x := uploaded{fileRow: rowOfFile(k.File), Token: r.site.uploads.put(waitingFile{r.actor, r.ledger, k.File, r.site.now()})}
	if x.Token == "" {
		x.Problem = "Too many files wait to be recorded. Record some of them first."
	}
	for _, s := range k.Same {
		x.Same = append(x.Same, sameRow{Href: r.recordURL("evidence", s.ID), Title: s.Title})
	}
	return x
}

// mostFilesAtOnce bounds the files of one form.
const mostFilesAtOnce = 1000

// valuesWithFiles reads a form that may hold files: those sent with it are taken in
// as they come, those sent before it are named by their words.
func (r *request) valuesWithFiles() (url.Values, []soc1.File, error) {
	var v url.Values
	var files []soc1.File
	var err error
	if media, _, _ := mime.ParseMediaType(r.Header.Get("Content-Type")); media == "multipart/form-data" {
		v, files, err = r.parts()
	} else {
		v, err = r.typedValues()
	}
	if err != nil {
		return nil, nil, err
	}
	if err := r.once(v, files); err != nil {
		return nil, nil, err
	}
	for _, token := range v[uploadField] {
		f, ok := r.site.uploads.get(token, r.actor, r.ledger, r.site.now())
		if !ok {
			return nil, nil, badRequest("files", errors.New("a file that was sent before is not there any more: the server was started anew, or a day has passed. Go back and add the files again"))
		}
		files = append(files, f)
	}
	if len(files) > mostFilesAtOnce {
		return nil, nil, badRequest("files", fmt.Errorf("%d files were sent; %d are recorded at once", len(files), mostFilesAtOnce))
	}
	v.Del(uploadField)
	v.Del(fileField)
	return v, files, nil
}

// The names of a form's files: those sent with it and those sent before.
const (
	fileField   = "_file"
	uploadField = "_upload"
)

// parts reads a form in parts, each file as it comes.
func (r *request) parts() (url.Values, []soc1.File, error) {
	r.Body = io.NopCloser(r.body())
	m, err := r.MultipartReader()
	if err != nil {
		return nil, nil, badRequest("form", err)
	}
	v, size := url.Values{}, 0
	var files []soc1.File
	for {
		part, err := m.NextPart()
		if errors.Is(err, io.EOF) {
			return v, files, nil
		}
		if err != nil {
			return nil, nil, badRequest("form", fmt.Errorf("what was sent ends in the middle: %w", err))
		}
		switch {
		case part.FileName() != "":
			if len(files) == mostFilesAtOnce {
				return nil, nil, badRequest("files", fmt.Errorf("more than %d files were sent", mostFilesAtOnce))
			}
			kept, err := r.site.app.KeepFile(r.Context(), r.actor, r.ledger, part.FileName(), part)
			if err != nil {
				return nil, nil, err
			}
			files = append(files, kept.File)
		default:
			b, err := io.ReadAll(io.LimitReader(part, int64(maxForm-size)+1))
			if err != nil {
				return nil, nil, badRequest("form", err)
			}
			if size += len(b); size > maxForm {
				return nil, nil, badRequest("form", fmt.Errorf("what was typed is larger than %d MB; add large texts as files", maxForm>>20))
			}
			v.Add(part.FormName(), string(b))
		}
	}
}

// sentFile is a file that a form names already.
type sentFile struct {
	Token string
	fileRow
}

// sentAgain names files anew in a form that has to be corrected.
func (r *request) sentAgain(files []soc1.File) []sentFile {
	var out []sentFile
	for _, f := range files {
		if token := r.site.uploads.put(waitingFile{r.actor, r.ledger, f, r.site.now()}); token != "" {
			out = append(out, sentFile{token, rowOfFile(f)})
		}
	}
	return out
}

// uploadTo is where files of a ledger are sent.
func (r *request) uploadTo() string { return r.site.base + r.at() + "/evidence/files" }

// withFiles adds files to a body, each once.
func withFiles(body map[string]any, files []soc1.File) error {
	if len(files) == 0 {
		return nil
	}
	var held []soc1.File
	if b, err := json.Marshal(body["files"]); err == nil && body["files"] != nil {
		if err := json.Unmarshal(b, &held); err != nil {
			return err
		}
	}
	for _, f := range files {
		if !slices.ContainsFunc(held, func(x soc1.File) bool { return x.SHA256 == f.SHA256 && x.Name == f.Name }) {
			held = append(held, f)
		}
	}
	b, err := json.Marshal(held)
	if err != nil {
		return err
	}
	var list []any
	if err := json.Unmarshal(b, &list); err != nil {
		return err
	}
	body["files"] = list
	return nil
}

// received notes in new evidence what arrived with it, where nobody said it: when,
// and who brought it in.
func (r *request) received(body map[string]any) {
	blank := func(name string) bool { s, _ := body[name].(string); return strings.TrimSpace(s) == "" }
	if blank("received_at") {
		body["received_at"] = r.site.now().UTC().Format(time.RFC3339)
	}
	if blank("how_obtained") {
		body["how_obtained"] = "Uploaded by " + r.headings().person(r.actor).Name + "."
	}
}

// addFiles adds files to a record.
func (r *request) addFiles() error {
	k, err := r.kind()
	if err != nil {
		return err
	}
	if k.Name != "evidence" {
		return errNowhere
	}
	if err := r.presentOnly(); err != nil {
		return err
	}
	v, files, err := r.valuesWithFiles()
	if err != nil {
		return err
	}
	revision, err := strconv.ParseInt(v.Get("_revision"), 10, 64)
	if err != nil || revision < 1 {
		return badRequest("_revision", errors.New("the form does not say which revision it was made from; open it again"))
	}
	if err := r.site.app.AddFiles(r.Context(), r.actor, r.ledger, r.PathValue("id"), revision, files, v.Get("_reason")); err != nil {
		return err
	}
	return r.redirect(r.recordURL(k.Name, r.PathValue("id")) + "#files-h")
}

// hasFiles tells whether records of a kind hold files that are added in the browser.
func hasFiles(k *record.Kind) bool {
	return k.Name == "evidence" || k.Name == "policy" || k.Name == courseKind || k.Name == "subservice_report"
}

// filesOf are the files that a record names, with where they are found.
func (r *request) filesOf(x record.Record) []fileRow {
	var held struct {
		Files []soc1.File `json:"files"`
	}
	k, err := record.Kinds.Kind(x.Kind)
	if err != nil || !hasFiles(k) || json.Unmarshal(x.Body, &held) != nil {
		return nil
	}
	out := make([]fileRow, 0, len(held.Files))
	for _, f := range held.Files {
		row := rowOfFile(f)
		at := r.recordURL(x.Kind, x.ID) + "/files/" + url.PathEscape(f.SHA256)
		row.Href = r.site.base + strings.TrimPrefix(at, r.site.base)
		if previewOf(f) != "" {
			row.View = row.Href + "/view"
		}
		out = append(out, row)
	}
	return out
}

// openFile finds the file of the address.
func (r *request) openFile() (soc1.File, io.ReadSeekCloser, error) {
	k, err := r.kind()
	if err != nil {
		return soc1.File{}, nil, err
	}
	f, b, err := r.site.app.FileOf(r.Context(), r.actor, r.ledger, k.Name, r.PathValue("id"), r.PathValue("sha256"))
	return f, b, err
}

// download sends a file to be kept. Whatever it is, the browser neither runs nor
// shows it as a page of this site.
func (r *request) download() error {
	f, b, err := r.openFile()
	if err != nil {
		return err
	}
	defer b.Close()
	h := r.w.Header()
	h.Set("Content-Disposition", mime.FormatMediaType("attachment", map[string]string{"filename": f.Name}))
	h.Set("Content-Type", "application/octet-stream")
	h.Set("Content-Security-Policy", "default-src 'none'; sandbox")
	return r.send(f, b)
}

// send streams a file with patience.
func (r *request) send(f soc1.File, b io.ReadSeeker) error {
	_ = http.NewResponseController(r.w).SetWriteDeadline(time.Now().Add(uploadPatience))
	r.w.Header().Set("Cache-Control", "private, no-store")
	http.ServeContent(&patientWriter{ResponseWriter: r.w, c: http.NewResponseController(r.w)}, r.Request, "", time.Time{}, b)
	return nil
}

type patientWriter struct {
	http.ResponseWriter
	c    *http.ResponseController
	next time.Time
}

func (p *patientWriter) Write(b []byte) (int, error) {
	if now := time.Now(); now.After(p.next) {
		_ = p.c.SetWriteDeadline(now.Add(uploadPatience))
		p.next = now.Add(uploadPatience / 4)
	}
	return p.ResponseWriter.Write(b)
}

// inline are the types that are shown as they are: pictures that hold no scripts.
var inline = []string{"image/png", "image/jpeg", "image/gif", "image/webp", "image/bmp"}

// films are the types of films that browsers play.
var films = []string{"video/mp4", "video/webm", "video/ogg"}

// previewOf says how a file can be looked at: "image", "pdf", "video", "table", "text",
// or not at all.
func previewOf(f soc1.File) string {
	switch {
	case slices.Contains(f.Flags, soc1.FileOtherType), slices.Contains(f.Flags, soc1.FileExecutable), slices.Contains(f.Flags, soc1.FileInflated), slices.Contains(f.Flags, soc1.FileEncrypted):
		return ""
	case slices.Contains(inline, f.MediaType):
		return "image"
	case f.MediaType == "application/pdf":
		return "pdf"
	case slices.Contains(films, f.MediaType):
		return "video"
	case f.MediaType == "text/csv", f.MediaType == "text/tab-separated-values",
		f.MediaType == "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet", f.MediaType == "application/vnd.ms-excel.sheet.macroEnabled.12":
		return "table"
	case strings.HasPrefix(f.MediaType, "text/"), f.MediaType == "application/json", f.MediaType == "application/yaml":
		return "text"
	}
	return ""
}

// showRaw sends a picture, a film or a PDF to stand in a page. The name in the address is
// for the viewer, which shows it.
func (r *request) showRaw() error {
	f, b, err := r.openFile()
	if err != nil {
		return err
	}
	defer b.Close()
	how := previewOf(f)
	if how != "image" && how != "pdf" && how != "video" {
		return errNowhere
	}
	h := r.w.Header()
	h.Set("Content-Type", f.MediaType)
	h.Set("Content-Disposition", mime.FormatMediaType("inline", map[string]string{"filename": f.Name}))
	policy := "default-src 'none'; sandbox"
	if how == "pdf" {
		// The viewer of the browser is no page of this site and runs apart; a sandbox
		// would keep it from starting.
		policy = "default-src 'none'; object-src 'self'; plugin-types application/pdf; style-src 'unsafe-inline'; frame-ancestors 'self'"
	}
	h.Set("Content-Security-Policy", policy)
	return r.send(f, b)
}

// filePage is a file looked at.
type filePage struct {
	f         *ui.Frame
	File      fileRow
	How       string
	Raw       string
	Record    string
	Text      string
	Columns   []string
	Rows      [][]string
	Sheets    []string
	Cut, Said string
}

// The bounds of what is shown of a file: it is downloaded to see the rest.
const (
	previewText = 64 << 10
	previewRows = 200
)

// view shows a file without running anything in it.
func (r *request) viewFile() error {
	f, b, err := r.openFile()
	if err != nil {
		return err
	}
	defer b.Close()
	p := &filePage{File: rowOfFile(f), How: previewOf(f), Record: r.recordURL(r.PathValue("kind"), r.PathValue("id"))}
	p.File.Href = strings.TrimSuffix(r.url("%s", r.URL.Path), "/view")
	p.Raw = p.File.Href + "/raw/" + url.PathEscape(f.Name)
	switch p.How {
	case "pdf":
		// The browser's own viewer stands in the page.
		r.w.Header().Set("Content-Security-Policy", pagePolicy+"; frame-src 'self'")
	case "text":
		if p.Text, p.Cut, err = beginningOf(b, f.Size); err != nil {
			return err
		}
	case "table":
		if err := r.tableOf(r.Context(), p, f, b); err != nil {
			p.How, p.Said = "", sentence(err.Error())
		}
	}
	k, err := r.kind()
	if err != nil {
		return err
	}
	heading := r.PathValue("id")
	if h, ok := r.headings().heading(k.Name, r.PathValue("id")); ok {
		heading = clipped(h.String(), 60)
	}
	crumbs := []ui.Link{{Text: k.Plural, Href: r.at() + "/r/" + k.Name}, {Text: heading, Href: strings.TrimPrefix(p.Record, r.site.base)}}
	if p.f, err = r.frame(clipped(f.Name, 80), crumbs); err != nil {
		return err
	}
	p.f.Here, p.f.Present = r.at()+"/r/"+k.Name, true
	return r.write(http.StatusOK, ui.Page(p.f, noActions(), fileBody(p)))
}

// beginningOf is the beginning of a text, whole characters.
func beginningOf(b io.Reader, size int64) (text, cut string, err error) {
	buf := make([]byte, min(size, previewText))
	if _, err := io.ReadFull(b, buf); err != nil {
		return "", "", err
	}
	text = strings.ToValidUTF8(strings.TrimPrefix(string(buf), "\ufeff"), "�")
	if size > previewText {
		cut = fmt.Sprintf("The first %s of %s. Download the file to see the rest.", sizeText(previewText), sizeText(size))
	}
	return text, cut, nil
}

// tableOf reads the first rows of a spreadsheet, within the bounds of every table
// that is read here. A text that is no table is shown as text.
func (r *request) tableOf(ctx context.Context, p *filePage, f soc1.File, b io.ReadSeeker) error {
	text := strings.HasPrefix(f.MediaType, "text/")
	asText := func() (err error) {
		if _, err = b.Seek(0, io.SeekStart); err != nil {
			return err
		}
		p.How = "text"
		p.Text, p.Cut, err = beginningOf(b, f.Size)
		return err
	}
	if f.Size > app.MostTableBytes {
		if text {
			return asText()
		}
		return fmt.Errorf("the workbook has %s; up to %s are shown here. Download it", sizeText(f.Size), sizeText(app.MostTableBytes))
	}
	buf := make([]byte, f.Size)
	if _, err := io.ReadFull(b, buf); err != nil {
		return err
	}
	name := f.Name
	if strings.HasSuffix(strings.ToLower(name), ".xlsm") {
		// The cells are read as those of any workbook, and macros are no cells.
		name = name[:len(name)-1] + "x"
	}
	t, err := app.ReadTable(ctx, name, buf, app.TableOptions{})
	if err != nil && text {
		return asText()
	}
	if err != nil {
		return err
	}
	p.Columns, p.Sheets = t.Columns, t.Sheets
	for i, row := range t.Rows {
		if i == previewRows {
			p.Cut = fmt.Sprintf("The first %d of %d rows. Download the file to see the rest.", previewRows, len(t.Rows))
			break
		}
		p.Rows = append(p.Rows, row.Cells)
	}
	return nil
}

// notShown says why a file is not shown.
func notShown(p *filePage) string {
	switch {
	case p.Said != "":
		return p.Said
	case len(p.File.Flags) > 0:
		return strings.Join(p.File.Flags, ". ") + ". Download it and open it with care."
	}
	return "Only pictures, PDF, spreadsheets and texts are. Download it."
}
