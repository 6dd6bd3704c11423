package web

import (
	"fmt"
	"html"
	"net/http"
	"net/url"
	"strings"
	"testing"

	"reperform/soc1"
)

// TestPagesSayItInWords: no refusal speaks of the command line, of parameters or
// of identifiers of the program.
func TestPagesSayItInWords(t *testing.T) {
	m := newMatrixHouse(t)
	size := m.size()
	for _, c := range []struct {
		path string
		code int
		want []string
	}{
		{"/r/control?known=999999", 400, []string{fmt.Sprintf("The entries of the ledger are numbered from 1 to %d.", size), "Show the page as of today", `href="/r/control"`}},
		{"/matrix?asof=9999-99-99&key=yes", 400, []string{"Show the page as of today", `href="/matrix?key=yes"`}},
		{"/entry/99999999", 404, []string{"There is nothing here"}},
		{"/gaps?engagement=zzz", 422, []string{"There is no engagement &#34;zzz&#34;."}},
		{"/r/risk?sort=wrong", 400, []string{"<p class=\"lines\">Risks have no field"}},
	} {
		w := m.get(manager, c.path)
		page := w.Body.String()
		if w.Code != c.code {
			t.Errorf("%s: %d", c.path, w.Code)
		}
		for _, want := range c.want {
			if !strings.Contains(page, want) {
				t.Errorf("%s does not say %q: %s", c.path, want, words(page))
			}
		}
		for _, no := range []string{"--", "reperform ", "asof:", "known:", "sort:", "engagement:"} {
			if strings.Contains(words(page), no) {
				t.Errorf("%s says %q: %s", c.path, no, words(page))
			}
		}
	}
	for name, v := range map[string]url.Values{"in the matrix": {"_row": {"pay-1-2:1"}, "_op": {"set"}, "_fields": {"owner"}, "owner": {"nobody-here"}, "_reason": {"x"}}} {
		code, a := m.change(manager, v)
		if code != 422 || a.Problem != `There is no person "nobody-here". Choose one that is recorded, or record it first.` {
			t.Errorf("%s: %d %q", name, code, a.Problem)
		}
	}
	large := url.Values{"_reason": {strings.Repeat("x", maxForm)}}
	if w := m.post(manager, "/r/risk/new", large); w.Code != 400 || !strings.Contains(w.Body.String(), ">What was sent is larger than 4 MB; attach large texts as files.<") {
		t.Errorf("too much: %d %s", w.Code, words(w.Body.String()))
	}
	// The form for many records is for who changes one.
	if w := m.get("elena-petrova", "/import/risk"); w.Code != http.StatusForbidden || !strings.Contains(html.UnescapeString(words(w.Body.String())), "You may not change this risk in the organization's ledger. Ask a compliance manager, who may.") {
		t.Errorf("a reader is shown the form to import: %d %s", w.Code, words(w.Body.String()))
	}
	if w := m.get(owner, "/import/control"); w.Code != http.StatusOK {
		t.Errorf("an owner of controls imports none: %d", w.Code)
	}
	// No record is called as the form for one.
	if w := m.post(manager, "/r/vendor/new", url.Values{"name": {"Plover"}, "_id": {"new"}, "_reason": {"x"}}); w.Code != 422 || !strings.Contains(w.Body.String(), "choose another") {
		t.Errorf("the id new: %d", w.Code)
	}
}

// TestLetterDates signs no letter under a day that has not come.
func TestLetterDates(t *testing.T) {
	i := drafted(t)
	g := i.account(executive)
	const at = "/sign/representation_letter/letter-2025"
	form := filledIn(t, g.shows(at, `max="2025-11-20"`))
	for _, day := range []string{"9999-12-31", "2025-11-21"} {
		form.Set("dated", day)
		if a := g.post(http.StatusUnprocessableEntity, at, form); !strings.Contains(a.text, "This day has not come yet.") || !strings.Contains(a.text, `value="`+day+`"`) {
			t.Errorf("dated %s: %s", day, words(a.text))
		}
	}
	// Nor one whose record bears such a day.
	i.draft("representation_letter", "letter-2025", soc1.RepresentationLetter{Engagement: "soc1-2025", Dated: "2025-11-21"})
	form = filledIn(t, g.shows(at))
	if a := g.post(http.StatusUnprocessableEntity, at, form); !strings.Contains(a.text, "Nothing was signed. The letter would bear the date 2025-11-21") {
		t.Errorf("the letter's own date: %s", words(a.text))
	}
	if by, _ := i.signedBy("representation_letter", "letter-2025"); by != "" {
		t.Fatalf("signed by %s", by)
	}
}

// TestSignRefusal tells the firm once who signs, and nothing that does not apply.
func TestSignRefusal(t *testing.T) {
	i := drafted(t)
	a := i.account(partner).get("/sign/assertion/assertion-2025")
	if text := html.UnescapeString(words(a.text)); a.code != 403 || !strings.Contains(text, "You may not sign this in the organization's ledger. Only an executive of the service organization signs. Ask the executive.") || strings.Contains(text, "Record the work") {
		t.Errorf("%d %s", a.code, text)
	}
}
