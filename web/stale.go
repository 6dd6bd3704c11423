package web

import (
	"bytes"
	"encoding/json"
	"fmt"
	"net/http"

	"reperform/app"
	"reperform/record"
)

// stalePage holds both versions of a record when two people changed it: what is
// recorded now, and what was to be recorded. Nothing is overwritten: the person
// chooses for each field that differs.
type stalePage struct {
	// Now is the version in between, with who recorded it.
	Now    event
	Fields []staleField
	// Mine is what was to be recorded, as JSON, carried along in the form.
	Mine string
}

// staleField is a field that differs between the two versions.
type staleField struct {
	Field        record.Field
	Theirs, Mine cell
	// Conflict says that both changed it; otherwise Mineward says that only
	// the person did, and that side is chosen beforehand.
	Conflict, Mineward bool
}

// stale shows both versions side by side.
func (r *request) stale(k *record.Kind, p *formPage, change app.RecordChange) error {
	v, err := r.site.app.Versus(r.Context(), r.actor, change)
	if err != nil {
		return err
	}
	raw, err := json.Marshal(change.Value)
	if err != nil {
		return err
	}
	// What the other person recorded is read anew.
	r.view, r.names = nil, nil
	s := &stalePage{Now: event{Revision: v.Theirs.Revision, Who: r.headings().person(v.Theirs.Actor), When: momentText(v.Theirs.Time, r.zone()), Reason: v.Theirs.Reason}, Mine: string(raw)}
	for _, x := range v.Fields {
		if same(x.Theirs, x.Mine) {
			continue
		}
		f, ok := k.Field(x.Path)
		if !ok {
			continue
		}
		s.Fields = append(s.Fields, staleField{Field: f, Theirs: r.show(f, x.Theirs), Mine: r.show(f, x.Mine), Conflict: x.Conflict, Mineward: !x.ByThem})
	}
	p.Stale, p.Revision, p.Only = s, v.Theirs.Revision, ""
	return r.form(http.StatusConflict, p)
}

// resolve records what a person chose of two versions.
func (r *request) resolve() error {
	k, err := r.kind()
	if err != nil {
		return err
	}
	v, err := r.formValues()
	if err != nil {
		return err
	}
	now, err := r.present(k)
	if err != nil {
		return err
	}
	p := &formPage{Kind: k, ID: now.ID, Heading: record.HeadingOf(now).String(), Reason: v.Get("_reason"), Effective: v.Get("_effective")}
	p.Resolving = true
	if p.Revision, err = revisionIn(v); err != nil {
		return err
	}
	theirs, err := r.revision(k, now.ID, p.Revision)
	if err != nil {
		return err
	}
	mine, err := strictBody(k, v.Get("_mine"))
	if err != nil {
		return badRequest("_mine", err)
	}
	body, err := looseBody(theirs.Body)
	if err != nil {
		return err
	}
	for _, f := range k.Fields {
		if v.Get("_take."+f.Name) != "mine" {
			continue
		}
		delete(body, f.Name)
		if x, ok := mine[f.Name]; ok {
			body[f.Name] = x
		}
	}
	return r.put(k, p, body, map[string]string{}, v)
}

// strictBody reads a body that came back from a form: fields of the kind alone.
func strictBody(k *record.Kind, s string) (map[string]any, error) {
	d := json.NewDecoder(bytes.NewReader([]byte(s)))
	d.DisallowUnknownFields()
	if err := d.Decode(k.New()); err != nil {
		return nil, fmt.Errorf("what was to be recorded cannot be read: %w", err)
	}
	return looseBody([]byte(s))
}

func looseBody(b []byte) (map[string]any, error) {
	var out map[string]any
	d := json.NewDecoder(bytes.NewReader(b))
	d.UseNumber()
	err := d.Decode(&out)
	return out, err
}

// same compares two values; one that is missing and an empty one are alike.
func same(a, b json.RawMessage) bool {
	ea, eb := blankValue(a), blankValue(b)
	if ea || eb {
		return ea == eb
	}
	return record.SameBody(a, b)
}

func blankValue(v json.RawMessage) bool {
	switch string(v) {
	case "", "null", `""`, "[]", "{}", "0", "false":
		return true
	}
	return false
}
