package web

import (
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"net/url"
	"slices"
	"strings"
	"time"

	"reperform/app"
	"reperform/record"
	"reperform/soc1"
	"reperform/web/ui"
)

// recordPage is one record with all that is known about it.
type recordPage struct {
	// HasFiles says that records of the kind hold files; AddFiles is where more are
	// added, UploadTo where they are sent before.
	HasFiles           bool
	Files              []fileRow
	AddFiles, UploadTo string
	f                  *ui.Frame
	Kind               *record.Kind
	Record             record.Record
	Heading            record.Heading
	Fields             []shownField
	// Edit is the address of its form; empty when it cannot be changed.
	Edit string
	// ByHand leads to the page on which the work with the record is done.
	ByHand ui.Link
	Events []event
	// From are the records that refer to this one.
	From []backReference
	// Talk is what is said about it; nil where nothing is, such as on a comment.
	Talk *talk
	// Signed is what is to be said about its signature; nil where nothing is.
	Signed *signedState
	// Said is where a comment stands on the page of the record that it is about.
	Said string
}

type shownField struct {
	Field record.Field
	Cell  cell
	Edit  string
}

// backReference is a kind with its records that refer to this one.
type backReference struct {
	Kind  *record.Kind
	Links []ui.Link
}

// event is one revision in the record's history as a page shows it.
type event struct {
	Revision  int64
	Who       ui.Person
	When      string
	Reason    string
	Action    string
	Effective string
	// Lag says that it was recorded later than it took effect.
	Lag     string
	Changes []change
	Pos     int64
	Href    string
	Retired bool
}

// change is a field before and after.
type change struct {
	Label         string
	Before, After cell
	// Words is the difference of two long texts, word by word.
	Words []diffWord
}

func (r *request) kind() (*record.Kind, error) {
	k, err := record.Kinds.Kind(r.PathValue("kind"))
	if err != nil {
		return nil, errNowhere
	}
	return k, nil
}

// record shows a record.
func (r *request) record() error { return r.showRecord(http.StatusOK, draft{}) }

// showRecord shows a record, with what somebody wrote that was not recorded.
func (r *request) showRecord(status int, d draft) error {
	k, err := r.kind()
	if err != nil {
		return err
	}
	x, err := r.get(k, r.PathValue("id"))
	if err != nil {
		return err
	}
	p := &recordPage{Kind: k, Record: x, Heading: record.HeadingOf(x)}
	fields := fieldsOf(x)
	changeable := !k.Decision && !r.past.On() && !x.Retired && !x.Redacted && r.site.app.MayPut(r.Context(), r.actor, r.ledger, k.Name, x.ID) == nil
	if changeable {
		p.Edit = r.url("%s/r/%s/%s/edit", r.at(), k.Name, url.PathEscape(x.ID))
		switch k.Name {
		case personKind:
			p.Edit = r.peopleURL("/%s", url.PathEscape(x.ID))
		case courseKind:
			p.Edit = r.url("/training/%s/edit", url.PathEscape(x.ID))
		}
	}
	p.ByHand = r.byHand(k.Name, x.ID)
	if hasFiles(k) && !x.Redacted {
		p.HasFiles, p.Files, p.UploadTo = true, r.filesOf(x), r.uploadTo()
		if changeable && k.Name == "evidence" {
			p.AddFiles = r.recordURL(k.Name, x.ID) + "/files"
		}
	}
	for _, f := range k.Fields {
		s := shownField{Field: f, Cell: r.show(f, fields[f.Name])}
		if changeable && !f.Signature && !f.File {
			s.Edit = p.Edit + "?field=" + url.QueryEscape(f.Name)
		}
		if changeable && (k.Name == personKind || k.Name == courseKind) {
			s.Edit = p.Edit
		}
		p.Fields = append(p.Fields, s)
	}
	if p.Events, err = r.events(k, x.ID); err != nil {
		return err
	}
	if p.From, err = r.referring(k, x.ID); err != nil {
		return err
	}
	ref := soc1.Ref{Ledger: r.ledger, Kind: k.Name, ID: x.ID}
	if p.Talk, err = r.talkOf(ref, r.site.base+pathOf(ref)); err != nil {
		return err
	}
	if p.Talk != nil {
		p.Talk.Draft = d
		if p.Talk.Ask != nil && (d.on("ask") || r.URL.Query().Get("ask") == "1") {
			if err := r.openAsk(p.Talk); err != nil {
				return err
			}
		}
	}
	if k.Name == "comment" {
		p.Said = r.saidAt(x)
	}
	if p.Signed, err = r.signedState(k.Name, x.ID); err != nil {
		return err
	}
	crumbs := []ui.Link{{Text: k.Plural, Href: r.at() + "/r/" + k.Name}}
	if p.f, err = r.frame(clipped(p.Heading.String(), 90), crumbs); err != nil {
		return err
	}
	p.f.Here = r.at() + "/r/" + k.Name
	switch done := r.URL.Query().Get("done"); {
	case p.Signed != nil && done == "signed":
		p.f.Toast = "Signed. The record keeps it, with its proof."
	case done == "kept":
		p.f.Toast = "Nothing was recorded: the version in between stands."
	}
	return r.write(status, ui.Page(p.f, recordActions(p), recordBody(p)))
}

// events is the record's history, the latest first. Looking at the past, it
// ends where the past does.
func (r *request) events(k *record.Kind, id string) ([]event, error) {
	all, err := r.site.app.History(r.Context(), r.actor, r.ledger, k.Name, id)
	if err != nil {
		return nil, err
	}
	var out []event
	for _, x := range all {
		if r.asOf.Known > 0 && x.Pos >= r.asOf.Known {
			break
		}
		e := event{Revision: x.Revision, Who: r.headings().person(x.Actor), When: momentText(x.Time, r.zone()), Reason: x.Reason, Action: x.Action,
			Pos: x.Pos, Retired: x.Retired}
		if !x.Partial {
			e.Href = r.url("%s/entry/%d", r.at(), x.Pos)
		}
		if x.Effective != "" {
			e.Effective = dateText(x.Effective)
		}
		if x.RetroactiveDays > 0 && x.Revision > 1 {
			e.Lag = fmt.Sprintf("Recorded %s after it took effect", count(x.RetroactiveDays, "day"))
		}
		for _, c := range x.Fields {
			e.Changes = append(e.Changes, r.changed(k, c))
		}
		out = append(out, e)
	}
	slices.Reverse(out)
	return out, nil
}

func (r *request) changed(k *record.Kind, c app.FieldChange) change {
	f, _ := k.Field(c.Path)
	out := change{Label: f.Label, Before: r.show(f, c.Old), After: r.show(f, c.New)}
	if out.Before.Text != "" && out.After.Text != "" && f.Multiline {
		out.Words = diffWords(out.Before.Text, out.After.Text)
	}
	return out
}

// referring finds the records of the same ledger that name this one.
func (r *request) referring(k *record.Kind, id string) ([]backReference, error) {
	v, err := r.records()
	if err != nil {
		return nil, err
	}
	var out []backReference
	for _, name := range record.Kinds.Names() {
		other, err := record.Kinds.Kind(name)
		if err != nil {
			return nil, err
		}
		if !refersTo(other.Fields, k.Name) {
			continue
		}
		rs, err := v.List(r.Context(), name)
		if err != nil {
			return nil, err
		}
		b := backReference{Kind: other}
		for _, x := range rs {
			if !strings.Contains(string(x.Body), id) {
				continue
			}
			refs, err := other.References(x.Body)
			if err != nil {
				return nil, err
			}
			if slices.ContainsFunc(refs, func(f record.Reference) bool { return f.Kind == k.Name && f.ID == id }) {
				h := record.HeadingOf(x)
				b.Links = append(b.Links, ui.Link{Text: clipped(h.String(), 90), Href: r.recordURL(name, x.ID)})
			}
		}
		if len(b.Links) > 0 {
			out = append(out, b)
		}
	}
	return out, nil
}

func refersTo(fields []record.Field, kind string) bool {
	return slices.ContainsFunc(fields, func(f record.Field) bool { return f.Ref == kind || refersTo(f.Fields, kind) })
}

// formPage is a form for a record, whole or of one field.
type formPage struct {
	f       *ui.Frame
	Kind    *record.Kind
	New     bool
	ID      string
	Heading string
	Inputs  []input
	Action  string
	Cancel  string
	// UploadTo is where files are sent before the form, Sent those that were; empty
	// where records of the kind hold none. Taken are those that came with the form.
	UploadTo string
	Sent     []sentFile
	Taken    []soc1.File
	// Note is what has to be known before anything is changed.
	Note string
	// Help stands beside the statement of a control; nil for other records and for one
	// field.
	Help *statementHelp
	// Check is where what was typed is checked before it is saved.
	Check     string
	Revision  int64
	Effective string
	Reason    string
	Problem   string
	// Only is the field that the form is about; empty for all.
	Only string
	// Focus is the field of all that somebody came for.
	Focus string
	// Problems are what is wrong with id, reason and date, by their names.
	Problems map[string]string
	// Stale holds both versions when somebody else was faster.
	Stale *stalePage
	// Resolving says that it chooses between two versions.
	Resolving bool
	// Presence is the place at which others see who edits the record.
	Presence string
}

func (r *request) create() error {
	k, err := r.kind()
	if err != nil {
		return err
	}
	if k.Decision {
		return badRequest("kind", fmt.Errorf("%s come from commands of their own", k.Plural))
	}
	if k.Name == personKind {
		return r.redirect(r.peopleURL("/new"))
	}
	if err := r.site.app.MayPut(r.Context(), r.actor, r.ledger, k.Name, ""); err != nil {
		return err
	}
	if k.Name == courseKind {
		return r.redirect(r.url("/training/course/new"))
	}
	p := &formPage{Kind: k, New: true, Inputs: r.inputs(formFields(k), given(k, r.URL.Query()), "", nil), Reason: "Recorded."}
	return r.form(http.StatusOK, p)
}

func (r *request) edit() error {
	k, err := r.kind()
	if err != nil {
		return err
	}
	if k.Name == personKind {
		return r.redirect(r.peopleURL("/%s", url.PathEscape(r.PathValue("id"))))
	}
	if k.Name == courseKind {
		return r.redirect(r.url("/training/%s/edit", url.PathEscape(r.PathValue("id"))))
	}
	x, err := r.present(k)
	if err == nil {
		err = r.site.app.MayPut(r.Context(), r.actor, r.ledger, k.Name, x.ID)
	}
	if err != nil {
		return err
	}
	p := &formPage{Kind: k, ID: x.ID, Heading: record.HeadingOf(x).String(), Revision: x.Revision, Only: r.URL.Query().Get("field"), Focus: r.URL.Query().Get("focus"), Reason: defaultReason(r.URL.Query().Get("field"), k)}
	p.Inputs = r.inputs(only(k, p.Only), fieldsOf(x), "", nil)
	return r.form(http.StatusOK, p)
}

// present reads the record as it stands now: only the present is changed.
func (r *request) present(k *record.Kind) (record.Record, error) {
	if r.past.On() {
		return record.Record{}, badRequest("asof", errors.New("the past cannot be changed; go back to today first"))
	}
	return r.get(k, r.PathValue("id"))
}

func only(k *record.Kind, field string) []record.Field {
	if field == "" {
		return formFields(k)
	}
	if f, ok := k.Field(field); ok && !f.Signature && !f.File {
		return []record.Field{f}
	}
	return nil
}

// formFields are the fields of a kind that a person enters; a signature and what
// is attached give the others.
func formFields(k *record.Kind) []record.Field {
	return slices.DeleteFunc(slices.Clone(k.Fields), func(f record.Field) bool { return f.Signature || f.File })
}

func defaultReason(field string, k *record.Kind) string {
	if f, ok := k.Field(field); ok {
		return f.Label + " corrected."
	}
	return ""
}

func (r *request) form(status int, p *formPage) error {
	if p.Kind.Signed() && !p.New {
		if now, err := r.present(p.Kind); err == nil && !blankValue(fieldsOf(now)["signed_on"]) {
			p.Note = "It is signed. A change takes the signature off, and it is signed again."
			if r.differs(p.Kind.Name, p.ID) {
				p.Note = "What it is made of was changed since it was signed, so the signature stands under other words. Recording this form, with a change of its own or without, takes the signature off; then it waits to be signed again."
			}
		}
	}
	if p.Kind.Name == "control" && p.Only == "" && p.Stale == nil {
		p.Help = helpWith(draftOf(p.Inputs))
	}
	title := p.Heading
	crumbs := []ui.Link{{Text: p.Kind.Plural, Href: r.at() + "/r/" + p.Kind.Name}}
	p.Action, p.Cancel = r.url("%s/r/%s/new", r.at(), p.Kind.Name), r.url("%s/r/%s", r.at(), p.Kind.Name)
	p.Check = r.url("%s/check/%s", r.at(), p.Kind.Name)
	if p.New && hasFiles(p.Kind) {
		p.UploadTo = r.uploadTo()
	}
	if p.New {
		title = "New " + lowerFirst(p.Kind.Title)
	} else {
		p.Action = r.url("%s/r/%s/%s/edit", r.at(), p.Kind.Name, url.PathEscape(p.ID))
		p.Cancel = r.recordURL(p.Kind.Name, p.ID)
		p.Presence = spot{r.ledger, p.Kind.Name, p.ID}.String()
	}
	f, err := r.frame(clipped(title, 90), crumbs)
	if err != nil {
		return err
	}
	p.f, f.Here = f, r.at()+"/r/"+p.Kind.Name
	return r.write(status, ui.Page(f, noActions(), formBody(p)))
}

func (r *request) saveNew() error {
	k, err := r.kind()
	if err != nil {
		return err
	}
	v, files, err := r.valuesWithFiles()
	if err != nil {
		return err
	}
	body, problems, err := decodeForm(formFields(k), v)
	if err != nil {
		return err
	}
	if err := withFiles(body, files); err != nil {
		return err
	}
	if k.Name == "evidence" && len(files) > 0 {
		r.received(body)
	}
	id := strings.TrimSpace(v.Get("_id"))
	if id == "" {
		id = proposedID(k, body)
	}
	p := &formPage{Kind: k, New: true, ID: id, Effective: v.Get("_effective"), Reason: v.Get("_reason"), Taken: files}
	return r.put(k, p, body, problems, v)
}

func (r *request) save() error {
	k, err := r.kind()
	if err != nil {
		return err
	}
	now, err := r.present(k)
	if err != nil {
		return err
	}
	v, err := r.formValues()
	if err != nil {
		return err
	}
	p := &formPage{Kind: k, ID: now.ID, Heading: record.HeadingOf(now).String(), Only: v.Get("_field"), Effective: v.Get("_effective"), Reason: v.Get("_reason")}
	if p.Revision, err = revisionIn(v); err != nil {
		return err
	}
	fields := only(k, p.Only)
	if len(fields) == 0 {
		return badRequest("_field", fmt.Errorf("%s have no field %q", k.Plural, clipped(p.Only, 40)))
	}
	body, problems, err := decodeForm(fields, v)
	if err != nil {
		return err
	}
	if p.Only != "" {
		body, err = r.merged(k, p.Revision, body, p.Only)
	} else {
		err = r.keepFiles(k, p.Revision, body)
	}
	if err != nil {
		return err
	}
	return r.put(k, p, body, problems, v)
}

// merged puts one field into the revision that the form was made from.
func (r *request) merged(k *record.Kind, revision int64, part map[string]any, field string) (map[string]any, error) {
	base, err := r.revision(k, r.PathValue("id"), revision)
	if err != nil {
		return nil, err
	}
	out, err := looseBody(base.Body)
	if err != nil {
		return nil, err
	}
	delete(out, field)
	if x, ok := part[field]; ok {
		out[field] = x
	}
	return out, nil
}

func (r *request) revision(k *record.Kind, id string, revision int64) (record.Record, error) {
	v, err := r.records()
	if err != nil {
		return record.Record{}, err
	}
	all, err := v.History(r.Context(), k.Name, id)
	if err != nil {
		return record.Record{}, err
	}
	for _, x := range all {
		if x.Revision == revision {
			return x, nil
		}
	}
	return record.Record{}, badRequest("_revision", fmt.Errorf("there is no revision %d", revision))
}

// textProblems says which texts of a form cannot be recorded, beside their fields.
func (r *request) textProblems(k *record.Kind, p *formPage, body map[string]any, problems map[string]string) error {
	b, err := json.Marshal(body)
	if err != nil {
		return err
	}
	var before json.RawMessage
	if !p.New {
		now, err := r.present(k)
		if err != nil {
			return err
		}
		before = now.Body
	}
	for _, x := range k.TextProblems(b, before) {
		if problems[x.Field] == "" {
			problems[x.Field] = strings.TrimSpace(x.Message + " " + x.Remedy)
		}
	}
	return nil
}

// put records what a form says, or shows the form again with what is wrong.
func (r *request) put(k *record.Kind, p *formPage, body map[string]any, problems map[string]string, v url.Values) error {
	again := func(status int) error {
		b, err := json.Marshal(body)
		if err != nil {
			return err
		}
		p.Sent = r.sentAgain(p.Taken)
		p.Inputs, p.Problems = r.inputs(only(k, p.Only), fieldsOf(record.Record{Body: b}), "", problems), problems
		return r.form(status, p)
	}
	if k.Signed() && !p.New {
		now, err := r.present(k)
		if err != nil {
			return err
		}
		if err := unsign(k, now, body, r.differs(k.Name, p.ID)); err != nil {
			return err
		}
	}
	value, err := valueOf(k, body, problems)
	if err != nil {
		return err
	}
	if err := r.textProblems(k, p, body, problems); err != nil {
		return err
	}
	on, err := effective(v)
	if err != nil {
		problems["_effective"] = err.Error()
	}
	if strings.TrimSpace(p.Reason) == "" {
		problems["_reason"] = "Say why, in a few words: whoever reads the history asks exactly this."
	}
	if len(problems) > 0 {
		p.Problem = count(len(problems), "field") + " to correct. Nothing was recorded yet."
		return again(http.StatusUnprocessableEntity)
	}
	checked, ok := value.(interface{ Validate() []soc1.Problem })
	if !ok {
		return fmt.Errorf("kind %s has no rules", k.Name)
	}
	if same, err := r.unchanged(k, p, value, on); err != nil {
		return err
	} else if same && p.Resolving {
		return r.redirect(r.recordURL(k.Name, p.ID) + "?done=kept")
	} else if same {
		p.Problem = "Nothing changed, so nothing was recorded."
		return again(http.StatusUnprocessableEntity)
	}
	// The form says that empty means today.
	if on == "" && !k.Timeless {
		if on, err = r.site.app.Today(r.Context()); err != nil {
			return err
		}
	}
	change := app.RecordChange{Ledger: r.ledger, Kind: k.Name, ID: p.ID, Revision: p.Revision, Effective: on, Value: checked, Reason: p.Reason}
	err = r.site.app.PutRecord(r.Context(), r.actor, change)
	var stale *app.StaleError
	switch {
	case errors.As(err, &stale) && p.New:
		problems["_id"] = "There is a record with this id already. Choose another."
		return again(http.StatusConflict)
	case errors.As(err, &stale):
		return r.stale(k, p, change)
	case err != nil && explain(err).Status == http.StatusUnprocessableEntity:
		p.Problem = explain(err).Text
		var about *app.RecordError
		if errors.As(err, &about) {
			// What is wrong with a field stands beside it.
			name := about.Field
			if name == "id" {
				name = "_id"
			}
			if _, ok := k.Field(strings.SplitN(name, "[", 2)[0]); !ok && (name != "_id" || !p.New) {
				return again(http.StatusUnprocessableEntity)
			}
			problems[name], p.Problem = p.Problem, "1 field to correct. Nothing was recorded yet."
		}
		return again(http.StatusUnprocessableEntity)
	case err != nil:
		return err
	}
	return r.redirect(r.recordURL(k.Name, p.ID))
}

// proposedID makes an id from the code or the title of a new record.
func proposedID(k *record.Kind, body map[string]any) string {
	for _, name := range []string{"code", "title", "name", "text"} {
		s, _ := body[name].(string)
		if id := app.IDFrom(s); id != "" {
			return id
		}
	}
	return app.IDFrom(k.Name) + "-" + newReference()
}

// history is the record's history alone, for a part of a page.
func (r *request) history() error {
	k, err := r.kind()
	if err != nil {
		return err
	}
	p := &recordPage{Kind: k, f: r.plainFrame(k.Title)}
	if p.Events, err = r.events(k, r.PathValue("id")); err != nil {
		return err
	}
	return r.write(http.StatusOK, historyList(p))
}

// zone is the organization's time zone.
func (r *request) zone() *time.Location {
	z, err := r.site.app.Zone(r.Context())
	if err != nil {
		return time.UTC
	}
	return z
}
