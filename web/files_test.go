package web

import (
	"bytes"
	"encoding/json"
	"fmt"
	"io"
	"mime/multipart"
	"net/http"
	"net/url"
	"regexp"
	"strings"
	"testing"

	"reperform/app"
	"reperform/record"
	"reperform/soc1"
)

// sendFile sends one file as the script does.
func (g *guest) sendFile(name, content string) (int, uploaded) {
	g.t.Helper()
	r, err := http.NewRequest("POST", g.srv.URL+"/evidence/files", strings.NewReader(content))
	if err != nil {
		g.t.Fatal(err)
	}
	r.Header.Set("X-File-Name", url.PathEscape(name))
	r.Header.Set("Content-Type", "application/octet-stream")
	res, err := g.http.Do(r)
	if err != nil {
		g.t.Fatal(err)
	}
	defer res.Body.Close()
	var a uploaded
	if err := json.NewDecoder(res.Body).Decode(&a); err != nil && res.StatusCode == http.StatusOK {
		g.t.Fatal(err)
	}
	return res.StatusCode, a
}

// sendParts sends a form with its files, as a browser without a script does.
func (g *guest) sendParts(path string, v url.Values, files ...string) reply {
	g.t.Helper()
	var b bytes.Buffer
	w := multipart.NewWriter(&b)
	for name, list := range v {
		for _, s := range list {
			if err := w.WriteField(name, s); err != nil {
				g.t.Fatal(err)
			}
		}
	}
	for i := 0; i+1 < len(files); i += 2 {
		f, err := w.CreateFormFile(fileField, files[i])
		if err == nil {
			_, err = io.WriteString(f, files[i+1])
		}
		if err != nil {
			g.t.Fatal(err)
		}
	}
	// A browser sends an empty part where nothing was chosen.
	if len(files) == 0 {
		if _, err := w.CreateFormField(fileField); err != nil {
			g.t.Fatal(err)
		}
	}
	if err := w.Close(); err != nil {
		g.t.Fatal(err)
	}
	res, err := g.http.Post(g.srv.URL+path, w.FormDataContentType(), &b)
	if err != nil {
		g.t.Fatal(err)
	}
	defer res.Body.Close()
	text, err := io.ReadAll(res.Body)
	if err != nil {
		g.t.Fatal(err)
	}
	return reply{res.StatusCode, res.Header.Get("Location"), string(text)}
}

// theEvidence reads a record of evidence.
func (i *inn) theEvidence(id string) soc1.Evidence {
	i.t.Helper()
	x, err := record.One[soc1.Evidence](i.t.(*testing.T).Context(), i.view(manager), "evidence", id)
	if err != nil {
		i.t.Fatal(err)
	}
	return x.Value
}

const tinyPNG = "\x89PNG\r\n\x1a\n\x00\x00\x00\rIHDR\x00\x00\x00\x01\x00\x00\x00\x01\x08\x06\x00\x00\x00\x1f\x15\xc4\x89"

// Files go with the form, or before it; they are recorded with the evidence, kept in
// a form that has to be corrected, and added later; nobody uses what another sent.
func TestFilesWithEvidence(t *testing.T) {
	i := newInn(t)
	g := i.account(owner)
	form := g.shows("/r/evidence/new?controls=itgc-1-6", `enctype="multipart/form-data"`, `data-files="/evidence/files"`, `type="file"`)
	if strings.Contains(form, `name="files`) {
		t.Error("the form asks to type what a file is")
	}
	code, sent := g.sendFile("Leavers.csv", "person,left\nA,2025-06-01\n")
	if code != http.StatusOK || sent.Token == "" || sent.Name != "Leavers.csv" || sent.Size != "25 bytes" {
		t.Fatalf("%d %+v", code, sent)
	}
	v := url.Values{"title": {"Leavers, June"}, "controls": {"itgc-1-6"}, "period_from": {"2025-06-01"}, "period_to": {"2025-06-30"}, "_id": {"ev-june"}, "_reason": {"Filed."}, "_revision": {"0"}}
	// What has to be corrected keeps its files.
	bad := url.Values{}
	for k, x := range v {
		bad[k] = x
	}
	bad.Set("period_to", "2025-05-30")
	bad[uploadField] = []string{sent.Token}
	a := g.sendParts("/r/evidence/new", bad, "photo.png", tinyPNG)
	again := regexp.MustCompile(`name="_upload" value="([0-9a-f]{32})"`).FindAllStringSubmatch(a.text, -1)
	if a.code != http.StatusUnprocessableEntity || len(again) != 2 || !strings.Contains(a.text, "photo.png") || !strings.Contains(a.text, "Leavers.csv") {
		t.Fatalf("a form to correct: %d, %d files: %s", a.code, len(again), words(a.text))
	}
	for _, m := range again {
		v.Add(uploadField, m[1])
	}
	if a := g.sendParts("/r/evidence/new", v); a.code != http.StatusSeeOther || a.to != "/r/evidence/ev-june" {
		t.Fatalf("%d %s: %s", a.code, a.to, words(a.text))
	}
	e := i.theEvidence("ev-june")
	if len(e.Files) != 2 || e.Files[0].Name != "photo.png" || e.Files[1].Name != "Leavers.csv" || !e.ReceivedAt.Valid() || !strings.HasPrefix(e.HowObtained, "Uploaded by ") {
		t.Errorf("recorded %+v", e)
	}
	page := g.shows("/r/evidence/ev-june", "Leavers.csv", "photo.png", "Add files", "/files/"+e.Files[1].SHA256+"/view")
	revision := regexp.MustCompile(`name="_revision" value="(\d+)"`).FindStringSubmatch(page)[1]
	if a := g.sendParts("/r/evidence/ev-june/files", url.Values{"_revision": {revision}, "_reason": {"Forgotten."}}, "more.txt", "More."); a.code != http.StatusSeeOther {
		t.Fatalf("adding: %d %s", a.code, words(a.text))
	}
	if e := i.theEvidence("ev-june"); len(e.Files) != 3 || e.Files[2].Name != "more.txt" {
		t.Errorf("after adding: %+v", e.Files)
	}
	for why, c := range map[string]struct {
		want int
		v    url.Values
	}{
		"stale":       {http.StatusConflict, url.Values{"_revision": {revision}}},
		"no revision": {http.StatusBadRequest, url.Values{"_revision": {"-1"}}},
	} {
		if a := g.sendParts("/r/evidence/ev-june/files", c.v, "x.txt", "x"); a.code != c.want {
			t.Errorf("%s: %d %s", why, a.code, words(a.text))
		}
	}
	if a := g.sendParts("/r/evidence/ev-june/files", url.Values{"_revision": {"2"}}); a.code != http.StatusUnprocessableEntity || !strings.Contains(a.text, "No file was added") {
		t.Errorf("without a file: %d %s", a.code, words(a.text))
	}

	// Somebody else's word names nothing.
	w := i.account(manager)
	stolen := url.Values{"title": {"Stolen"}, "_id": {"ev-stolen"}, "_reason": {"x"}, uploadField: {again[0][1]}}
	if a := w.sendParts("/r/evidence/new", stolen); a.code != http.StatusBadRequest || !strings.Contains(a.text, "not there any more") {
		t.Errorf("a file that another sent: %d %s", a.code, words(a.text))
	}
	if a := g.do("POST", "/r/evidence/new", url.Values{"title": {"x"}, "_id": {"ev-mass"}, "_reason": {"x"}, "files.0.sha256": {e.Files[0].SHA256}, "files.0.name": {"x"}}); a.code != http.StatusBadRequest && a.code != http.StatusUnprocessableEntity {
		t.Errorf("a file by its hash alone: %d", a.code)
	}
	// The same content is recognized, and who may not file sends nothing.
	if _, same := w.sendFile("copy.csv", "person,left\nA,2025-06-01\n"); len(same.Same) != 1 || same.Same[0].Title != "Leavers, June" {
		t.Errorf("the same content: %+v", same)
	}
	if code, a := g.sendFile("empty.csv", ""); code != http.StatusUnprocessableEntity || !strings.Contains(a.Problem, "is empty") {
		t.Errorf("an empty file: %d %+v", code, a)
	}
	r := i.account("elena-petrova")
	if code, _ := r.sendFile("x.csv", "x"); code != http.StatusForbidden {
		t.Errorf("a reader sends a file: %d", code)
	}
	if p := r.shows("/r/evidence/ev-june", "Leavers.csv"); strings.Contains(p, "Add files") {
		t.Error("a reader is offered to add files")
	}
	if a := i.browser().get("/r/evidence/ev-june/files/" + e.Files[0].SHA256); a.code != http.StatusSeeOther {
		t.Errorf("somebody who is not signed in: %d", a.code)
	}
}

// A file is handed out so that no browser runs it as a page of this site, and is
// looked at in bounds.
func TestFilesAreServedHarmless(t *testing.T) {
	i := newInn(t)
	g := i.account(manager)
	files := map[string]string{"page.html": "<script>alert(1)</script>", "photo.png": tinyPNG, "evil.png": "<html><script>alert(1)</script>", "rows.csv": "a,b\n=1+1,<b>\n", "note.txt": "Note: <script>alert(2)</script>\n" + strings.Repeat("long ", 20_000),
		"doc.pdf": "%PDF-1.7\n%%EOF\n", "drawing.svg": `<svg xmlns="http://www.w3.org/2000/svg"><script>alert(3)</script></svg>`}
	var kept []soc1.File
	for name, content := range files {
		k, err := i.app.KeepFile(t.Context(), manager, app.OrganizationLedger, name, strings.NewReader(content))
		if err != nil {
			t.Fatal(err)
		}
		kept = append(kept, k.File)
	}
	id, err := i.app.FileEvidence(t.Context(), manager, app.Filing{ID: "ev-all", Evidence: soc1.Evidence{Title: "All kinds"}, Files: kept})
	if err != nil {
		t.Fatal(err)
	}
	raws := 0
	for _, f := range kept {
		at := "/r/evidence/" + id + "/files/" + f.SHA256
		r, err := http.NewRequest("GET", g.srv.URL+at, nil)
		if err != nil {
			t.Fatal(err)
		}
		res, err := g.http.Do(r)
		if err != nil {
			t.Fatal(err)
		}
		b, err := io.ReadAll(res.Body)
		res.Body.Close()
		if err != nil || string(b) != files[f.Name] {
			t.Errorf("%s: %d bytes, %v", f.Name, len(b), err)
		}
		h := res.Header
		if h.Get("Content-Type") != "application/octet-stream" || !strings.HasPrefix(h.Get("Content-Disposition"), "attachment") || !strings.Contains(h.Get("Content-Security-Policy"), "sandbox") || h.Get("X-Content-Type-Options") != "nosniff" {
			t.Errorf("%s is handed out as %v", f.Name, h)
		}
		view := g.shows(at+"/view", f.Name, "Download")
		raw := g.get(at + "/raw/x")
		shown := f.Name == "photo.png" || f.Name == "doc.pdf"
		raws += boolInt(raw.code == http.StatusOK)
		if (raw.code == http.StatusOK) != shown || strings.Contains(view, "/raw/") != shown {
			t.Errorf("%s as it is: %d; in the page: %t", f.Name, raw.code, strings.Contains(view, "/raw/"))
		}
		if strings.Contains(view, "<script>alert") || strings.Contains(view, "<b></td>") {
			t.Errorf("%s stands in the page as it is", f.Name)
		}
		switch f.Name {
		case "rows.csv":
			if !strings.Contains(view, "<td>=1+1</td>") || !strings.Contains(view, "&lt;b&gt;") {
				t.Errorf("the table: %s", words(view))
			}
		case "note.txt":
			if !strings.Contains(view, "&lt;script&gt;alert(2)") || !strings.Contains(view, "The first 65 kB of ") || len(view) > 200_000 {
				t.Errorf("the text, %d bytes of page: %s", len(view), words(view)[:200])
			}
		case "evil.png":
			if !strings.Contains(view, "Is not what its name says") {
				t.Errorf("a page that calls itself a picture: %s", words(view))
			}
		}
	}
	if raws != 2 {
		t.Errorf("%d of 2 files are shown as they are", raws)
	}
	for _, path := range []string{"/r/evidence/ev-all/files/" + strings.Repeat("ab", 32), "/r/evidence/none/files/" + kept[0].SHA256, "/r/control/itgc-1-6/files/" + kept[0].SHA256, "/r/evidence/ev-all/files/..%2f..%2fkeys"} {
		if a := g.get(path); a.code != http.StatusNotFound {
			t.Errorf("%s: %d", path, a.code)
		}
	}
}

// A request is answered with files in one step; who may not answer files nothing.
func TestAnswerWithFiles(t *testing.T) {
	i := newInn(t)
	id, err := i.app.Request(t.Context(), manager, app.Asking{Title: "Leavers of June", To: owner, Subject: soc1.Ref{Kind: "control", ID: "itgc-1-6"}})
	if err != nil {
		t.Fatal(err)
	}
	w := i.account(manager)
	if a := w.sendParts("/r/request/"+id+"/answer", url.Values{"answer": {"Mine."}}, "x.txt", "x"); a.code < 400 {
		t.Errorf("somebody else answers: %d", a.code)
	}
	g := i.account(owner)
	g.shows("/inbox", `enctype="multipart/form-data"`)
	if a := g.sendParts("/r/request/"+id+"/answer", url.Values{"answer": {"All three."}}, "a.txt", "one", "b.txt", "two"); a.code != http.StatusSeeOther {
		t.Fatalf("%d %s", a.code, words(a.text))
	}
	q, err := record.One[soc1.Request](t.Context(), i.view(manager), "request", id)
	if err != nil || q.Value.Status != soc1.RequestAnswered || len(q.Value.Evidence) != 1 {
		t.Fatalf("%+v %v", q.Value, err)
	}
	e := i.theEvidence(q.Value.Evidence[0])
	if e.Title != "Leavers of June" || len(e.Files) != 2 || fmt.Sprint(e.Controls) != "[itgc-1-6]" || e.Description != "All three." {
		t.Errorf("the evidence of the answer: %+v", e)
	}
	before := i.entries(t)
	if a := g.sendParts("/r/request/"+id+"/answer", url.Values{"answer": {"Again."}}, "c.txt", "three"); a.code < 400 || i.entries(t) != before {
		t.Errorf("an answered request is answered again: %d", a.code)
	}
}

func TestSizeText(t *testing.T) {
	for n, want := range map[int64]string{0: "0 bytes", 1: "1 byte", 999: "999 bytes", 1000: "1.0 kB", 1250: "1.2 kB", 65536: "65 kB", 1_000_000: "1.0 MB", 1 << 30: "1.0 GB", 5_000_000_000_000: "5.0 TB"} {
		if got := sizeText(n); got != want {
			t.Errorf("%d: %s, expected %s", n, got, want)
		}
	}
}
