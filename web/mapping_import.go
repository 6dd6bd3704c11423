package web

import (
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"strconv"
	"strings"

	"reperform/app"
	"reperform/record"
	"reperform/web/ui"
)

// frameworkUpload is a register or a catalogue that waits to be recorded, with what it
// would do.
type frameworkUpload struct {
	file app.FrameworkFile
	o    app.FrameworkImport
	plan *app.FrameworkPlan
}

// frameworkImportPage is the form, or the dry run.
type frameworkImportPage struct {
	f          *ui.Frame
	Problem    string
	Frameworks []option
	Encodings  []option
	Typed      url.Values
	// Plan is the dry run's.
	Plan        *app.FrameworkPlan
	Counts      []planCount
	Shown       []importLine
	Hidden      int
	Action      string
	Begin, Back string
	Recordable  bool
	NoReason    bool
	Reason      string
}

// frameworkWaiting is what uploads are kept under.
const frameworkWaiting = "framework_control"

// notOfPast refuses to change anything from a page about the past.
func (r *request) notOfPast() error {
	if r.past.On() {
		return badRequest("asof", errors.New("the past cannot be changed; go back to today first"))
	}
	return nil
}

func (r *request) mayImportFramework() error {
	if err := r.notOfPast(); err != nil {
		return err
	}
	if r.partly() {
		return withheldMapping
	}
	return r.site.app.MayPut(r.Context(), r.actor, app.OrganizationLedger, "framework_control", "")
}

func (r *request) showFrameworkImport(status int, p *frameworkImportPage) error {
	f, err := r.frame("Import a framework", []ui.Link{{Text: "Mapping", Href: r.url("/mapping")}})
	if err != nil {
		return err
	}
	p.f, f.Here = f, r.url("/mapping")
	p.Begin, p.Back = r.url("/mapping/import"), r.url("/mapping")
	if p.Action == "" {
		p.Action = p.Begin
	}
	if p.Plan == nil {
		reg, err := r.mappingNow()
		if err != nil {
			return err
		}
		for _, e := range encodings {
			e.On = e.Value == p.Typed.Get("encoding")
			p.Encodings = append(p.Encodings, e)
		}
		for i := range reg.Frameworks {
			x := &reg.Frameworks[i]
			p.Frameworks = append(p.Frameworks, option{Value: x.Name, Text: x.Title, On: x.Name == p.Typed.Get("framework")})
		}
	}
	return r.write(status, ui.Page(f, noActions(), frameworkImportBody(p)))
}

func (r *request) frameworkImportForm() error {
	if err := r.mayImportFramework(); err != nil {
		return err
	}
	return r.showFrameworkImport(http.StatusOK, &frameworkImportPage{Typed: url.Values{"framework": {r.URL.Query().Get("framework")}}})
}

// uploadedForm is the file of a form beside its other fields.
func (r *request) uploadedForm() (name string, b []byte, v url.Values, err error) {
	v = url.Values{}
	m, err := r.MultipartReader()
	if err != nil {
		return "", nil, v, errors.New("the form holds no file; choose one and send it again")
	}
	for {
		part, err := m.NextPart()
		if errors.Is(err, io.EOF) {
			return name, b, v, nil
		}
		if err != nil {
			return "", nil, v, fmt.Errorf("the upload was cut short: %w", err)
		}
		data, err := io.ReadAll(part)
		if err != nil {
			return "", nil, v, fmt.Errorf("the upload was cut short: %w", err)
		}
		if part.FormName() == "file" {
			name, b = clipped(part.FileName(), 200), data
		} else {
			v.Set(part.FormName(), clipped(string(data), 4000))
		}
	}
}

// receiveFramework takes the file and rehearses it.
func (r *request) receiveFramework() error {
	if err := r.mayImportFramework(); err != nil {
		return err
	}
	r.Body = http.MaxBytesReader(r.w, r.Body, app.MostOSCALBytes+64<<10)
	name, b, v, err := r.uploadedForm()
	again := func(status int, err error) error {
		return r.showFrameworkImport(status, &frameworkImportPage{Typed: v, Problem: stopped(err.Error())})
	}
	var large *http.MaxBytesError
	switch {
	case errors.As(err, &large):
		return again(http.StatusRequestEntityTooLarge, fmt.Errorf("the file is larger than %d MB", app.MostOSCALBytes>>20))
	case err != nil:
		return again(http.StatusBadRequest, err)
	case name == "" || len(b) == 0:
		return again(http.StatusUnprocessableEntity, errors.New("choose a file that is not empty"))
	}
	u := &frameworkUpload{file: app.FrameworkFile{Name: name, Bytes: b, Options: app.TableOptions{Sheet: v.Get("sheet"), Encoding: v.Get("encoding")}},
		o: app.FrameworkImport{Framework: v.Get("framework"), Catalogue: v.Get("holds") == "catalogue", Version: tidy(v.Get("version")), LeaveOut: v.Get("leave") != "", Columns: map[string]string{}, DryRun: true}}
	if other := tidy(v.Get("other")); other != "" {
		u.o.Framework, u.o.New = other, true
	}
	if s := tidy(v.Get("head")); s != "" {
		if u.file.Options.HeaderRow, err = strconv.ParseInt(s, 10, 32); err != nil || u.file.Options.HeaderRow < 1 {
			return again(http.StatusUnprocessableEntity, fmt.Errorf("the row of the headings is a number from 1, and not %q", clipped(s, 20)))
		}
	}
	for _, l := range lines(v.Get("columns")) {
		heading, field, ok := strings.Cut(l, "=")
		if !ok {
			return again(http.StatusUnprocessableEntity, fmt.Errorf("the line %q says nothing of a column; write HEADING=FIELD", clipped(l, 60)))
		}
		u.o.Columns[strings.TrimSpace(heading)] = strings.TrimSpace(field)
	}
	if u.plan, err = r.site.app.ImportFramework(r.Context(), r.actor, u.file, u.o); err != nil && !errors.Is(err, app.ErrFrameworkRows) {
		return r.unreadable(err, func() error { return again(http.StatusUnprocessableEntity, err) })
	}
	token, err := r.site.waiting.put(&waitingTable{actor: r.actor, ledger: r.ledger, kind: frameworkWaiting, size: len(b) * 4, framework: u}, r.site.now())
	if err != nil {
		return again(http.StatusServiceUnavailable, err)
	}
	return r.redirect(r.url("/mapping/import/%s", token))
}

// waitingFramework is the upload that the address names; nil without.
func (r *request) waitingFramework() *waitingTable {
	t, err := r.site.waiting.get(r.PathValue("token"), r.actor, r.ledger, frameworkWaiting, r.site.now())
	if err != nil || t.framework == nil {
		return nil
	}
	return t
}

func (r *request) showFrameworkPlan() error {
	if err := r.mayImportFramework(); err != nil {
		return err
	}
	t := r.waitingFramework()
	if t == nil {
		return r.showFrameworkImport(http.StatusGone, &frameworkImportPage{Problem: stopped(errGone.Error())})
	}
	t.mu.Lock()
	defer t.mu.Unlock()
	return r.frameworkPlan(http.StatusOK, t.framework, "", fmt.Sprintf("Imported from %s.", t.framework.file.Name), false)
}

func (r *request) frameworkPlan(status int, u *frameworkUpload, problem, reason string, noReason bool) error {
	p := &frameworkImportPage{Plan: u.plan, Problem: problem, Reason: reason, NoReason: noReason, Action: r.url("/mapping/import/%s", r.PathValue("token"))}
	kind, err := record.Kinds.Kind("framework_control")
	if u.plan.Catalogue {
		kind, err = record.Kinds.Kind("framework_requirement")
	}
	if err != nil {
		return err
	}
	create, change, bad := u.plan.Count(app.Create), u.plan.Count(app.Change), u.plan.Bad()
	p.Counts = []planCount{{"new", "ok", create}, {"changed", "info", change}, {"unchanged", "", u.plan.Count(app.Unchanged)}, {"with problems", "bad", bad}}
	p.Recordable = bad == 0 && create+change > 0
	for _, wrong := range []bool{true, false} {
		for i := range u.plan.Rows {
			row := &u.plan.Rows[i]
			if len(row.Problems) > 0 != wrong || !wrong && row.Change == app.Unchanged {
				continue
			}
			if len(p.Shown) == mostImportLines {
				p.Hidden++
				continue
			}
			l := importLine{Line: row.Line, ID: row.Path, Name: row.Code + " " + clipped(row.Text, 90)}
			switch {
			case len(row.Problems) > 0:
				l.Outcome, l.Class = "Problem", "bad"
			case row.Change == app.Create:
				l.Outcome, l.Class = "New", "ok"
			default:
				l.Outcome, l.Class = "Changed", "info"
			}
			for _, c := range row.Fields {
				if row.Change == app.Change {
					l.Changes = append(l.Changes, r.changed(kind, c))
				}
			}
			for _, x := range row.Problems {
				l.Problems = append(l.Problems, x.String())
			}
			if row.Tied != "" {
				l.Problems = append(l.Problems, "Its words change, and it is tied to "+row.Tied+": look whether they are still one control.")
			}
			p.Shown = append(p.Shown, l)
		}
	}
	return r.showFrameworkImport(status, p)
}

// recordFramework records what was rehearsed, all of it or nothing.
func (r *request) recordFramework() error {
	if err := r.mayImportFramework(); err != nil {
		return err
	}
	v, err := r.formValues()
	if err != nil {
		return err
	}
	t := r.waitingFramework()
	if t == nil {
		return r.showFrameworkImport(http.StatusGone, &frameworkImportPage{Problem: stopped(errGone.Error())})
	}
	t.mu.Lock()
	defer t.mu.Unlock()
	u := t.framework
	reason := strings.TrimSpace(v.Get("_reason"))
	if reason == "" {
		return r.frameworkPlan(http.StatusUnprocessableEntity, u, "", "", true)
	}
	o := u.o
	o.DryRun, o.Reason, o.Shown = false, reason, u.plan
	plan, err := r.site.app.ImportFramework(r.Context(), r.actor, u.file, o)
	if errors.Is(err, app.ErrFrameworkRows) || errors.Is(err, app.ErrFrameworkMoved) {
		u.plan = plan
		r.view, r.names = nil, nil
		return r.frameworkPlan(http.StatusUnprocessableEntity, u, "Nothing was recorded: records changed after you looked at this. Below is what the file would do now; look at it again.", reason, false)
	}
	if err != nil {
		return err
	}
	r.site.waiting.done(t)
	view := url.Values{}
	if !plan.Catalogue {
		view.Set("view", "controls")
	}
	return r.redirect(r.frameworkHref(plan.Framework, view))
}
