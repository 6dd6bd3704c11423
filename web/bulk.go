package web

import (
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"net/url"
	"slices"
	"strconv"
	"strings"

	"reperform/app"
	"reperform/record"
	"reperform/soc1"
	"reperform/web/ui"
)

// bulkEdit is a change of chosen records that waits to be confirmed.
type bulkEdit struct {
	// rows are the records at the revisions that the page showed.
	rows []bulkRow
	// from is the address of the register with its filters.
	from string
	// field, op and values are what was chosen.
	field, op string
	values    url.Values
	changes   []app.RecordChange
}

type bulkRow struct {
	id       string
	revision int64
}

// marshaled is a value of a form as JSON; nothing where there is none.
func marshaled(v any) (json.RawMessage, error) {
	if v == nil {
		return nil, nil
	}
	return json.Marshal(v)
}

// mostBulk bounds how many records are changed at once.
const mostBulk = app.MostTableRows

// Operations of a change of many.
const (
	opSet    = "set"
	opAdd    = "add"
	opRemove = "remove"
	opRetire = "retire"
)

// bulkPage chooses a field and a value for chosen records, and previews it.
type bulkPage struct {
	f            *ui.Frame
	Kind         *record.Kind
	Action, Back string
	N            int
	Fields       []option
	Ops          []option
	Input        *input
	Field        string
	Op           string
	Problem      string
	Preview      bool
	Lines        []importLine
	Hidden       int
	Changed      int
	Bad, Stale   int
	Reason       string
	NoReason     bool
	What         string
}

// choose keeps the rows that somebody chose in a register, or all that match.
func (r *request) choose() error {
	k, err := r.changeable()
	if err != nil {
		return err
	}
	v, err := r.formValues()
	if err != nil {
		return err
	}
	b := &bulkEdit{from: r.url("%s/r/%s?%s", r.at(), k.Name, v.Get("_match"))}
	if v.Get("_all") != "" {
		q, err := url.ParseQuery(v.Get("_match"))
		if err != nil {
			return badRequest("_match", err)
		}
		reg, err := r.register(k.Name, readQuery(q))
		if err != nil {
			return err
		}
		if reg.Len() > mostBulk {
			return badRequest("_all", fmt.Errorf("%s match, and %s can be changed at once; narrow the filter", count(reg.Len(), "record"), thousands(mostBulk)))
		}
		for i := range reg.Len() {
			it := reg.At(i)
			b.rows = append(b.rows, bulkRow{it.ID, it.Revision})
		}
	}
	for _, s := range v["_row"] {
		at := strings.LastIndexByte(s, ':')
		n, err := strconv.ParseInt(s[at+1:], 10, 64)
		if err != nil || n < 1 || at < 1 {
			return badRequest("_row", errors.New("the page does not say which revision it shows; load it again"))
		}
		if v.Get("_all") == "" && !slices.ContainsFunc(b.rows, func(x bulkRow) bool { return x.id == s[:at] }) {
			b.rows = append(b.rows, bulkRow{s[:at], n})
		}
	}
	if len(b.rows) == 0 {
		return badRequest("_row", errors.New("no record is chosen; tick the rows to change first"))
	}
	if len(b.rows) > mostBulk {
		return badRequest("_row", fmt.Errorf("%s can be changed at once", count(mostBulk, "record")))
	}
	token, err := r.site.waiting.put(&waitingTable{actor: r.actor, ledger: r.ledger, kind: k.Name, size: 64 * len(b.rows), bulk: b}, r.site.now())
	if err != nil {
		return err
	}
	return r.redirect(r.url("%s/bulk/%s/%s", r.at(), k.Name, token))
}

// bulkFields are the fields that many records may be given at once.
func bulkFields(k *record.Kind) []record.Field {
	return slices.DeleteFunc(formFields(k), func(f record.Field) bool { return f.Type == record.Object || f.Type == record.Map })
}

func (r *request) bulkForm() error {
	k, err := r.changeable()
	if err != nil {
		return err
	}
	t, err := r.waits(k)
	if err != nil || t.bulk == nil {
		return r.gone(k, r.url("%s/r/%s", r.at(), k.Name))
	}
	t.mu.Lock()
	defer t.mu.Unlock()
	q := r.URL.Query()
	return r.showBulk(http.StatusOK, r.bulkPageOf(k, t.bulk, q.Get("field"), q.Get("op"), nil))
}

// bulkPageOf is the choice of field and value.
func (r *request) bulkPageOf(k *record.Kind, b *bulkEdit, field, op string, problem error) *bulkPage {
	p := &bulkPage{Kind: k, N: len(b.rows), Field: field, Op: op, Back: b.from, Action: r.url("%s/bulk/%s/%s", r.at(), k.Name, r.PathValue("token"))}
	if problem != nil {
		p.Problem = stopped(problem.Error())
	}
	for _, f := range bulkFields(k) {
		p.Fields = append(p.Fields, option{Value: f.Name, Text: f.Label, On: f.Name == field})
	}
	p.Fields = append(p.Fields, option{Value: "_retire", Text: "Retire the records", On: field == "_retire"})
	f, ok := k.Field(field)
	if !ok {
		return p
	}
	ops := []option{{Value: opSet, Text: "Set to"}}
	if f.List {
		ops = append(ops, option{Value: opAdd, Text: "Add"}, option{Value: opRemove, Text: "Remove"})
	}
	for _, o := range ops {
		o.On = o.Value == op
		p.Ops = append(p.Ops, o)
	}
	in := r.input(f, nil, f.Name, nil)
	if b.field == field && b.values != nil {
		if body, _, err := decodeForm([]record.Field{f}, b.values); err == nil {
			if raw, err := marshaled(body[f.Name]); err == nil {
				in = r.input(f, raw, f.Name, nil)
			}
		}
	}
	p.Input = &in
	return p
}

func (r *request) showBulk(status int, p *bulkPage) error {
	f, err := r.frame("Change "+count(p.N, "record"), []ui.Link{{Text: p.Kind.Plural, Href: r.at() + "/r/" + p.Kind.Name}})
	if err != nil {
		return err
	}
	p.f, f.Here = f, r.at()+"/r/"+p.Kind.Name
	return r.write(status, ui.Page(f, noActions(), bulkBody(p)))
}

// bulkStep previews the change, takes up what changed meanwhile, or records.
func (r *request) bulkStep() error {
	k, err := r.changeable()
	if err != nil {
		return err
	}
	v, err := r.formValues()
	if err != nil {
		return err
	}
	t, err := r.waits(k)
	if err != nil || t.bulk == nil {
		return r.gone(k, r.url("%s/r/%s", r.at(), k.Name))
	}
	t.mu.Lock()
	defer t.mu.Unlock()
	b := t.bulk
	switch v.Get("_step") {
	case "preview":
		b.field, b.op, b.values, b.changes = v.Get("_field"), v.Get("_op"), url.Values{}, nil
		for name, x := range v {
			if !strings.HasPrefix(name, "_") {
				b.values[name] = x
			}
		}
		return r.preview(k, b, http.StatusOK, "")
	case "again":
		// The records are taken as they stand now; the preview shows what that means.
		if err := r.renew(k, b); err != nil {
			return err
		}
		return r.preview(k, b, http.StatusOK, "")
	case "record":
		return r.recordBulk(k, t, v)
	}
	return badRequest("_step", errors.New("the form does not say what is to be done; open it again"))
}

// renew takes each record at its latest revision; those that are gone are left
// out.
func (r *request) renew(k *record.Kind, b *bulkEdit) error {
	l, err := r.listOf(k.Name)
	if err != nil {
		return err
	}
	var rows []bulkRow
	for _, x := range b.rows {
		if it := l.Get(x.id); it != nil && it.Live() {
			rows = append(rows, bulkRow{x.id, it.Revision})
		}
	}
	b.rows = rows
	return nil
}

// bulkChanges makes the new values of all records concerned, each from the
// record as it stands; one that moved on is refused by app.
func (r *request) bulkChanges(k *record.Kind, b *bulkEdit) ([]app.RecordChange, error) {
	var part map[string]any
	f, ok := k.Field(b.field)
	if b.field == "_retire" {
		b.op = opRetire
	} else {
		if !ok || f.Type == record.Object || f.Type == record.Map {
			return nil, badRequest("_field", errors.New("choose the field to change"))
		}
		if b.op == "" {
			b.op = opSet
		}
		if b.op != opSet && (!f.List || b.op != opAdd && b.op != opRemove) {
			return nil, badRequest("_op", fmt.Errorf("%s cannot be changed like this", f.Label))
		}
		var problems map[string]string
		var err error
		if part, problems, err = decodeForm([]record.Field{f}, b.values); err != nil {
			return nil, err
		}
		for _, m := range problems {
			return nil, errors.New(m)
		}
		if b.op != opSet && part[f.Name] == nil {
			return nil, errors.New("choose what to " + b.op)
		}
	}
	today, err := r.site.app.Today(r.Context())
	if err != nil {
		return nil, err
	}
	l, err := r.listOf(k.Name)
	if err != nil {
		return nil, err
	}
	out := make([]app.RecordChange, 0, len(b.rows))
	for _, x := range b.rows {
		c := app.RecordChange{Ledger: r.ledger, Kind: k.Name, ID: x.id, Revision: x.revision, Effective: today}
		it := l.Get(x.id)
		switch {
		case it == nil || it.Redacted:
			return nil, badRequest("_row", fmt.Errorf("there is no record %s any more; choose again", clipped(x.id, 60)))
		case b.op == opRetire:
			c.Retired, c.Effective = true, holdsFrom(it.Record, today)
			out = append(out, c)
			continue
		}
		body, err := looseBody(it.Body)
		if err != nil {
			return nil, err
		}
		changedField(body, f, b.op, part[f.Name])
		value, err := valueOf(k, body, map[string]string{})
		if err != nil {
			return nil, err
		}
		c.Value, c.Effective = value.(interface{ Validate() []soc1.Problem }), holdsFrom(it.Record, today)
		out = append(out, c)
	}
	return out, nil
}

// changedField sets a field of a body, or adds to a list or removes from it.
func changedField(body map[string]any, f record.Field, op string, value any) {
	if op == opSet {
		delete(body, f.Name)
		if value != nil {
			body[f.Name] = value
		}
		return
	}
	given := members(value)
	now := members(body[f.Name])
	for _, x := range given {
		at := slices.Index(now, x)
		switch {
		case op == opAdd && at < 0:
			now = append(now, x)
		case op == opRemove && at >= 0:
			now = slices.Delete(now, at, at+1)
		}
	}
	delete(body, f.Name)
	if len(now) > 0 {
		body[f.Name] = now
	}
}

// members are the texts of a list as a form or a body gives it.
func members(v any) []string {
	switch x := v.(type) {
	case []string:
		return slices.Clone(x)
	case []any:
		var out []string
		for _, e := range x {
			out = append(out, fmt.Sprint(e))
		}
		return out
	}
	return nil
}

// preview shows what the change does to each record.
func (r *request) preview(k *record.Kind, b *bulkEdit, status int, problem string) error {
	changes, err := r.bulkChanges(k, b)
	if err != nil {
		if s := explain(err).Status; s != http.StatusUnprocessableEntity && s != http.StatusBadRequest {
			return err
		}
		return r.showBulk(http.StatusUnprocessableEntity, r.bulkPageOf(k, b, b.field, b.op, err))
	}
	bulk, err := r.site.app.PutRecords(r.Context(), r.actor, changes, "Rehearsed.", true)
	if err != nil && !errors.Is(err, app.ErrBulk) {
		return err
	}
	b.changes = changes
	return r.showBulk(status, r.previewPage(k, b, bulk, problem))
}

func (r *request) previewPage(k *record.Kind, b *bulkEdit, bulk *app.Bulk, problem string) *bulkPage {
	p := r.bulkPageOf(k, b, b.field, b.op, nil)
	p.Preview, p.Problem = true, problem
	p.What = r.bulkWords(k, b)
	p.Reason = p.What + "."
	l, err := r.listOf(k.Name)
	if err != nil {
		l = record.ListOf(nil)
	}
	for _, wrong := range []bool{true, false} {
		for _, it := range bulk.Items {
			if len(it.Problems) > 0 != wrong {
				continue
			}
			line := importLine{ID: it.ID, Name: it.ID, Href: r.recordURL(k.Name, it.ID)}
			if x := l.Get(it.ID); x != nil {
				line.Name = clipped(x.Heading().String(), 90)
			}
			switch {
			case it.Stale != nil:
				p.Stale++
				line.Outcome, line.Class = "Changed meanwhile", "warn"
			case wrong:
				p.Bad++
				line.Outcome, line.Class = "Problem", "bad"
			case it.Change == app.Retire:
				p.Changed++
				line.Outcome, line.Class = "Retired", "warn"
			case it.Change == app.Unchanged:
				continue
			default:
				p.Changed++
				line.Outcome, line.Class = "Changed", "info"
			}
			if len(p.Lines) == mostImportLines {
				p.Hidden++
				continue
			}
			for _, c := range it.Fields {
				line.Changes = append(line.Changes, r.changed(k, c))
			}
			for _, x := range it.Problems {
				line.Problems = append(line.Problems, strings.TrimSpace(x.Message+" "+x.Remedy))
			}
			p.Lines = append(p.Lines, line)
		}
	}
	return p
}

// bulkWords say what is done, in a few words.
func (r *request) bulkWords(k *record.Kind, b *bulkEdit) string {
	if b.op == opRetire {
		return "Retired"
	}
	f, _ := k.Field(b.field)
	value := "nothing"
	if body, _, err := decodeForm([]record.Field{f}, b.values); err == nil {
		if raw, err := marshaled(body[f.Name]); err == nil {
			if s := cellText(r.show(f, raw)); s != "" {
				value = clipped(strings.ReplaceAll(s, "\n", ", "), 80)
			}
		}
	}
	switch {
	case b.op == opAdd:
		return fmt.Sprintf("%s: %s added", f.Label, value)
	case b.op == opRemove:
		return fmt.Sprintf("%s: %s removed", f.Label, value)
	case f.Type == record.Boolean && value == "nothing":
		value = "no"
	}
	return fmt.Sprintf("%s set to %s", f.Label, value)
}

// recordBulk records what was previewed, all of it or nothing.
func (r *request) recordBulk(k *record.Kind, t *waitingTable, v url.Values) error {
	b := t.bulk
	if b.changes == nil {
		return r.showBulk(http.StatusOK, r.bulkPageOf(k, b, b.field, b.op, nil))
	}
	reason := strings.TrimSpace(v.Get("_reason"))
	dry := reason == ""
	bulk, err := r.site.app.PutRecords(r.Context(), r.actor, b.changes, reason, dry)
	if dry || errors.Is(err, app.ErrBulk) {
		if bulk == nil {
			return err
		}
		r.view, r.names = nil, nil
		p := r.previewPage(k, b, bulk, "")
		if p.NoReason = dry; !dry {
			p.Reason, p.Problem = reason, "Nothing was recorded, because not all of the records can be changed."
		} else {
			p.Reason = ""
		}
		return r.showBulk(http.StatusConflict, p)
	}
	if err != nil {
		return err
	}
	r.site.waiting.done(t)
	return r.redirect(b.from)
}
