package web

import (
	"cmp"
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
)

// matrixFields are the fields of a control that the matrix changes in place.
var matrixFields = []string{"owner", "frequency", "nature", "type", "key", "risks", "objectives", "text", "who", "what", "how_often", "exceptions", "evidence"}

// matrixChange is what a page asks to change: one cell, or many.
type matrixChange struct {
	rows []matrixTarget
	// op is "set" to the values of the form, "fill" from another control,
	// "move" between objectives, or "undo".
	op       string
	fields   []string
	values   url.Values
	source   string
	from, to string
	reason   string
	dry      bool
}

// matrixTarget is a control at the revision that the page showed.
type matrixTarget struct {
	id       string
	revision int64
}

// matrixAnswer is what the page is told, as JSON.
type matrixAnswer struct {
	Problem string       `json:"problem,omitempty"`
	Items   []matrixItem `json:"items,omitempty"`
	Stale   *matrixStale `json:"stale,omitempty"`
	// Done says that it is recorded.
	Done bool `json:"done"`
}

// matrixItem is what happens to one control.
type matrixItem struct {
	ID       string             `json:"id"`
	Code     string             `json:"code"`
	Revision int64              `json:"revision"`
	Changes  []matrixItemChange `json:"changes,omitempty"`
	Problem  string             `json:"problem,omitempty"`
}

type matrixItemChange struct {
	Label  string `json:"label"`
	Before string `json:"before"`
	After  string `json:"after"`
}

// matrixStale is a cell that somebody else has changed meanwhile.
type matrixStale struct {
	ID       string             `json:"id"`
	Code     string             `json:"code"`
	Who      string             `json:"who"`
	When     string             `json:"when"`
	Reason   string             `json:"reason"`
	Revision int64              `json:"revision"`
	Fields   []matrixStaleField `json:"fields"`
	Href     string             `json:"href"`
}

type matrixStaleField struct {
	Label  string `json:"label"`
	Theirs string `json:"theirs"`
	Mine   string `json:"mine"`
	// Conflict says that both changed it.
	Conflict bool `json:"conflict"`
}

func readMatrixChange(v url.Values) (*matrixChange, error) {
	c := &matrixChange{op: v.Get("_op"), fields: listed(v["_fields"]), source: v.Get("_source"), from: v.Get("_from"), to: v.Get("_to"),
		reason: strings.TrimSpace(v.Get("_reason")), dry: v.Get("_dry") != "", values: url.Values{}}
	for _, s := range v["_row"] {
		id, rev, _ := strings.Cut(s, ":")
		n, err := strconv.ParseInt(rev, 10, 64)
		if err != nil || n < 1 || id == "" {
			return nil, badRequest("_row", errors.New("the page does not say which revision it shows; load it again"))
		}
		c.rows = append(c.rows, matrixTarget{id, n})
	}
	if len(c.rows) == 0 {
		return nil, badRequest("_row", errors.New("no control is chosen"))
	}
	for name, values := range v {
		if !strings.HasPrefix(name, "_") {
			c.values[name] = values
		}
	}
	for _, f := range c.fields {
		if !slices.Contains(matrixFields, f) {
			return nil, badRequest("_fields", fmt.Errorf("the matrix does not change %q; open the record for it", clipped(f, 40)))
		}
	}
	if c.reason == "" && !c.dry {
		return nil, badRequest("_reason", errors.New("say why, in a few words: whoever reads the history asks exactly this"))
	}
	return c, nil
}

// postMatrix is changeMatrix for scripts: what went wrong is told in words, too.
func (r *request) postMatrix() error {
	err := r.changeMatrix()
	if err == nil || errors.Is(err, ErrSignedOut) {
		return err
	}
	p := explain(err)
	if p.Status >= http.StatusInternalServerError {
		return err
	}
	return r.answer(p.Status, matrixAnswer{Problem: p.Text})
}

// changeMatrix records a change of one cell or of many, or says what it would do.
func (r *request) changeMatrix() error {
	if r.past.On() {
		return badRequest("asof", errors.New("the past cannot be changed; go back to today first"))
	}
	v, err := r.formValues()
	if err != nil {
		return err
	}
	c, err := readMatrixChange(v)
	if err != nil {
		return err
	}
	k, err := record.Kinds.Kind("control")
	if err != nil {
		return err
	}
	changes, err := r.matrixChanges(k, c)
	if err != nil {
		return err
	}
	if len(changes) == 1 && !c.dry {
		return r.changeOne(k, c, changes[0])
	}
	bulk, err := r.site.app.PutRecords(r.Context(), r.actor, changes, c.reason, c.dry)
	if err != nil && !errors.Is(err, app.ErrBulk) {
		return err
	}
	out := matrixAnswer{Done: err == nil && !c.dry}
	status := http.StatusOK
	if err != nil {
		status, out.Problem = http.StatusConflict, stopped(fmt.Sprintf("%d of %s cannot be changed, so nothing was recorded", bulk.Bad(), count(len(changes), "control")))
		if c.dry {
			status = http.StatusOK
		}
	}
	for i, it := range bulk.Items {
		item := matrixItem{ID: it.ID, Code: changes[i].Value.(soc1.Control).Code, Revision: changes[i].Revision}
		if out.Done && it.Change != app.Unchanged {
			item.Revision++
		}
		for _, f := range it.Fields {
			item.Changes = append(item.Changes, r.itemChange(k, f))
		}
		for _, p := range it.Problems {
			item.Problem = strings.TrimSpace(item.Problem + " " + p.Message + " " + p.Remedy)
		}
		out.Items = append(out.Items, item)
	}
	return r.answer(status, out)
}

func (r *request) changeOne(k *record.Kind, c *matrixChange, change app.RecordChange) error {
	change.Reason = c.reason
	err := r.site.app.PutRecord(r.Context(), r.actor, change)
	var stale *app.StaleError
	switch {
	case errors.As(err, &stale):
		return r.staleCell(k, change)
	case err != nil && explain(err).Status == http.StatusUnprocessableEntity:
		return r.answer(http.StatusUnprocessableEntity, matrixAnswer{Problem: explain(err).Text})
	case err != nil:
		return err
	}
	return r.answer(http.StatusOK, matrixAnswer{Done: true, Items: []matrixItem{{ID: change.ID, Code: change.Value.(soc1.Control).Code, Revision: change.Revision + 1}}})
}

// staleCell tells both versions. Nothing was overwritten.
func (r *request) staleCell(k *record.Kind, change app.RecordChange) error {
	v, err := r.site.app.Versus(r.Context(), r.actor, change)
	if err != nil {
		return err
	}
	s := &matrixStale{ID: change.ID, Code: change.Value.(soc1.Control).Code, Who: r.headings().person(v.Theirs.Actor).Name, When: momentText(v.Theirs.Time, r.zone()),
		Reason: v.Theirs.Reason, Revision: v.Theirs.Revision, Href: r.url("/r/control/%s", url.PathEscape(change.ID))}
	for _, f := range v.Fields {
		x, ok := k.Field(f.Path)
		if !ok {
			x = record.Field{Name: f.Path, Label: f.Label}
		}
		s.Fields = append(s.Fields, matrixStaleField{Label: x.Label, Theirs: cellText(r.show(x, f.Theirs)), Mine: cellText(r.show(x, f.Mine)), Conflict: f.Conflict})
	}
	return r.answer(http.StatusConflict, matrixAnswer{Stale: s, Problem: fmt.Sprintf("%s was changed meanwhile by %s. Nothing was overwritten.", s.Code, s.Who)})
}

func (r *request) itemChange(k *record.Kind, f app.FieldChange) matrixItemChange {
	x, ok := k.Field(f.Path)
	if !ok {
		x = record.Field{Name: f.Path, Label: f.Path}
	}
	out := matrixItemChange{Label: x.Label, Before: cellText(r.show(x, f.Old)), After: cellText(r.show(x, f.New))}
	if x.Type == record.Boolean {
		out.Before, out.After = cmp.Or(out.Before, "No"), cmp.Or(out.After, "No")
	}
	return out
}

// cellText is a cell as plain text.
func cellText(c cell) string {
	switch {
	case c.Person != nil:
		return c.Person.Name
	case len(c.Links) > 0:
		var out []string
		for _, l := range c.Links {
			out = append(out, l.Text)
		}
		return strings.Join(out, ", ")
	}
	return c.Text
}

// matrixChanges makes the new values of all controls concerned, each from the
// revision that the page showed. A control that moved on is refused by app.
func (r *request) matrixChanges(k *record.Kind, c *matrixChange) ([]app.RecordChange, error) {
	org, err := r.site.app.View(r.Context(), r.actor, app.OrganizationLedger, record.AsOf{})
	if err != nil {
		return nil, err
	}
	today, err := r.site.app.Today(r.Context())
	if err != nil {
		return nil, err
	}
	var out []app.RecordChange
	for _, t := range c.rows {
		base, err := org.Get(r.Context(), k.Name, t.id)
		if err != nil {
			return nil, err
		}
		holds := today
		if d := soc1.Date(base.Effective); d > holds {
			// It takes effect later than today, and so does what corrects it.
			holds = d
		}
		if base.Revision != t.revision || c.op == "undo" {
			if base, err = revisionOf(r, org, k, t, c.op == "undo"); err != nil {
				return nil, err
			}
		}
		body, err := r.changedBody(k, org, c, base)
		if err != nil {
			return nil, err
		}
		problems := map[string]string{}
		value, err := valueOf(k, body, problems)
		if err != nil {
			return nil, err
		}
		if len(problems) > 0 && len(c.rows) == 1 {
			for _, field := range c.fields {
				if m := problems[field]; m != "" {
					return nil, badRequest(fieldLabel(k, field), errors.New(m))
				}
			}
		}
		out = append(out, app.RecordChange{Ledger: app.OrganizationLedger, Kind: k.Name, ID: t.id, Revision: t.revision, Effective: holds, Value: value.(soc1.Control)})
	}
	return out, nil
}

func fieldLabel(k *record.Kind, name string) string {
	if f, ok := k.Field(name); ok {
		return f.Label
	}
	return name
}

// revisionOf reads the revision that a page showed; to undo it, the one before.
func revisionOf(r *request, org *record.View, k *record.Kind, t matrixTarget, before bool) (record.Record, error) {
	all, err := org.History(r.Context(), k.Name, t.id)
	if err != nil {
		return record.Record{}, err
	}
	want := t.revision
	if before {
		want--
	}
	for _, x := range all {
		if x.Revision == want && !x.Redacted {
			return x, nil
		}
	}
	return record.Record{}, badRequest("_row", fmt.Errorf("there is no revision %d of %s", want, t.id))
}

// changedBody is a control's body with the change made.
func (r *request) changedBody(k *record.Kind, org *record.View, c *matrixChange, base record.Record) (map[string]any, error) {
	body, err := looseBody(base.Body)
	if err != nil {
		return nil, err
	}
	switch c.op {
	case "undo":
	case "", "set":
		var fields []record.Field
		for _, name := range c.fields {
			f, _ := k.Field(name)
			fields = append(fields, f)
		}
		part, problems, err := decodeForm(fields, c.values)
		if err != nil {
			return nil, err
		}
		for _, m := range problems {
			return nil, badRequest("form", errors.New(m))
		}
		put(body, part, c.fields)
	case "fill":
		src, err := org.Get(r.Context(), k.Name, c.source)
		if err != nil {
			return nil, err
		}
		from, err := looseBody(src.Body)
		if err != nil {
			return nil, err
		}
		put(body, from, c.fields)
	case "move":
		put(body, map[string]any{"objectives": moved(fieldsOf(base)["objectives"], c.from, c.to)}, []string{"objectives"})
	default:
		return nil, badRequest("_op", fmt.Errorf("there is no change %q", clipped(c.op, 40)))
	}
	return body, nil
}

func put(body, from map[string]any, fields []string) {
	for _, name := range fields {
		delete(body, name)
		if x, ok := from[name]; ok && x != nil {
			body[name] = x
		}
	}
}

// moved are a control's objectives with one of them replaced. An objective that
// the control does not serve is replaced by nothing: the new one is added.
func moved(raw json.RawMessage, from, to string) any {
	out := valuesOf(raw)
	at := slices.Index(out, from)
	if at >= 0 {
		out = slices.Delete(out, at, at+1)
	} else {
		at = len(out)
	}
	if to != noValue && to != "" && !slices.Contains(out, to) {
		out = slices.Insert(out, at, to)
	}
	return list(out)
}

func (r *request) answer(status int, a any) error {
	b, err := json.Marshal(a)
	if err != nil {
		return err
	}
	r.w.Header().Set("Content-Type", "application/json")
	r.w.WriteHeader(status)
	_, _ = r.w.Write(b)
	return nil
}

// matrixOption is a value that a cell may take.
type matrixOption struct {
	Value string `json:"value"`
	Text  string `json:"text"`
}

// matrixChoices are the values that cells may take, for the editors.
func (r *request) matrixChoices() error {
	k, err := record.Kinds.Kind("control")
	if err != nil {
		return err
	}
	today, err := r.site.app.Today(r.Context())
	if err != nil {
		return err
	}
	out := map[string][]matrixOption{}
	for _, name := range []string{"owner", "frequency", "nature", "type", "risks", "objectives"} {
		f, ok := k.Field(name)
		if !ok {
			return fmt.Errorf("controls have no field %s", name)
		}
		for _, o := range r.options(f, nil) {
			if name == "owner" && !r.mayOwn(o.Value, today) {
				continue
			}
			out[name] = append(out[name], matrixOption{o.Value, o.Text})
		}
	}
	return r.answer(http.StatusOK, out)
}

// mayOwn tells whether somebody is one of the organization's people today.
func (r *request) mayOwn(id string, today soc1.Date) bool {
	for _, v := range r.headings().views {
		p, err := record.One[soc1.Person](r.Context(), v, "person", id)
		if err == nil {
			return !p.Redacted && !p.Retired && p.Value.Side == soc1.SideServiceOrganization && p.Value.ActiveOn(today)
		}
	}
	return false
}

// matrixStatement is the form for a control's words, as part of the page.
func (r *request) matrixStatement() error {
	k, err := record.Kinds.Kind("control")
	if err != nil {
		return err
	}
	v, err := r.site.app.View(r.Context(), r.actor, app.OrganizationLedger, record.AsOf{})
	if err != nil {
		return err
	}
	x, err := v.Get(r.Context(), k.Name, r.URL.Query().Get("id"))
	if err != nil {
		return err
	}
	names := []string{"who", "what", "how_often", "exceptions", "evidence"}
	if values := fieldsOf(x); strings.TrimSpace(text(values["text"])) != "" && len(values["text"]) > 0 {
		names = []string{"text"}
	}
	var fields []record.Field
	for _, name := range append(names, "key") {
		f, _ := k.Field(name)
		fields = append(fields, f)
	}
	in := r.inputs(fields, fieldsOf(x), "", nil)
	f := r.plainFrame("")
	return r.write(http.StatusOK, matrixStatementForm(f, record.HeadingOf(x).Code, x.ID, x.Revision, strings.Join(append(names, "key"), ","), in))
}
