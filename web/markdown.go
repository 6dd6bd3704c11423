package web

import (
	"bytes"
	"html"
	"net/url"
	"regexp"
	"slices"
	"strconv"
	"strings"

	"github.com/yuin/goldmark/ast"
	"github.com/yuin/goldmark/extension"
	extast "github.com/yuin/goldmark/extension/ast"
	"github.com/yuin/goldmark/parser"
	gmtext "github.com/yuin/goldmark/text"
	"github.com/yuin/goldmark/util"
)

// talkParser reads what people write to each other: paragraphs whose lines stay
// lines, emphasis, lists, quotations, code and links. Headings, tables, pictures
// and HTML are not part of it: they are parsed as the text that they are.
var talkParser = parser.NewParser(
	parser.WithBlockParsers(
		util.Prioritized(parser.NewListParser(), 300),
		util.Prioritized(parser.NewListItemParser(), 400),
		util.Prioritized(parser.NewFencedCodeBlockParser(), 700),
		util.Prioritized(parser.NewBlockquoteParser(), 800),
		util.Prioritized(parser.NewParagraphParser(), 1000),
	),
	parser.WithInlineParsers(
		util.Prioritized(parser.NewCodeSpanParser(), 100),
		util.Prioritized(parser.NewLinkParser(), 200),
		util.Prioritized(parser.NewAutoLinkParser(), 300),
		util.Prioritized(parser.NewEmphasisParser(), 500),
		util.Prioritized(extension.NewStrikethroughParser(), 500),
		util.Prioritized(extension.NewLinkifyParser(), 999),
	),
)

// documentParser reads documents of several parts: what people say, with headings and
// rules between the parts. Soft line ends are the author's editor's and no new lines.
var documentParser = parser.NewParser(
	parser.WithBlockParsers(
		util.Prioritized(parser.NewThematicBreakParser(), 200),
		util.Prioritized(parser.NewListParser(), 300),
		util.Prioritized(parser.NewListItemParser(), 400),
		util.Prioritized(parser.NewATXHeadingParser(), 600),
		util.Prioritized(parser.NewFencedCodeBlockParser(), 700),
		util.Prioritized(parser.NewBlockquoteParser(), 800),
		util.Prioritized(parser.NewParagraphParser(), 1000),
	),
	parser.WithInlineParsers(
		util.Prioritized(parser.NewCodeSpanParser(), 100),
		util.Prioritized(parser.NewLinkParser(), 200),
		util.Prioritized(parser.NewAutoLinkParser(), 300),
		util.Prioritized(parser.NewEmphasisParser(), 500),
		util.Prioritized(extension.NewStrikethroughParser(), 500),
		util.Prioritized(extension.NewLinkifyParser(), 999),
	),
)

// deepest bounds how far lists and quotations lie within each other; what lies
// deeper is shown as if it did not.
const deepest = 6

// prose renders text that somebody wrote. It writes only tags of its own, so
// that nothing that was written can become more than text.
type prose struct {
	out bytes.Buffer
	src []byte
	// person names somebody who is mentioned; record names and finds a record
	// that may be read. Both answer false for everything else, which stays text.
	person func(id string) (name, href string, ok bool)
	record func(ledger, kind, id string) (words, href string, ok bool)
	// host is ours: addresses there are those of pages.
	host, base string
	// document says that it has headings, and that its lines are not lines of their own;
	// below is by how many ranks its headings are lowered. None is of the first.
	document bool
	below    int
	// inLink says that what is written stands in a link already.
	inLink bool
}

// html renders the whole text.
func (p *prose) html(s string) string {
	// What is no text is shown as such and breaks nothing beside it.
	s = strings.ToValidUTF8(s, "\uFFFD")
	p.src = []byte(s)
	read := talkParser
	if p.document {
		read = documentParser
	}
	p.blocks(read.Parse(gmtext.NewReader(p.src)), 0)
	return p.out.String()
}

func (p *prose) blocks(parent ast.Node, depth int) {
	for n := parent.FirstChild(); n != nil; n = n.NextSibling() {
		p.block(n, depth)
	}
}

// around writes a tag around blocks, unless they lie too deep.
func (p *prose) around(tag string, n ast.Node, depth int) {
	if depth >= deepest {
		p.blocks(n, deepest+1)
		return
	}
	p.out.WriteString("<" + tag + ">")
	p.blocks(n, depth+1)
	p.out.WriteString("</" + tag + ">")
}

func (p *prose) block(n ast.Node, depth int) {
	switch x := n.(type) {
	case *ast.List:
		tag := "ul"
		if x.IsOrdered() {
			tag = "ol"
		}
		if x.IsOrdered() && p.document && x.Start > 1 && depth < deepest {
			p.out.WriteString(`<ol start="` + strconv.Itoa(x.Start) + `">`)
			p.blocks(n, depth+1)
			p.out.WriteString("</ol>")
			return
		}
		p.around(tag, n, depth)
	case *ast.ListItem:
		if depth > deepest {
			p.blocks(n, depth)
			return
		}
		p.out.WriteString("<li>")
		p.blocks(n, depth)
		p.out.WriteString("</li>")
	case *ast.Heading:
		tag := "h" + strconv.Itoa(min(max(x.Level+p.below, 2), 6))
		p.out.WriteString("<" + tag + ">")
		p.inlines(n)
		p.out.WriteString("</" + tag + ">")
	case *ast.ThematicBreak:
		p.out.WriteString("<hr/>")
	case *ast.Blockquote:
		p.around("blockquote", n, depth)
	case *ast.FencedCodeBlock:
		p.out.WriteString("<pre><code>")
		for i := range x.Lines().Len() {
			line := x.Lines().At(i)
			p.out.WriteString(html.EscapeString(string(line.Value(p.src))))
		}
		p.out.WriteString("</code></pre>")
	case *ast.TextBlock:
		p.inlines(n)
	default:
		p.out.WriteString("<p>")
		p.inlines(n)
		p.out.WriteString("</p>")
	}
}

// inlines writes what stands within a paragraph. Text that the parser cut into
// pieces is joined first: a name may have been cut.
func (p *prose) inlines(parent ast.Node) {
	var words strings.Builder
	flush := func() {
		p.words(words.String())
		words.Reset()
	}
	for n := parent.FirstChild(); n != nil; n = n.NextSibling() {
		switch x := n.(type) {
		case *ast.Text:
			words.Write(util.UnescapePunctuations(x.Segment.Value(p.src)))
			if p.document && x.SoftLineBreak() {
				words.WriteByte(' ')
				continue
			}
			if x.SoftLineBreak() || x.HardLineBreak() {
				flush()
				p.out.WriteString("<br/>")
			}
			continue
		case *ast.String:
			words.Write(x.Value)
			continue
		}
		flush()
		p.inline(n)
	}
	flush()
}

func (p *prose) inline(n ast.Node) {
	within := func(tag string) {
		p.out.WriteString("<" + tag + ">")
		p.inlines(n)
		p.out.WriteString("</" + tag + ">")
	}
	switch x := n.(type) {
	case *ast.Emphasis:
		if x.Level == 2 {
			within("strong")
			return
		}
		within("em")
	case *extast.Strikethrough:
		within("del")
	case *ast.CodeSpan:
		p.out.WriteString("<code>")
		for c := n.FirstChild(); c != nil; c = c.NextSibling() {
			if t, ok := c.(*ast.Text); ok {
				p.out.WriteString(html.EscapeString(strings.ReplaceAll(string(t.Segment.Value(p.src)), "\n", " ")))
			}
		}
		p.out.WriteString("</code>")
	case *ast.AutoLink:
		p.address(string(x.URL(p.src)), string(x.Label(p.src)))
	case *ast.Link:
		if href, outside, ok := p.safe(string(x.Destination)); ok {
			p.open(href, outside)
			p.inLink = true
			p.inlines(n)
			p.inLink = false
			p.out.WriteString("</a>")
			return
		}
		p.inlines(n)
	default: // A picture is shown as the words that stand for it.
		p.inlines(n)
	}
}

func (p *prose) open(href string, outside bool) {
	p.out.WriteString(`<a class="link" href="` + html.EscapeString(href) + `"`)
	if outside {
		p.out.WriteString(` rel="noopener noreferrer nofollow"`)
	}
	p.out.WriteString(">")
}

// address writes an address that stands in the text. One of a record of ours is
// called as the record is.
func (p *prose) address(to, label string) {
	href, outside, ok := p.safe(to)
	if !ok || p.inLink {
		p.out.WriteString(html.EscapeString(label))
		return
	}
	if !outside {
		if m := recordPath.FindStringSubmatch(strings.TrimPrefix(href, p.base)); m != nil {
			id, err := url.PathUnescape(m[3])
			if words, at, ok := p.record(m[1], m[2], id); err == nil && ok {
				label, href = words, at
			}
		}
	}
	p.open(href, outside)
	p.out.WriteString(html.EscapeString(label) + "</a>")
}

// safe gives the address of a link, and whether it leads out of the site. Only
// the web, mail and pages of ours are linked to.
func (p *prose) safe(to string) (href string, outside, ok bool) {
	u, err := url.Parse(strings.TrimSpace(to))
	if err != nil || u.User != nil {
		return "", false, false
	}
	switch {
	case u.Scheme == "mailto" && u.Opaque != "":
		return u.String(), true, true
	case (u.Scheme == "http" || u.Scheme == "https") && u.Host != "":
		if p.host != "" && u.Host == p.host {
			u.Scheme, u.Host = "", ""
			return u.String(), false, strings.HasPrefix(u.Path, "/") && !strings.HasPrefix(u.Path, "//")
		}
		return u.String(), true, true
	case u.Scheme == "" && u.Host == "" && strings.HasPrefix(u.Path, "/") && !strings.HasPrefix(to, "//") && !strings.Contains(to, `\`):
		return u.String(), false, true
	}
	return "", false, false
}

var (
	recordPath = regexp.MustCompile(`^(?:/x/([^/?#]+))?/r/([a-z_]+)/([^/?#]+)(?:[?#].*)?$`)
	// token is somebody by "@" and the id, or a record as references are
	// written: kind/id, with its ledger before it or not.
	token = regexp.MustCompile(`@[A-Za-z0-9][A-Za-z0-9._-]*|(?:[a-z0-9][a-z0-9-]*/)?[a-z_]+/[A-Za-z0-9][A-Za-z0-9._-]*`)
)

// words writes plain text, with people and records in it as links.
func (p *prose) words(s string) {
	if p.inLink {
		p.out.WriteString(html.EscapeString(s))
		return
	}
	at := 0
	for _, m := range token.FindAllStringIndex(s, -1) {
		if m[0] < at || m[0] > 0 && !begins(s[:m[0]]) {
			continue
		}
		word := s[m[0]:m[1]]
		link := p.linked(word)
		// What ends a sentence may have been taken for a part of the id.
		for link == "" && strings.ContainsAny(word[len(word)-1:], ".-_") {
			word = word[:len(word)-1]
			link = p.linked(word)
		}
		if link == "" {
			continue
		}
		p.out.WriteString(html.EscapeString(s[at:m[0]]) + link)
		at = m[0] + len(word)
	}
	p.out.WriteString(html.EscapeString(s[at:]))
}

// begins tells whether a word may begin after a text: not in the middle of
// another, and not in an address.
func begins(before string) bool {
	last := before[len(before)-1]
	return strings.IndexByte(" \t\n(['\"", last) >= 0
}

func (p *prose) linked(word string) string {
	if id, ok := strings.CutPrefix(word, "@"); ok {
		name, href, ok := p.person(id)
		if !ok {
			return ""
		}
		if href == "" {
			return `<span class="at">@` + html.EscapeString(name) + `</span>`
		}
		return `<a class="at" href="` + html.EscapeString(href) + `">@` + html.EscapeString(name) + `</a>`
	}
	ledger, kind, id := "", "", ""
	switch parts := strings.Split(word, "/"); len(parts) {
	case 2:
		kind, id = parts[0], parts[1]
	case 3:
		ledger, kind, id = parts[0], parts[1], parts[2]
	default:
		return ""
	}
	words, href, ok := p.record(ledger, kind, id)
	if !ok {
		return ""
	}
	return `<a class="link" href="` + html.EscapeString(href) + `">` + html.EscapeString(words) + `</a>`
}

// mentionsIn are the ids after "@" in a text, for those who may be mentioned.
// Other words after "@" are text.
func mentionsIn(s string, may func(id string) bool) []string {
	var out []string
	for _, m := range token.FindAllStringIndex(s, -1) {
		if s[m[0]] != '@' || m[0] > 0 && !begins(s[:m[0]]) {
			continue
		}
		id := s[m[0]+1 : m[1]]
		for id != "" && !may(id) && strings.ContainsAny(id[len(id)-1:], ".-_") {
			id = id[:len(id)-1]
		}
		if id != "" && may(id) && !slices.Contains(out, id) {
			out = append(out, id)
		}
	}
	return out
}
