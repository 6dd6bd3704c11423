package web

import (
	"context"
	"fmt"
	"io"
	"strings"

	"github.com/a-h/templ"

	"reperform/app"
	"reperform/record"
)

// A row of a register is made of its record and of the names of those that it
// refers to. Most of a page is rows that were shown before, so they are kept as
// they are sent, but for their place among the others.

// rowAs is how a row is shown: whatever it depends on besides its record.
type rowAs string

type shownKey struct {
	item *record.Item
	as   rowAs
}

// shownRow is a row before and after its place.
type shownRow [2]string

// rowAs says how rows of the page are shown. Rows are shared among those who
// read the whole of the organization's ledger and nothing else, who are shown
// the same names; whoever reads less or more has rows of their own.
func (r *request) rowAs(p *registerPage) rowAs {
	who := r.actor
	if ledgers := r.site.app.Ledgers(r.Context(), r.actor); len(ledgers) == 1 && ledgers[0] == app.OrganizationLedger {
		if reader, err := r.site.app.Reader(r.Context(), r.actor, app.OrganizationLedger); err == nil && reader.Whole() {
			who = ""
		}
	}
	var b strings.Builder
	fmt.Fprintf(&b, "%s\x00%s\x00%s\x00%s\x00%d\x00%v\x00%s", who, r.ledger, r.past.Effective, r.past.Known, r.asOf.Known, p.May, r.zone())
	for _, c := range p.Columns {
		b.WriteByte(0)
		b.WriteString(c.Field.Name)
		if c.Field.Ref != "" {
			b.WriteByte('@')
			b.WriteString(r.headings().stamp(c.Field.Ref))
		}
	}
	return rowAs(b.String())
}

// placeMark stands for the place of a row in what is kept of it. No text of a
// record holds it.
const placeMark = "\x00p\x00"

// shownAs is a row as it is sent.
func (r *request) shownAs(p *registerPage, as rowAs, it *record.Item) (shownRow, error) {
	k := shownKey{it, as}
	if x, ok := r.site.shown.Get(k); ok {
		return x, nil
	}
	var b strings.Builder
	if err := registerRow(p, r.row(p, it, fieldsOf(it.Record))).Render(r.Context(), &b); err != nil {
		return shownRow{}, err
	}
	before, after, _ := strings.Cut(b.String(), placeMark)
	x := shownRow{before, after}
	r.site.shown.Put(k, x)
	return x, nil
}

// placed adds the rows of some places to a group.
func (r *request) placed(p *registerPage, reg *register, g *rowGroup, from, to int) error {
	if p.as == "" {
		p.as = r.rowAs(p)
	}
	for i := from; i < to; i++ {
		x, err := r.shownAs(p, p.as, reg.At(i))
		if err != nil {
			return err
		}
		g.Rows = append(g.Rows, placedRow{x, i + 1})
	}
	return nil
}

// Render writes the row at its place, from 1.
func (x placedRow) Render(_ context.Context, w io.Writer) error {
	for _, s := range [...]string{x.row[0], fmt.Sprint(x.place + 1), x.row[1]} {
		if _, err := io.WriteString(w, s); err != nil {
			return err
		}
	}
	return nil
}

// placedRow is a row with its place among all that match, from 1.
type placedRow struct {
	row   shownRow
	place int
}

var _ templ.Component = placedRow{}
