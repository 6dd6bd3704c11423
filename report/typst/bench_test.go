package typst

import (
	"encoding/json"
	"fmt"
	"strings"
	"testing"
)

// Measured on 2026-11-22 with two shared cores of an Intel Xeon, a report of 132
// pages: open with a warm cache 0.44 s, first document 4.0 s, the same again
// 0.20 s, with one sentence changed 0.30 s, finish 0.15 s (1.48 MB become
// 0.56 MB); the first open on a machine takes 7.7 s of both cores. With wazero's
// own check for the end of a context the first document took 10 to 15 s.

// The long report has the shape of a service organization control report:
// prose, lists and many tables of controls, tests and results, all from data.
const longTemplate = `
#let r = json("data.json")
#set document(title: r.title, author: "Auditor")
#set page(paper: "us-letter", margin: 25mm, header: align(right, text(8pt, r.title)),
  footer: context align(center, text(8pt)[Page #counter(page).display() of #counter(page).final().first()]))
#set text(font: "IBM Plex Serif", size: 10pt, lang: "en", region: "US")
#set par(justify: true)
#show heading: set text(font: "IBM Plex Sans SmBld")
#show table: set text(font: "IBM Plex Sans", size: 8.5pt)
#show table: set par(justify: false)
#show figure: set block(breakable: true)
#show figure.caption: it => block(sticky: true, it)
#outline(depth: 2)
#for s in r.sections [
  = #s.title
  #for p in s.paragraphs { par(p) }
  == Controls and tests
  #figure(kind: table, caption: s.title, table(columns: (18mm, 1fr, 1fr, 30mm),
    table.header([Ref.], [Control], [Test performed], [Result]),
    ..s.rows.map(row => (row.ref, row.control, row.test, row.result)).flatten()))
]
`

// longJob makes about 120 pages. The seed changes one sentence, as an edit
// between two drafts does.
func longJob(t testing.TB, seed int) Job {
	t.Helper()
	type row struct {
		Ref     string `json:"ref"`
		Control string `json:"control"`
		Test    string `json:"test"`
		Result  string `json:"result"`
	}
	type section struct {
		Title      string   `json:"title"`
		Paragraphs []string `json:"paragraphs"`
		Rows       []row    `json:"rows"`
	}
	var sections []section
	words := strings.Fields("the organization reconciles settled transactions against the custodian record and an independent reviewer investigates differences above the documented threshold before the daily file is released to user entities")
	sentence := func(i, n int) string {
		var b strings.Builder
		for k := range n {
			b.WriteString(words[(i*7+k*3)%len(words)] + " ")
		}
		return fmt.Sprintf("%s(%d).", b.String(), i)
	}
	for i := range 30 {
		s := section{Title: fmt.Sprintf("Control objective %d", i+1)}
		for p := range 6 {
			s.Paragraphs = append(s.Paragraphs, sentence(i*100+p, 110))
		}
		for n := range 22 {
			s.Rows = append(s.Rows, row{fmt.Sprintf("C-%d.%d", i+1, n+1), sentence(i*50+n, 28), sentence(i*30+n+11, 32), "No exceptions noted."})
		}
		sections = append(sections, s)
	}
	sections[3].Paragraphs[2] += fmt.Sprintf(" Draft %d.", seed)
	data, err := json.Marshal(map[string]any{"title": "A long report", "sections": sections})
	if err != nil {
		t.Fatal(err)
	}
	return Job{Main: "main.typ", Files: map[string][]byte{"main.typ": []byte(longTemplate), "data.json": data}}
}

// BenchmarkOpen measures a start on a machine that has the cache.
func BenchmarkOpen(b *testing.B) {
	engine(b)
	for b.Loop() {
		e, err := Open(b.Context(), Options{})
		if err != nil {
			b.Fatal(err)
		}
		b.StopTimer()
		if err := e.Close(b.Context()); err != nil {
			b.Fatal(err)
		}
		b.StartTimer()
	}
}

// BenchmarkLongCold is the first document of a fresh instance.
func BenchmarkLongCold(b *testing.B) {
	e := engine(b)
	job := longJob(b, 0)
	for b.Loop() {
		if err := e.Trim(b.Context()); err != nil {
			b.Fatal(err)
		}
		benchCompile(b, e, job)
	}
	b.ReportMetric(float64(e.running.memory()>>20), "wasm-MB")
}

// BenchmarkLongSame compiles an unchanged document again.
func BenchmarkLongSame(b *testing.B) {
	e := engine(b)
	job := longJob(b, 0)
	benchCompile(b, e, job)
	for b.Loop() {
		benchCompile(b, e, job)
	}
	b.ReportMetric(float64(e.running.memory()>>20), "wasm-MB")
}

// BenchmarkLongEdited compiles with one sentence changed each time.
func BenchmarkLongEdited(b *testing.B) {
	e := engine(b)
	benchCompile(b, e, longJob(b, 0))
	n := 0
	for b.Loop() {
		n++
		benchCompile(b, e, longJob(b, n))
	}
}

func BenchmarkFinish(b *testing.B) {
	pdf := benchCompile(b, engine(b), longJob(b, 0))
	b.ReportMetric(float64(len(pdf)), "bytes-in")
	for b.Loop() {
		done, err := Finish(pdf, sampleMeta)
		if err != nil {
			b.Fatal(err)
		}
		b.ReportMetric(float64(len(done)), "bytes-out")
	}
}

func benchCompile(b *testing.B, e *Engine, job Job) []byte {
	pdf, err := e.Compile(b.Context(), job)
	if err != nil {
		b.Fatal(err)
	}
	return pdf
}
