package report

import (
	"bytes"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strings"
	"testing"

	"reperform/report/typst"
	"reperform/soc1"
)

// runTool runs one of poppler's programs over a file; FILE stands for it.
func runTool(t testing.TB, pdf []byte, tool string, args ...string) string {
	t.Helper()
	name := filepath.Join(t.TempDir(), "report.pdf")
	if err := os.WriteFile(name, pdf, 0o600); err != nil {
		t.Fatal(err)
	}
	for i, a := range args {
		if a == "FILE" {
			args[i] = name
		}
	}
	cmd := exec.Command(tool, args...)
	var stderr bytes.Buffer
	cmd.Stderr = &stderr
	out, err := cmd.Output()
	if err != nil {
		t.Fatalf("%s (Debian package poppler-utils): %v\n%s", tool, err, stderr.Bytes())
	}
	return string(out)
}

// pages are the texts of a file's pages, blanks made one space.
func pages(t testing.TB, pdf []byte) []string {
	t.Helper()
	all := strings.Split(runTool(t, pdf, "pdftotext", "-enc", "UTF-8", "FILE", "-"), "\f")
	all = all[:len(all)-1]
	for i := range all {
		all[i] = strings.Join(strings.Fields(all[i]), " ")
	}
	return all
}

// save keeps a PDF where REPERFORM_KEEP_PDF names a directory, to be looked at.
func save(t testing.TB, name string, pdf []byte) {
	t.Helper()
	if dir := os.Getenv("REPERFORM_KEEP_PDF"); dir != "" {
		if err := os.WriteFile(filepath.Join(dir, name+".pdf"), pdf, 0o600); err != nil {
			t.Fatal(err)
		}
	}
}

func TestEveryPageIsMarkedAsDraft(t *testing.T) {
	for _, s := range scenarios {
		t.Run(s.name, func(t *testing.T) {
			pdf := render(t, build(t, s.build(newFixture(t))))
			save(t, s.name, pdf)
			list := pages(t, pdf)
			if len(list) < 8 {
				t.Errorf("the report has %d pages", len(list))
			}
			for i, p := range list {
				if !strings.Contains(p, DraftMark) {
					t.Errorf("page %d does not say that it is a draft:\n%s", i+1, p)
				}
				if i > 0 && !strings.Contains(p, fmt.Sprintf("Page %d of %d", i+1, len(list))) {
					t.Errorf("page %d has no page number:\n%s", i+1, p)
				}
				if !strings.Contains(p, "root AAcOFRwjKjE4") {
					t.Errorf("page %d does not state the checkpoint", i+1)
				}
			}
		})
	}
}

func TestReleasedReportHasNoDraftMark(t *testing.T) {
	src := qualified(newFixture(t))
	src.Released = true
	pdf := render(t, build(t, src))
	save(t, "released", pdf)
	for i, p := range pages(t, pdf) {
		if strings.Contains(strings.ToLower(p), "draft") {
			t.Errorf("page %d of a released report speaks of a draft:\n%s", i+1, p)
		}
	}
	if info := runTool(t, pdf, "pdfinfo", "-isodates", "FILE"); !strings.Contains(info, "2026-02-27T00:00:00Z") || !strings.Contains(info, "Halvorsen & Pike LLP") {
		t.Errorf("the file is not dated and signed as the report is:\n%s", info)
	}
}

// TestHashesCanBeCopied: whoever copies a hash, a seed or a nonce from a page has
// it as it is, with no character between that nobody sees.
func TestHashesCanBeCopied(t *testing.T) {
	m := build(t, qualified(newFixture(t)))
	text := runTool(t, render(t, m), "pdftotext", "-raw", "-enc", "UTF-8", "FILE", "-")
	if strings.Contains(text, "\u200b") {
		t.Error("the pages hold zero-width spaces")
	}
	if joined := strings.Join(strings.Fields(text), ""); !strings.Contains(joined, m.Ledgers[0].Root) {
		t.Errorf("the root %s does not stand on the pages", m.Ledgers[0].Root)
	}
}

func TestFileIsTaggedAndBookmarked(t *testing.T) {
	pdf := render(t, build(t, qualified(newFixture(t))))
	for _, mark := range []string{"/StructTreeRoot", "/MarkInfo <</Marked true", "/Lang (en-US)", "/DisplayDocTitle true", "/Outlines"} {
		if !bytes.Contains(pdf, []byte(mark)) {
			t.Errorf("the catalog lacks %s", mark)
		}
	}
	tree := runTool(t, pdf, "pdfinfo", "-struct-text", "FILE")
	for _, want := range []string{"H1", "H2", "H3", "TOC", "Table", "THead", "Caption", "LI"} {
		if !strings.Contains(tree, want) {
			t.Errorf("nothing is tagged %s", want)
		}
	}
	if strings.Contains(tree, "not issued\"") && strings.Contains(tree, "DRAFT – not issued\"") {
		t.Error("the watermark is read aloud with the text")
	}
	dests := runTool(t, pdf, "pdftohtml", "-xml", "-i", "-stdout", "FILE")
	outline := dests[strings.Index(dests, "<outline>"):]
	for _, want := range []string{"Section I: ", "Section II: ", "Section III: ", "Section IV: ", "Section V: ", "Qualified Opinion", "PAY-1: Employee data", "How to Verify This Report"} {
		if !strings.Contains(outline, want) {
			t.Errorf("there is no bookmark %q", want)
		}
	}
}

func TestSameRecordsSameBytes(t *testing.T) {
	src := qualified(newFixture(t))
	a, b := build(t, src), build(t, src)
	ja, err := a.JSON()
	if err != nil {
		t.Fatal(err)
	}
	if jb, _ := b.JSON(); !bytes.Equal(ja, jb) {
		t.Fatal("two models of the same records differ")
	}
	// Another installation with the same records: other keys, salts and times.
	if c, _ := build(t, qualified(newFixture(t))).JSON(); !bytes.Equal(ja, c) {
		t.Fatal("the model depends on more than the records")
	}
	first := render(t, a)
	e, err := typst.Open(t.Context(), typst.Options{})
	if err != nil {
		t.Fatal(err)
	}
	defer e.Close(t.Context())
	again, err := Render(t.Context(), e, b)
	if err != nil {
		t.Fatal(err)
	}
	if !bytes.Equal(first, again) {
		t.Errorf("two builds give other bytes: %d against %d", len(first), len(again))
	}
}

// hostile are texts that would do harm if they became markup, or that a page
// has no room for.
var hostile = []string{
	`#panic("no") #include "/etc/passwd" $x^2$ <label> @ref *bold* _it_ = Heading`,
	"`raw` ```typ #eval(\"1\")``` // comment /* c */ \\ ~ -- --- ... https://example.org/#x",
	`]] }} ") #let x = 1; "\u{48}" \n`,
	`{{.Org}} {{template "when"}} <script>alert(1)</script> & "quotes" 'single'`,
	strings.Repeat("Wort", 120),
	"שלום עולם مرحبا بالعالم 你好世界 👩‍👩‍👧 naïve ﬁ",
}

func TestHostileTextPrintsLiterally(t *testing.T) {
	f := newFixture(t)
	organization(f)
	carveOut(f, true)
	f.put("org", "engagement", "eng-2025", "2026-01-01", engagement(soc1.Type2, soc1.SSAE18And21))
	examination(f)
	testing2(f, "exam", soc1.ByAuditor)
	for i, h := range hostile {
		id := fmt.Sprintf("h-%d", i)
		f.put("org", "control_objective", id, first, soc1.ControlObjective{Code: "H-" + h, Title: h, Text: h, Order: 10 + i})
		f.put("org", "control", id, first, soc1.Control{Code: h, Text: h + "\n\n" + h, Nature: soc1.Manual, Type: soc1.Detective, Objectives: []string{id}})
		f.put("org", "cuec", id, first, soc1.CUEC{Code: fmt.Sprintf("C-%d", i), Text: h, Objectives: []string{id}})
		f.put("org", "service", id, first, soc1.Service{Name: h, Description: h, InScope: true})
	}
	f.put("org", "description_section", "h", first, soc1.DescriptionSection{Criterion: soc1.D4, Title: hostile[0], Body: hostile[0] + "\n\n" + hostile[2] + "\n\n- " + hostile[0] + "\n\n| a | b |\n|--|--|\n| " + hostile[0] + " | " + strings.Repeat("y", 300) + " |\n"})
	f.put("org", "organization", "organization", first, soc1.Organization{Name: "Evil\u202e#emph[gnp]\u0007 & Co", Timezone: "UTC", Country: "US"})
	m := build(t, f.source(true))
	pdf := render(t, m)
	save(t, "hostile", pdf)
	squeeze := regexp.MustCompile(`\s+`)
	text := squeeze.ReplaceAllString(strings.Join(pages(t, pdf), ""), "")
	for _, h := range hostile[:5] {
		if want := squeeze.ReplaceAllString(h, ""); !strings.Contains(text, want) {
			t.Errorf("the report does not print %q as it stands", h)
		}
	}
	for _, want := range []string{"你好世界", "naïve", "#emph[gnp]"} {
		if !strings.Contains(text, want) {
			t.Errorf("the report does not print %q", want)
		}
	}
	if strings.ContainsAny(text, "\u202e\u0007") {
		t.Error("a control character that reverses text survived")
	}
}

// TestNoTextLeavesThePage compares the words' boxes with the pages' margins:
// the typesetter lets what cannot break run off a page without a word.
func TestNoTextLeavesThePage(t *testing.T) {
	f := newFixture(t)
	organization(f)
	carveOut(f, true)
	f.put("org", "engagement", "eng-2025", "2026-01-01", engagement(soc1.Type2, soc1.SSAE18And21))
	examination(f)
	long := strings.Repeat("The supervisor compares each register with its source and signs. ", 90)
	f.put("org", "control", "pay-1-2", first, soc1.Control{Code: "PAY-1.2", Text: long, Nature: soc1.Manual, Type: soc1.Preventive, Objectives: []string{"pay-1"}})
	f.put("org", "control", "pay-1-1", first, soc1.Control{Code: strings.Repeat("X", 90), Text: strings.Repeat("y\n", 150), Nature: soc1.Manual, Type: soc1.Preventive, Objectives: []string{"pay-1"}})
	for i := range 6 {
		f.put("exam", "test_of_control", fmt.Sprintf("t-l%d", i), first, soc1.TestOfControl{Code: fmt.Sprintf("T-L%d", i), By: soc1.ByAuditor, Engagement: "eng-2025", Control: "pay-1-2", Method: soc1.ObservationOnly,
			Procedures: []soc1.Procedure{{Nature: soc1.Inspection, Text: long[:len(long)/(i+1)]}}})
	}
	f.put("org", "cuec", "cuec-1", first, soc1.CUEC{Code: strings.Repeat("W", 60), Text: strings.Repeat("你好", 700), Objectives: []string{"pay-1"}})
	pdf := render(t, build(t, f.source(true)))
	save(t, "long", pdf)
	words := regexp.MustCompile(`<word xMin="([\d.-]+)" yMin="([\d.-]+)" xMax="([\d.-]+)" yMax="([\d.-]+)">(.*)</word>`)
	count := 0
	for _, w := range words.FindAllStringSubmatch(runTool(t, pdf, "pdftotext", "-bbox", "FILE", "-"), -1) {
		var box [4]float64
		for i := range box {
			fmt.Sscan(w[i+1], &box[i])
		}
		count++
		if strings.Contains("DRAFT–notissued", w[5]) {
			continue // the watermark is turned
		}
		if box[0] < 60 || box[2] > 612-60 || box[1] < 20 || box[3] > 792-20 {
			t.Errorf("the word %.40q stands at %v, outside the page's margins", w[5], box)
		}
	}
	if count < 5000 {
		t.Errorf("only %d words were found", count)
	}
	if got, want := strings.Count(strings.Join(pages(t, pdf), " "), "supervisor compares"), 90+90+45+30+22+18+15; got < want-8 || got > want {
		t.Errorf("%d of about %d sentences of the long cells are printed", got, want)
	}
}
