package pdftext_test

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"os"
	"strings"
	"sync"
	"testing"

	"reperform/intake/pdftext"
	"reperform/report/typst"
)

// TestMain lets the test binary be the child process.
func TestMain(m *testing.M) {
	if len(os.Args) == 2 && os.Args[1] == "read-pdf" {
		if err := pdftext.ServeChild(os.Stdin, os.Stdout); err != nil {
			fmt.Fprintln(os.Stderr, err)
			os.Exit(3)
		}
		os.Exit(0)
	}
	os.Exit(m.Run())
}

var shared = sync.OnceValues(func() (*typst.Engine, error) { return typst.Open(context.Background(), typst.Options{}) })

func pdf(t testing.TB, source string) []byte {
	t.Helper()
	e, err := shared()
	if err != nil {
		t.Fatal(err)
	}
	b, err := e.Compile(t.Context(), typst.Job{Main: "main.typ", Files: map[string][]byte{"main.typ": []byte(source)}})
	if err != nil {
		t.Fatal(err)
	}
	return b
}

func read(t testing.TB, b []byte) (pdftext.Text, error) {
	exe, err := os.Executable()
	if err != nil {
		t.Fatal(err)
	}
	return pdftext.Read(t.Context(), []string{exe, "read-pdf"}, b)
}

const twoPages = `
#set text(font: "IBM Plex Serif", lang: "en", size: 10pt)
= Report on controls
We have examined the efficient office of the organization throughout the period January 1, 2025 to September 30, 2025, and
the suitability of the design.
#table(columns: 2, [CA-1.1], [Exception noted.])
#pagebreak()
+ User entities review access.
`

func TestText(t *testing.T) {
	got, err := read(t, pdf(t, twoPages))
	if err != nil {
		t.Fatal(err)
	}
	if got.Of != 2 || len(got.Pages) != 2 || got.Cut {
		t.Fatalf("%+v", got)
	}
	flow := strings.Join(strings.Fields(got.Pages[0].Text), " ")
	for _, want := range []string{"Report on controls", "We have examined the efficient office of the organization throughout the period January 1, 2025 to September 30, 2025, and the suitability", "CA-1.1 Exception noted."} {
		if !strings.Contains(flow, want) {
			t.Errorf("the text lacks %q:\n%s", want, got.Pages[0].Text)
		}
	}
	if got.Pages[1].Text != "1. User entities review access." {
		t.Errorf("the second page reads %q", got.Pages[1].Text)
	}
}

func TestNoText(t *testing.T) {
	whole := pdf(t, twoPages)
	locked := bytes.Replace(bytes.Clone(whole), []byte("/Root"), []byte("/Encrypt << /Filter /Standard /V 2 /R 3 /Length 128 /P -3904 /O (................................) /U (................................) >> /Root"), 1)
	for name, x := range map[string]struct {
		b    []byte
		want error
	}{
		"nothing":    {nil, pdftext.ErrNotPDF},
		"a table":    {[]byte("id,amount\n1,2\n"), pdftext.ErrNotPDF},
		"half":       {whole[:len(whole)/2], pdftext.ErrUnread},
		"a header":   {[]byte("%PDF-1.7\n"), pdftext.ErrUnread},
		"a picture":  {pdf(t, `#rect(width: 10cm, height: 10cm, fill: red)`), pdftext.ErrNoText},
		"too large":  {make([]byte, pdftext.MostBytes+1), pdftext.ErrTooLarge},
		"a password": {locked, pdftext.ErrEncrypted},
	} {
		if got, err := read(t, x.b); !errors.Is(err, x.want) {
			t.Errorf("%s: %v, %d pages, expected %v", name, err, len(got.Pages), x.want)
		}
	}
}

// FuzzText lets no file do more than have no text.
func FuzzText(f *testing.F) {
	f.Add([]byte("%PDF-1.7\n1 0 obj <</Type /Catalog /Pages 1 0 R>> endobj\ntrailer <</Root 1 0 R>>\nstartxref\n9\n%%EOF"))
	f.Fuzz(func(t *testing.T, b []byte) {
		if _, err := read(t, append([]byte("%PDF-1.7\n"), b...)); err == nil && len(b) < 40 {
			t.Errorf("text in %q", b)
		}
	})
}
