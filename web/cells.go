package web

import (
	"encoding/json"
	"fmt"
	"net/url"
	"sort"
	"strings"

	"reperform/record"
	"reperform/web/ui"
)

// cell is a value of a record as a page shows it.
type cell struct {
	// Text is the value in words; empty when there is none.
	Text string
	// Sort is what rows are ordered by.
	Sort string
	// Links are the records that the value names, instead of Text.
	Links []ui.Link
	// Person is somebody that the value names, instead of Text.
	Person *ui.Person
	// Long text keeps its lines.
	Long bool
	// Number is set to the right.
	Number bool
	// Parts are the fields of an object, or of each object of a list.
	Parts [][]part
}

// part is one field of an object.
type part struct {
	Label string
	Cell  cell
}

// Empty tells whether there is nothing to show.
func (c cell) Empty() bool {
	return c.Text == "" && len(c.Links) == 0 && c.Person == nil && len(c.Parts) == 0
}

// body is a record's fields by name, each still as JSON.
func fieldsOf(r record.Record) map[string]json.RawMessage {
	var m map[string]json.RawMessage
	_ = json.Unmarshal(r.Body, &m)
	return m
}

// show turns the value of a field into a cell.
func (r *request) show(f record.Field, raw json.RawMessage) cell {
	if len(raw) == 0 || string(raw) == "null" {
		return cell{}
	}
	if f.List {
		return r.showList(f, raw)
	}
	return r.showOne(f, raw)
}

func (r *request) showOne(f record.Field, raw json.RawMessage) cell {
	switch f.Type {
	case record.Boolean:
		if string(raw) == "true" {
			return cell{Text: "Yes", Sort: "1"}
		}
		return cell{}
	case record.Integer:
		n := strings.TrimSpace(string(raw))
		if n == "0" {
			return cell{}
		}
		return cell{Text: n, Sort: fmt.Sprintf("%020s", n), Number: true}
	case record.Object:
		return r.showObject(f, raw)
	case record.Map:
		return showMap(raw)
	}
	s := text(raw)
	switch {
	case s == "":
		return cell{}
	case f.Type == record.Enum:
		return cell{Text: f.ValueLabel(s), Sort: s}
	case f.Type == record.Date:
		return cell{Text: dateText(s), Sort: s}
	case f.Type == record.Instant:
		return cell{Text: momentText(s, r.zone()), Sort: s}
	case f.Ref == "person":
		p := r.headings().person(s)
		return cell{Person: &p, Sort: strings.ToLower(p.Name)}
	case f.Ref != "":
		l := r.link(f.Ref, s)
		return cell{Links: []ui.Link{l}, Sort: strings.ToLower(l.Text)}
	}
	return cell{Text: s, Sort: strings.ToLower(s), Long: f.Multiline}
}

func (r *request) showList(f record.Field, raw json.RawMessage) cell {
	var items []json.RawMessage
	if json.Unmarshal(raw, &items) != nil || len(items) == 0 {
		return cell{}
	}
	one := f
	one.List = false
	var out cell
	var words []string
	for _, x := range items {
		c := r.showOne(one, x)
		switch {
		case c.Person != nil:
			l := ui.Link{Text: c.Person.Name}
			if r.headings().item(personKind, c.Person.ID) != nil {
				l.Href = r.recordURL(personKind, c.Person.ID)
			}
			out.Links = append(out.Links, l)
		case len(c.Links) > 0:
			out.Links = append(out.Links, c.Links...)
		case len(c.Parts) > 0:
			out.Parts = append(out.Parts, c.Parts...)
		case c.Text != "":
			words = append(words, c.Text)
		}
		out.Sort += c.Sort + " "
	}
	sep := ", "
	if f.Type == record.Text {
		sep, out.Long = "\n", true
	}
	out.Text = strings.Join(words, sep)
	return out
}

func (r *request) showObject(f record.Field, raw json.RawMessage) cell {
	var m map[string]json.RawMessage
	if json.Unmarshal(raw, &m) != nil {
		return cell{}
	}
	var parts []part
	for _, x := range f.Fields {
		if c := r.show(x, m[x.Name]); !c.Empty() {
			parts = append(parts, part{x.Label, c})
		}
	}
	if len(parts) == 0 {
		return cell{}
	}
	return cell{Parts: [][]part{parts}}
}

func showMap(raw json.RawMessage) cell {
	var m map[string]json.RawMessage
	if json.Unmarshal(raw, &m) != nil || len(m) == 0 {
		return cell{}
	}
	keys := make([]string, 0, len(m))
	for k := range m {
		keys = append(keys, k)
	}
	sort.Strings(keys)
	var parts []part
	for _, k := range keys {
		var list []string
		if json.Unmarshal(m[k], &list) == nil {
			parts = append(parts, part{k, cell{Text: strings.Join(list, ", ")}})
			continue
		}
		parts = append(parts, part{k, cell{Text: text(m[k])}})
	}
	return cell{Parts: [][]part{parts}}
}

// text is a JSON string without its quotes; anything else as it is written.
func text(raw json.RawMessage) string {
	var s string
	if json.Unmarshal(raw, &s) == nil {
		return s
	}
	return string(raw)
}

// link names a record and where it is shown.
func (r *request) link(kind, id string) ui.Link {
	h, ok := r.headings().heading(kind, id)
	if !ok {
		return ui.Link{Text: id}
	}
	words := h.String()
	if h.Code != "" {
		words = h.Code
	}
	if k, err := record.Kinds.Kind(kind); err == nil && k.Home == record.Organization {
		return ui.Link{Text: words, Href: r.url("/r/%s/%s", url.PathEscape(kind), url.PathEscape(id))}
	}
	return ui.Link{Text: words, Href: r.recordURL(kind, id)}
}
