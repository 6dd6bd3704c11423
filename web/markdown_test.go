package web

import (
	"encoding/xml"
	"errors"
	"io"
	"slices"
	"strings"
	"testing"
	"time"
)

// aProse knows one person, who is mentioned, and one record.
func aProse() *prose {
	return &prose{host: "reperform.example", base: "",
		person: func(id string) (string, string, bool) { return "Ann <b>", "/r/person/ann", id == "ann" },
		record: func(ledger, kind, id string) (string, string, bool) {
			return "control X-1", "/r/control/x-1", (ledger == "" || ledger == "org") && kind == "control" && id == "x-1"
		}}
}

func TestProse(t *testing.T) {
	for in, want := range map[string]string{
		"one\ntwo\n\nthree":                      `<p>one<br/>two</p><p>three</p>`,
		"**a** _b_ ~~c~~ `<d>`":                  `<p><strong>a</strong> <em>b</em> <del>c</del> <code>&lt;d&gt;</code></p>`,
		"- a\n- b\n\n1. c":                       `<ul><li>a</li><li>b</li></ul><ol><li>c</li></ol>`,
		"> said\n> so":                           `<blockquote><p>said<br/>so</p></blockquote>`,
		"```\n<x> & @ann\n```":                   "<pre><code>&lt;x&gt; &amp; @ann\n</code></pre>",
		"# no heading":                           `<p># no heading</p>`,
		"<script>alert(1)</script>":              `<p>&lt;script&gt;alert(1)&lt;/script&gt;</p>`,
		"<img src=x onerror=alert(1)>":           `<p>&lt;img src=x onerror=alert(1)&gt;</p>`,
		"[x](javascript:alert(1))":               `<p>x</p>`,
		"[x](JaVaScRiPt:alert(1))":               `<p>x</p>`,
		"[x](data:text/html,hi)":                 `<p>x</p>`,
		"[x](//evil.example/)":                   `<p>x</p>`,
		"[x](https://a:b@evil.example/)":         `<p>x</p>`,
		"<javascript:alert(1)>":                  `<p>javascript:alert(1)</p>`,
		"![x](https://a.example/p.png)":          `<p>x</p>`,
		`[x](https://a.example/"onclick="y)`:     `<p><a class="link" href="https://a.example/%22onclick=%22y" rel="noopener noreferrer nofollow">x</a></p>`,
		"https://a.example/b?c=d&e=f.":           `<p><a class="link" href="https://a.example/b?c=d&amp;e=f" rel="noopener noreferrer nofollow">https://a.example/b?c=d&amp;e=f</a>.</p>`,
		"Ask @ann.":                              `<p>Ask <a class="at" href="/r/person/ann">@Ann &lt;b&gt;</a>.</p>`,
		"@ben, a@ann.example, x@ann":             `<p>@ben, a@ann.example, x@ann</p>`,
		"See control/x-1, org/control/x-1.":      `<p>See <a class="link" href="/r/control/x-1">control X-1</a>, <a class="link" href="/r/control/x-1">control X-1</a>.</p>`,
		"exam-1/control/x-1 and/or risk/none":    `<p>exam-1/control/x-1 and/or risk/none</p>`,
		"http://reperform.example/r/control/x-1": `<p><a class="link" href="/r/control/x-1">control X-1</a></p>`,
		"[@ann control/x-1](/r/control)":         `<p><a class="link" href="/r/control">@ann control/x-1</a></p>`,
		`a \*b\* &amp; c`:                        `<p>a *b* &amp;amp; c</p>`,
	} {
		if got := aProse().html(in); got != want {
			t.Errorf("%q\n got %s\nwant %s", in, got, want)
		}
	}
	if got := mentionsIn("@ann (@ben.) x@cid @ann @dan-", func(id string) bool { return slices.Contains([]string{"ann", "ben", "cid", "dan"}, id) }); !slices.Equal(got, []string{"ann", "ben", "dan"}) {
		t.Errorf("mentioned are %q", got)
	}
}

// checkProse holds rendered text to the tags and attributes that are ours.
func checkProse(t *testing.T, in, out string) {
	t.Helper()
	tags := []string{"p", "br", "strong", "em", "del", "code", "pre", "blockquote", "ul", "ol", "li", "a", "span"}
	d := xml.NewDecoder(strings.NewReader("<x>" + out + "</x>"))
	depth := 0
	for {
		tok, err := d.Token()
		if errors.Is(err, io.EOF) {
			return
		}
		if err != nil {
			// XML has no control characters, which text may have.
			if strings.Contains(err.Error(), "illegal character code") {
				return
			}
			t.Fatalf("%q renders as %.300q: %v", in, out, err)
		}
		switch x := tok.(type) {
		case xml.StartElement:
			depth++
			if x.Name.Local == "x" && depth == 1 {
				continue
			}
			if !slices.Contains(tags, x.Name.Local) || depth > 30 {
				t.Fatalf("%q renders a %s, %d deep: %.300q", in, x.Name.Local, depth, out)
			}
			for _, a := range x.Attr {
				switch {
				case a.Name.Local == "class" && (a.Value == "link" || a.Value == "at"), a.Name.Local == "rel" && a.Value == "noopener noreferrer nofollow":
				case a.Name.Local == "href" && (strings.HasPrefix(a.Value, "https://") || strings.HasPrefix(a.Value, "http://") || strings.HasPrefix(a.Value, "mailto:") || strings.HasPrefix(a.Value, "/") && !strings.HasPrefix(a.Value, "//")):
				default:
					t.Fatalf("%q renders %s=%q", in, a.Name.Local, a.Value)
				}
			}
		case xml.EndElement:
			depth--
		}
	}
}

// What is made to be slow or deep is neither.
func TestProseHostile(t *testing.T) {
	began := time.Now()
	for _, piece := range []string{"[", "*", "_", ">", "> ", "- ", "`", "![", "](", "<", "&", "@", "a/", "~", "1. ", "\n", "\t", "\u202e", "**a ", "[a](", "- \n  "} {
		in := strings.Repeat(piece, 10_000/len(piece))
		checkProse(t, piece, aProse().html(in))
	}
	if took := time.Since(began); took > 5*time.Second {
		t.Errorf("hostile text took %s", took)
	}
}

func FuzzProse(f *testing.F) {
	for _, s := range []string{"**a** [b](javascript:c) <d>", "- > 1. @ann control/x-1", "https://x.example/<\">", "```\n</code><script>", "[a\n](b 'c')\x00"} {
		f.Add(s)
	}
	f.Fuzz(func(t *testing.T, s string) {
		if len(s) > 20_000 {
			return
		}
		checkProse(t, s, aProse().html(s))
		mentionsIn(s, func(string) bool { return true })
	})
}
