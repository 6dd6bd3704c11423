package report

import (
	"bytes"
	"encoding/json"
	"reflect"
	"slices"
	"strings"

	"reperform/soc1"
)

// ModelFormat is the version of the model's form; fields are only added.
const ModelFormat = 1

// DraftMark stands on every page until the report is released.
const DraftMark = "DRAFT – not issued – no opinion expressed"

// Model is a whole report, ready to be typeset.
type Model struct {
	Format int `json:"format"`
	// Program, Wording and Typesetter name the versions that made it.
	Program    string `json:"program"`
	Wording    string `json:"wording"`
	Typesetter string `json:"typesetter"`
	// Engagement is the engagement's id, Ledgers the states read.
	Engagement string  `json:"engagement"`
	Ledgers    []State `json:"ledgers"`
	// Paper is "us-letter" or "a4".
	Paper string `json:"paper"`
	// Draft is the mark on every page; empty when the report is released.
	Draft string `json:"draft"`
	// Title and Author are those of the document.
	Title  string `json:"title"`
	Author string `json:"author"`
	// Date of the report, when a person entered it.
	Date     soc1.Date `json:"date,omitempty"`
	Cover    Cover     `json:"cover"`
	Footer   Footer    `json:"footer"`
	Sections []Section `json:"sections"`
	// Claims are all figures printed, each with the records it follows from.
	Claims []Claim `json:"claims"`
	// Gaps are what is missing before the report can be issued.
	Gaps []Gap `json:"gaps"`
}

// State is a checkpoint as the report prints it.
type State struct {
	// Role says whose records these are.
	Role   string `json:"role"`
	Origin string `json:"origin"`
	Size   int64  `json:"size"`
	// Root is the root hash in base64, as the checkpoint has it.
	Root string `json:"root"`
}

// Cover is the first page.
type Cover struct {
	Kind         string `json:"kind"`
	Organization string `json:"organization"`
	System       string `json:"system"`
	Description  string `json:"description"`
	When         string `json:"when"`
	Auditor      string `json:"auditor"`
	Use          string `json:"use"`
}

// Footer is what every page ends with, beside its number.
type Footer struct {
	Use        string `json:"use"`
	Checkpoint string `json:"checkpoint"`
}

// Section is one section of the report.
type Section struct {
	// ID is "I" to "V", or "verify".
	ID string `json:"id"`
	// Title is the heading, Running its short form in the header of pages.
	Title   string  `json:"title"`
	Running string  `json:"running"`
	Blocks  []Block `json:"blocks"`
}

// The kinds of blocks.
const (
	KindHeading   = "heading"
	KindParagraph = "paragraph"
	KindList      = "list"
	KindTable     = "table"
	KindBox       = "box"
	KindCode      = "code"
	KindSignature = "signature"
)

// The tones of a box.
const (
	// ToneGap marks something missing.
	ToneGap = "gap"
	// ToneNotice marks something a reader must not overlook.
	ToneNotice = "notice"
	// ToneObjective sets a control objective apart.
	ToneObjective = "objective"
)

// Block is a piece of a section; which fields are set depends on its kind.
type Block struct {
	Kind string `json:"kind"`
	// Level is how a heading looks: 2 is listed in the contents, 3 has a
	// bookmark, 4 neither. Depth is its place in the structure of the document,
	// which skips no level.
	Level int `json:"level,omitempty"`
	Depth int `json:"depth,omitempty"`
	// Text of a heading, a paragraph, or a code line.
	Text []Run `json:"text,omitempty"`
	// Style of a list: "bullet", "number" or "letter".
	Style string `json:"style,omitempty"`
	Items []Item `json:"items,omitempty"`
	Table *Table `json:"table,omitempty"`
	// Tone, Title and Paras are of a box; Paras also the lines of a signature.
	Tone  string `json:"tone,omitempty"`
	Title string `json:"title,omitempty"`
	Paras []Para `json:"paras,omitempty"`
}

// Run is text of one style: "" plain, "b" bold, "i" italic, "bi" both, "c" code.
type Run struct {
	Text  string `json:"t"`
	Style string `json:"s,omitempty"`
}

// Item is an item of a list with the items below it.
type Item struct {
	Text  []Run  `json:"text"`
	Items []Item `json:"items,omitempty"`
	// Style of the items below.
	Style string `json:"style,omitempty"`
}

// Para is a paragraph within a cell or a box. Its role is "" for text,
// "strong", "small", "exception", "gap" or "bullet".
type Para struct {
	Text []Run  `json:"text"`
	Role string `json:"role,omitempty"`
}

// Table is a table with a caption that is numbered through the report.
type Table struct {
	Caption string   `json:"caption"`
	Columns []Column `json:"columns"`
	Rows    []Row    `json:"rows"`
	// Keep says that the table is short enough to stand on one page.
	Keep bool `json:"keep,omitempty"`
}

// Column is a column with its share of the width.
type Column struct {
	Head  string `json:"head"`
	Width int    `json:"width"`
	// Align is "right" for numbers.
	Align string `json:"align,omitempty"`
}

// Row is a row; cells that a taller cell above covers are left out.
type Row struct {
	Cells []Cell `json:"cells"`
}

// Cell is a cell.
type Cell struct {
	Paras []Para `json:"paras"`
	// Span is the number of rows it covers, when more than one.
	Span int `json:"span,omitempty"`
	// Tint is "exception", "gap" or nothing.
	Tint string `json:"tint,omitempty"`
	// Keep says that the cell is short enough never to be broken over pages.
	Keep bool `json:"keep,omitempty"`
}

// Claim is a figure of the report with what it follows from, so that another
// program can compute it again.
type Claim struct {
	// ID names the figure, such as "test/pay-3-2-t1/deviations".
	ID string `json:"id"`
	// Text says what the figure is.
	Text string `json:"text"`
	// Value is the figure as printed.
	Value   string     `json:"value"`
	Sources []soc1.Ref `json:"sources"`
}

// Gap is something that is missing or does not agree.
type Gap struct {
	// Where is the section, with the part of it.
	Where string `json:"where"`
	Text  string `json:"text"`
	// Record is what it concerns, when that is a record.
	Record *soc1.Ref `json:"record,omitempty"`
	// Remedy says how it is closed. It is for those who write the report and no
	// part of its content, so it stays out of the stored form.
	Remedy string `json:"-"`
	// Notice marks what a reader of the draft should look at and what does not
	// keep the report from being released; it stays out of the stored form too.
	Notice bool `json:"-"`
}

// String is the gap as one line for a person, remedy included.
func (g Gap) String() string {
	where := "Section " + g.Where
	if g.Where == "verify" {
		where = "How to Verify this Report"
	}
	return strings.TrimSpace(where + ": " + g.Text + " " + g.Remedy)
}

// Differs names the first part of the report in which another model reads
// differently; empty when both read alike.
func (m *Model) Differs(other *Model) string {
	alike := func(a, b any) bool { return reflect.DeepEqual(a, b) }
	switch {
	case !alike(m.Cover, other.Cover) || m.Title != other.Title || m.Draft != other.Draft || m.Date != other.Date:
		return "the cover"
	case len(m.Sections) != len(other.Sections):
		return "the number of sections"
	}
	for i, s := range m.Sections {
		if !alike(s, other.Sections[i]) {
			return s.Running
		}
	}
	if !alike(m, other) {
		return "the records that its figures follow from"
	}
	return ""
}

// Missing are the gaps that keep the report from being released.
func (m *Model) Missing() []Gap {
	return slices.DeleteFunc(slices.Clone(m.Gaps), func(g Gap) bool { return g.Notice })
}

// JSON is the canonical form of the model: fields in a fixed order, no blanks,
// no characters escaped that JSON does not require.
func (m *Model) JSON() ([]byte, error) {
	var b bytes.Buffer
	enc := json.NewEncoder(&b)
	enc.SetEscapeHTML(false)
	if err := enc.Encode(m); err != nil {
		return nil, err
	}
	return bytes.TrimSuffix(b.Bytes(), []byte("\n")), nil
}
