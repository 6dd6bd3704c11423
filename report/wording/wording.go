// Package wording holds the fixed sentences of a report, one set of text files
// per body of standards, and fills in the facts of an engagement.
//
// It promises that what a record says stays text: a fact can neither become a
// heading nor a list, because the structure of a file is read before any fact
// is filled in. The sentences are our own and follow the substance of AT-C 105,
// 205 and 320 or of ISAE 3402; no text of a standard is copied, and an auditor
// reads them as a draft. A file has a version, which the report's model keeps:
// a sentence that is changed raises it.
package wording

import (
	"embed"
	"fmt"
	"strings"
	"sync"
	"text/template"
	"unicode"

	"reperform/english"
	"reperform/soc1"
)

// Version of the sentences; raised with every change of them.
const Version = "2026.2"

//go:embed text/*.txt
var files embed.FS

// Set is the wording of one body of standards.
type Set struct {
	// Name is the body of standards with the version of the sentences.
	Name   string
	blocks map[string][]Block
}

// Block is a titled part of a section.
type Block struct {
	// ID names the block for the program, such as "scope".
	ID    string
	title *template.Template
	parts []part
}

// part is a paragraph or a run of list items.
type part struct {
	kind  Kind
	items []*template.Template
}

// Kind is what a part of a block is.
type Kind string

// The kinds of a part.
const (
	Paragraph Kind = "paragraph"
	Bullets   Kind = "bullets"
	// Lettered items are (a), (b), (c).
	Lettered Kind = "lettered"
)

// Text is a part with the facts filled in: one item for a paragraph, one or
// more for a list.
type Text struct {
	Kind  Kind
	Items []string
}

// Filled is a block with the facts filled in.
type Filled struct {
	ID, Title string
	Texts     []Text
}

var sets = sync.OnceValues(load)

// Of returns the wording of a body of standards.
func Of(s soc1.StandardSet) (*Set, error) {
	all, err := sets()
	if err != nil {
		return nil, err
	}
	set, ok := all[s]
	if !ok {
		return nil, fmt.Errorf("there is no wording for the standards %q; there is for %s and %s", s, soc1.SSAE18And21, soc1.ISAE3402)
	}
	return set, nil
}

func load() (map[soc1.StandardSet]*Set, error) {
	out := map[soc1.StandardSet]*Set{}
	for _, s := range []soc1.StandardSet{soc1.SSAE18And21, soc1.ISAE3402} {
		set := &Set{Name: string(s) + "/" + Version, blocks: map[string][]Block{}}
		root := template.New(string(s)).Funcs(functions).Option("missingkey=error")
		for _, name := range []string{"common.txt", string(s) + ".txt"} {
			b, err := files.ReadFile("text/" + name)
			if err != nil {
				return nil, err
			}
			if err := set.read(root, name, string(b)); err != nil {
				return nil, err
			}
		}
		out[s] = set
	}
	return out, nil
}

// read adds a file to the set. Its form: "## section" begins a section of the
// report, "# id | Title" a block, "= name: text" names a phrase that other
// texts use by {{template "name" .}}; "- " and "a) " begin list items; a blank
// line ends a paragraph or an item; a line may continue on the next; "//" is a comment.
func (s *Set) read(root *template.Template, name, text string) error {
	section, line := "", 0
	var open strings.Builder
	openKind, openLine := Kind(""), 0
	flush := func() error {
		source := strings.TrimSpace(open.String())
		open.Reset()
		if source == "" {
			return nil
		}
		return s.add(root, section, fmt.Sprintf("%s:%d", name, openLine), openKind, source)
	}
	for raw := range strings.Lines(text) {
		line++
		l := strings.TrimSpace(raw)
		kind, rest := Paragraph, l
		switch {
		case strings.HasPrefix(l, "//"):
			continue
		case strings.HasPrefix(l, "- "):
			kind, rest = Bullets, l[2:]
		case strings.HasPrefix(l, "a) "):
			kind, rest = Lettered, l[3:]
		case l == "" || l[0] == '#' || strings.HasPrefix(l, "= "):
		case open.Len() > 0:
			open.WriteString(" " + l)
			continue
		}
		if err := flush(); err != nil {
			return err
		}
		switch {
		case l == "":
		case strings.HasPrefix(l, "## "):
			section = strings.TrimSpace(l[3:])
		case strings.HasPrefix(l, "# "):
			if err := s.begin(root, section, fmt.Sprintf("%s:%d", name, line), l[2:]); err != nil {
				return err
			}
		case strings.HasPrefix(l, "= "):
			phrase, body, ok := strings.Cut(l[2:], ":")
			if !ok {
				return fmt.Errorf("%s:%d: a phrase has a name, a colon and a text", name, line)
			}
			if _, err := root.New(strings.TrimSpace(phrase)).Parse(strings.TrimSpace(body)); err != nil {
				return fmt.Errorf("%s:%d: %w", name, line, err)
			}
		default:
			openKind, openLine = kind, line
			open.WriteString(rest)
		}
	}
	return flush()
}

func (s *Set) begin(root *template.Template, section, place, head string) error {
	id, title, _ := strings.Cut(head, "|")
	id = strings.TrimSpace(id)
	t, err := root.New(place + " title").Parse(strings.TrimSpace(title))
	if err != nil {
		return fmt.Errorf("%s: %w", place, err)
	}
	for _, b := range s.blocks[section] {
		if b.ID == id {
			return fmt.Errorf("%s: the block %q of section %q is there twice", place, id, section)
		}
	}
	s.blocks[section] = append(s.blocks[section], Block{ID: id, title: t})
	return nil
}

func (s *Set) add(root *template.Template, section, place string, kind Kind, source string) error {
	blocks := s.blocks[section]
	if len(blocks) == 0 {
		return fmt.Errorf("%s: text before the first block", place)
	}
	t, err := root.New(place).Parse(source)
	if err != nil {
		return fmt.Errorf("%s: %w", place, err)
	}
	b := &blocks[len(blocks)-1]
	if n := len(b.parts); kind != Paragraph && n > 0 && b.parts[n-1].kind == kind {
		b.parts[n-1].items = append(b.parts[n-1].items, t)
		return nil
	}
	b.parts = append(b.parts, part{kind: kind, items: []*template.Template{t}})
	return nil
}

// Section fills in the blocks of a section, in their order. A paragraph or an
// item that comes out empty is left out; a block may have no text at all, and
// then marks the place of what a person entered.
func (s *Set) Section(section string, f *Facts) ([]Filled, error) {
	blocks, ok := s.blocks[section]
	if !ok {
		return nil, fmt.Errorf("the wording %s has no section %q", s.Name, section)
	}
	var out []Filled
	for _, b := range blocks {
		filled, err := b.fill(f)
		if err != nil {
			return nil, err
		}
		out = append(out, filled)
	}
	return out, nil
}

// Block fills in one block of a section.
func (s *Set) Block(section, id string, f *Facts) (Filled, error) {
	for _, b := range s.blocks[section] {
		if b.ID == id {
			return b.fill(f)
		}
	}
	return Filled{}, fmt.Errorf("the wording %s has no block %q in section %q", s.Name, id, section)
}

func (b Block) fill(f *Facts) (Filled, error) {
	title, err := execute(b.title, f)
	if err != nil {
		return Filled{}, err
	}
	out := Filled{ID: b.ID, Title: title}
	for _, p := range b.parts {
		text := Text{Kind: p.kind}
		for _, item := range p.items {
			s, err := execute(item, f)
			if err != nil {
				return Filled{}, err
			}
			if s != "" {
				text.Items = append(text.Items, s)
			}
		}
		if p.kind != Paragraph {
			punctuate(text.Items)
		}
		if len(text.Items) > 0 {
			out.Texts = append(out.Texts, text)
		}
	}
	return out, nil
}

// punctuate closes the items of a list that is one sentence, as its first item
// shows by not beginning with a capital letter. Which items there are depends
// on the facts, so a file leaves "and" and the stop to this.
func punctuate(items []string) {
	if len(items) == 0 || items[0] == "" || unicode.IsUpper([]rune(items[0])[0]) {
		return
	}
	for i, s := range items {
		s = strings.TrimRight(strings.TrimSuffix(s, "; and"), ".;")
		switch i {
		case len(items) - 1:
			s += "."
		case len(items) - 2:
			s += "; and"
		default:
			s += ";"
		}
		items[i] = s
	}
}

// execute fills in one template; runs of blanks, which the conditions of a
// template leave behind, become one.
func execute(t *template.Template, f *Facts) (string, error) {
	var b strings.Builder
	if err := t.Execute(&b, f); err != nil {
		return "", fmt.Errorf("wording: %w", err)
	}
	return strings.Join(strings.Fields(b.String()), " "), nil
}

var functions = template.FuncMap{"list": list, "plural": english.Choose[int], "owns": owns}

// list joins words as running text does: "A", "A and B", "A, B, and C".
func list(words []string) string {
	switch n := len(words); n {
	case 0:
		return ""
	case 1:
		return words[0]
	case 2:
		return words[0] + " and " + words[1]
	default:
		return strings.Join(words[:n-1], ", ") + ", and " + words[n-1]
	}
}

// owns makes the possessive of a name: Acme's, Operations'.
func owns(name string) string {
	if strings.HasSuffix(name, "s") {
		return name + "’"
	}
	return name + "’s"
}
